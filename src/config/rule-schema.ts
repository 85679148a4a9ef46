/**
 * rules/*.yaml: its keys, defaults and limits.
 *
 * Not here: what expressions mean; src/rules compiles them. Keys of the language that are still to come are
 * listed in later.ts.
 */

import { z } from 'zod';
import { formatDuration } from './duration.ts';
import type { RuleConfig } from './schema.ts';
import { type Context, evenIfWrong, refuse, section, show } from './shapes.ts';
import { duration, expression, identifier, label, oneOrMore, text } from './values.ts';

const severity = z.enum(['info', 'warning', 'critical']).default('warning');
const notify = oneOrMore(text).prefault('log').describe('Names of notifiers in headgate.yaml. Default: log.');
const message = text.exactOptional().describe('With {name} and format: "Bus {vehicle}: {share:.0%}".');

const lookup = section({
  file: text.describe('CSV, JSON or YAML, beside the rule file.'),
  key: identifier.describe('Column of the table, and tag it is matched with.'),
});

/** Each reading is followed by so many results, and a key that falls silent by all of them at once. */
const maxResultsInWindow = 100_000;

const window = section({
  tumbling: duration({ min: '10ms' }).exactOptional().describe('One window after the other, so long each.'),
  sliding: duration({ min: '10ms' }).exactOptional().describe('Windows so long that overlap; needs `every`.'),
  every: duration({ min: '10ms' }).exactOptional().describe('A sliding window gives a result so often.'),
  offset: duration().prefault('0s').describe('Windows start at multiples of their length plus this.'),
}).transform(({ tumbling, sliding, every, offset }, context) => {
  const offsetMs = offset;
  if (tumbling !== undefined && sliding === undefined && every === undefined) {
    return { lengthMs: tumbling, everyMs: tumbling, offsetMs };
  }
  if (sliding !== undefined && tumbling === undefined && every !== undefined && every <= sliding) {
    if (sliding / every > maxResultsInWindow) refuseOverlap(sliding, context);
    return { lengthMs: sliding, everyMs: every, offsetMs };
  }
  refuseWindow({ tumbling, sliding, every }, context);
  return z.NEVER;
});

function refuseOverlap(lengthMs: number, context: Context): void {
  const leastMs = Math.ceil(lengthMs / maxResultsInWindow / 1000) * 1000;
  const message = `a window with more than ${maxResultsInWindow} results in its length`;
  const remedy = `make \`every\` at least ${formatDuration(leastMs)}, or the window shorter`;
  refuse(context, message, remedy, { path: ['every'] });
}

type Window = Record<'tumbling' | 'sliding' | 'every', number | undefined>;

function refuseWindow({ tumbling, sliding, every }: Window, context: Context): void {
  if (tumbling !== undefined && sliding !== undefined) {
    refuse(context, 'a window is either tumbling or sliding', 'keep one of them');
  } else if (tumbling !== undefined) {
    const at = { path: ['every'], at: 'key' } as const;
    refuse(context, '`every` is for sliding windows', 'remove it, or write `sliding` for `tumbling`', at);
  } else if (sliding === undefined) {
    refuse(context, 'a window needs a length', 'write { tumbling: 1m } or { sliding: 5m, every: 10s }');
  } else if (every === undefined) {
    refuse(context, 'a sliding window needs `every`', 'write { sliding: 5m, every: 10s }');
  } else {
    const remedy =
      'readings between two windows would be skipped: make `every` at most as long as the window';
    refuse(context, '`every` is longer than the window', remedy, { path: ['every'] });
  }
}

const alert = section({
  severity: severity.describe('info, warning or critical. Default: warning.'),
  when: expression.describe('Fires while this is true.'),
  clear: expression.exactOptional().describe('A firing alert clears when this is true. Default: not `when`.'),
  for: duration().prefault('0s').describe('`when` must hold so long before it fires.'),
  message,
  notify,
}).transform(({ for: forMs, ...rest }) => ({ ...rest, forMs }));

const silent = z.union([
  z.boolean(),
  section({ severity: severity.describe('Default: warning.'), message, notify }),
]);

