/** A recorded test as the YAML of a test file: one line a feed, one line an expectation. */

import { formatDuration } from '../../config/duration.ts';
import { feedKeys } from '../../config/test-schema.ts';
import type { Alert, FieldValue, Point } from '../../core/types.ts';
import type { RecordedFeed } from './recorded-readings.ts';

export interface RecordedTest {
  /** From the folder of the test file. */
  readonly rules: string;
  readonly name: string;
  readonly startMs: number;
  readonly feeds: readonly RecordedFeed[];
  /** In the order they are written. */
  readonly expectations: readonly RecordedExpectation[];
  /** Comments above it. */
  readonly notes: readonly string[];
}

export type RecordedExpectation = { readonly alert: Alert } | { readonly point: Point };

export function testText({ rules, name, startMs, feeds, expectations, notes }: RecordedTest): string {
  return [
    ...notes.map((note) => `# ${note}`),
    `rules: ${quoted(rules)}`,
    'tests:',
    `  - name: ${quoted(name)}`,
    `    start: ${new Date(startMs).toISOString()}`,
    '    feed:',
    ...feeds.map((feed) => `      - ${feedText(feed, startMs)}`),
    '    expect:',
    ...expectations.map((one) => `      - ${expectationText(one, startMs)}`),
    '',
  ].join('\n');
}

/** Bare where no reader of YAML could take it for anything but this text; JSON else, which is YAML too. */
function quoted(value: FieldValue): string {
  const isBare = typeof value === 'string' && /^[A-Za-z_][\w-]*$/.test(value) && !yamlWords.test(value);
  return isBare ? value : JSON.stringify(value);
}
const yamlWords = /^(true|false|null|yes|no|on|off|y|n)$/i;

function feedText({ device, tags, firstMs, everyMs, values }: RecordedFeed, startMs: number): string {
  const fields = Object.entries(values)
    .filter(([, all]) => all.some((value) => value !== null))
    .map(([name, all]) => [name, quoted(valuesText(all))] as const);
  const own = fields.filter(([name]) => !feedKeys.includes(name));
  const nested = fields.filter(([name]) => feedKeys.includes(name));
  return mapText([
    ['device', quoted(device)],
    ['tags', mapText(Object.entries(tags).map(([tag, value]) => [quoted(tag), quoted(value)]))],
    ['after', formatDuration(firstMs - startMs)],
    ['every', formatDuration(everyMs)],
    ...own,
    ...(nested.length > 0 ? [['fields', mapText(nested)] as const] : []),
  ]);
}

function expectationText(expectation: RecordedExpectation, startMs: number): string {
  const at = (ms: number) => ['at', formatDuration(Math.round(ms) - startMs)] as const;
  if ('alert' in expectation) {
    const { rule, severity, state, key, atMs } = expectation.alert;
    const isFiring = state === 'firing';
    return mapText([
      at(atMs),
      ['alert', quoted(rule)],
      ...(isFiring ? [['severity', severity] as const] : []),
      ['state', state],
      ['tags', mapText(Object.entries(key).map(([tag, value]) => [quoted(tag), quoted(value)]))],
    ]);
  }
  const { measurement, tags, fields, timeMs } = expectation.point;
  const own = Object.entries(tags).filter(([tag]) => tag !== 'gateway');
  return mapText([
    at(timeMs),
    ['point', quoted(measurement)],
    ['tags', mapText(own.map(([tag, value]) => [quoted(tag), quoted(value)]))],
    ['fields', mapText(Object.entries(fields).map(([name, value]) => [quoted(name), quoted(value)]))],
  ]);
}

function mapText(entries: readonly (readonly [string, string])[]): string {
  return entries.length === 0 ? '{}' : `{ ${entries.map(([key, value]) => `${key}: ${value}`).join(', ')} }`;
}

/** Equal values that follow each other are one word: `20x12 _x3 81`. */
function valuesText(values: readonly (FieldValue | null)[]): string {
  const words: { value: FieldValue | null; count: number }[] = [];
  for (const value of values) {
    const last = words.at(-1);
    if (last !== undefined && Object.is(last.value, value)) last.count += 1;
    else words.push({ value, count: 1 });
  }
  // A single value without a count would hold throughout; with it, it is one reading, which is the same here.
  return words.map(({ value, count }) => `${wordText(value)}${count === 1 ? '' : `x${count}`}`).join(' ');
}

function wordText(value: FieldValue | null): string {
  if (value === null) return '_';
  if (typeof value !== 'string') return String(value);
  const isBare = /^[^\s"']\S*$/.test(value) && value !== '_' && !/[x×]\d+$/u.test(value);
  return isBare ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}
