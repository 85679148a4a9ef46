/**
 * What people write by habit, from other systems or other parts of these files, and what is meant.
 *
 * Not here: mistyped words, which are told by their likeness (core/suggest.ts).
 */

import type { KeyPath } from './located.ts';

/** Words for a value; the word meant must be one that its place knows. */
const words: Readonly<Record<string, string>> = {
  float: 'number',
  double: 'number',
  real: 'number',
  int: 'integer',
  bool: 'boolean',
  text: 'string',
  str: 'string',
  high: 'critical',
  error: 'critical',
  fatal: 'critical',
  alarm: 'critical',
  medium: 'warning',
  low: 'info',
  ignore: 'drop',
  discard: 'drop',
  limit: 'clamp',
  lp: 'influx',
  raw: 'value',
};

/** Names of keys; the key meant must be one that its map knows. */
const keys: Readonly<Record<string, string>> = {
  filter: 'where',
  condition: 'when',
  if: 'when',
  trigger: 'when',
  reset: 'clear',
  duration: 'for',
  hold: 'for',
  level: 'severity',
  priority: 'severity',
  text: 'message',
  to: 'notify',
  action: 'notify',
  group_by: 'by',
  groupby: 'by',
  key: 'by',
  select: 'compute',
  aggregate: 'compute',
  aggregates: 'compute',
  source: 'from',
  device: 'from',
  every: 'window',
  interval: 'window',
  id: 'name',
  rule: 'name',
  name: 'device',
  topics: 'topic',
  format: 'codec',
  timestamp: 'time',
  jsonpath: 'path',
  min: 'range',
  max: 'range',
  factor: 'scale',
  baudrate: 'baud',
  port: 'path',
};

function known(
  table: Readonly<Record<string, string>>,
  word: string,
  choices: readonly string[],
): string | undefined {
  const meant = Object.hasOwn(table, word.toLowerCase()) ? table[word.toLowerCase()] : undefined;
  return meant !== undefined && choices.includes(meant) ? meant : undefined;
}

/** The one of `choices` that a word stands for elsewhere. */
export function meantWord(word: string, choices: readonly string[]): string | undefined {
  return known(words, word, choices);
}

/** The one of `choices` that a key is called elsewhere. */
export function meantKey(key: string, choices: readonly string[]): string | undefined {
  return known(keys, key, choices);
}

/** How a key that is missing, or is of the wrong kind, may look. */
const examples: Readonly<Record<string, string>> = {
  codec: 'codec: json (or csv, influx, value)',
  format: 'format: rfc3339',
  from: 'from: DEVICE',
  when: 'when: x > 90',
  window: 'window: { tumbling: 1m }',
  range: 'range: [0, 100]',
  time: 'time: { path: ts, format: rfc3339 }',
  lookup: 'lookup: { rooms: { file: rooms.csv, key: room } }',
  flapping: 'flapping: { changes: 4, within: 10m }',
  silent: 'silent: true; after how long is `silent_after` in the device profile',
  forward: 'forward: true, or forward: { on_change: 0.5 }',
  active: 'active: { cron: "* 6-21 * * *", zone: Europe/Helsinki }',
  broker: 'broker: { listen: [{ port: 1883 }] }',
  serial: 'serial: { path: /dev/serial/by-id/…, baud: 9600 }',
  influx: 'influx: { url: http://localhost:8086, database: fleet }',
  webhook: 'webhook: { url: https://ops.example/hook }',
};

/** `codec: json`; undefined where the key does not say how it looks. */
export function exampleOf(path: KeyPath): string | undefined {
  const key = path.findLast((part) => typeof part === 'string');
  return key !== undefined && key === path.at(-1) && Object.hasOwn(examples, key)
    ? examples[String(key)]
    : undefined;
}