const forward = z.union([
  z.boolean(),
  section({
    on_change: z.number().min(0).describe('Forward a reading when a number moved by at least this.'),
  }).transform(({ on_change }) => ({ onChange: on_change })),
]);

/** One rule. */
export const ruleSchema: z.ZodType<RuleConfig> = section({
  name: label.describe('Name of the rule, and measurement of its points.'),
  description: z.string().exactOptional().describe('For people.'),
  from: oneOrMore(text).describe('The device, or a list of devices.'),
  where: expression.exactOptional().describe('Only readings for which this is true.'),
  let: z.record(identifier, expression).default({}).describe('Computed fields, usable below.'),
  lookup: z.record(identifier, lookup).default({}).describe('Static tables: name.column in expressions.'),
  by: z
    .array(identifier)
    .exactOptional()
    .describe('Tags that make the key. Default: all tags of the device.'),
  window: window
    .exactOptional()
    .describe('{ tumbling: 1m } or { sliding: 5m, every: 10s }. Left out: each reading.'),
  compute: z
    .record(identifier, expression)
    .default({})
    .describe('Aggregates of a window: avg(t), max(load).'),
  alert: z.array(alert).default([]).describe('When to shout.'),
  silent: silent.default(false).describe('A key that stops sending is an alert (device key silent_after).'),
  forward: forward.default(true).describe('Send the points on: true, false, or { on_change: 0.5 }.'),
})
  .superRefine(refuseHalves, evenIfWrong)
  .superRefine(refuseOverlaps, evenIfWrong)
  .transform(({ silent: silence, ...rest }) => {
    if (silence === false) return rest;
    if (silence !== true) return { ...rest, silent: silence };
    return { ...rest, silent: { severity: 'warning' as const, notify: ['log'] } };
  });

/** A window and what is computed over it come together. */
function refuseHalves(config: { window?: unknown; compute?: object }, context: Context): void {
  const isComputing = 'compute' in config && Object.keys(config.compute ?? {}).length > 0;
  if ('window' in config && !isComputing) {
    const remedy = 'add compute, such as { readings: count() }';
    refuse(context, 'a window without `compute` has no result', remedy, { path: ['window'], at: 'key' });
  } else if (!('window' in config) && isComputing) {
    const remedy = 'add window: { tumbling: 1m }, or use `let` to compute for each reading';
    refuse(context, '`compute` needs a window', remedy, { path: ['compute'], at: 'key' });
  }
}

interface Parts {
  readonly from: readonly string[];
  readonly by?: readonly string[];
  readonly window?: unknown;
  readonly alert: readonly { readonly severity: string }[];
  readonly forward: unknown;
}

/** What stands twice, or says two things at once. */
function refuseOverlaps(config: Parts, context: Context): void {
  for (const key of ['from', 'by'] as const) {
    for (const [i, name] of repeated(config[key])) {
      refuse(context, `${show(name)} stands twice`, 'keep one of them', { path: [key, i] });
    }
  }
  const severities = Array.isArray(config.alert) ? config.alert.map((one) => one?.severity) : [];
  for (const [i, severity] of repeated(severities)) {
    const remedy = 'one alert for each severity; join the conditions with ||, or choose another severity';
    refuse(context, `a second alert of severity ${severity}`, remedy, { path: ['alert', i, 'severity'] });
  }
  if ('window' in config && typeof config.forward === 'object') {
    const at = { path: ['forward'], at: 'key' } as const;
    refuse(context, '`on_change` is for rules without a window', 'remove it: a window gives one point', at);
  }
}

/** Texts of a list that stood in it before, with their index. */
function repeated(list: unknown): [number, string][] {
  const texts: unknown[] = Array.isArray(list) ? list : [];
  return [...texts.entries()].filter((one): one is [number, string] => {
    const [i, text] = one;
    return typeof text === 'string' && texts.indexOf(text) < i;
  });
}

/** A rule file. An empty one has no rules. */
export const ruleFileSchema = section({
  rules: z.array(ruleSchema).default([]).describe('The rules of this file.'),
});
