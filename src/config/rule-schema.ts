/**
 * rules/*.yaml: its keys, defaults and limits.
 *
 * Not here: what expressions mean; src/rules compiles them.
 */

import { z } from 'zod';
import type { RuleConfig } from './schema.ts';
import { type Context, evenIfWrong, namedValues, refuse, section, show } from './shapes.ts';
import { duration, expression, identifier, label, oneOrMore, text } from './values.ts';
import { window } from './window-schema.ts';

const severity = z.enum(['info', 'warning', 'critical']).default('warning');
const notify = oneOrMore(text).prefault('log').describe('Names of notifiers in headgate.yaml. Default: log.');
const message = text.exactOptional().describe('With {name} and format: "Bus {vehicle}: {share:.0%}".');

const repeat = duration({ min: '1s' })
  .exactOptional()
  .describe('A reminder so often while it fires: 1h. Default: none.');

const flapping = section({
  changes: z.int().min(2).max(100).describe('So many times it fired or cleared …'),
  within: duration({ min: '1s' }).describe('… within so long a time: 10m.'),
})
  .transform(({ changes, within: withinMs }) => ({ changes, withinMs }))
  .exactOptional()
  .describe('{ changes: 4, within: 10m }: held firing while it fires and clears so often.');

const lookup = section({
  file: text.describe('CSV, JSON or YAML, beside the rule file.'),
  key: identifier.describe('Column of the table, and tag it is matched with.'),
});

const alert = section({
  severity: severity.describe('info, warning or critical. Default: warning.'),
  when: expression.describe('Fires while this is true.'),
  clear: expression.exactOptional().describe('A firing alert clears when this is true. Default: not `when`.'),
  for: duration().prefault('0s').describe('`when` must hold so long before it fires.'),
  message,
  notify,
  repeat,
  flapping,
}).transform(({ for: forMs, repeat: repeatMs, ...rest }) => ({
  ...rest,
  forMs,
  ...(repeatMs !== undefined && { repeatMs }),
}));

const silent = z.union([
  z.boolean(),
  section({ severity: severity.describe('Default: warning.'), message, notify, repeat }).transform(
    ({ repeat: repeatMs, ...rest }) => ({ ...rest, ...(repeatMs !== undefined && { repeatMs }) }),
  ),
]);

const active = section({
  cron: text.describe('Active in the minutes that this cron expression names: "* 6-21 * * 1-5".'),
  zone: text.default('UTC').describe('IANA time zone, such as Europe/Helsinki. Default: UTC.'),
});

const forward = z.union([
  z.boolean(),
  section({
    on_change: z.number().min(0).describe('Forward a reading when a number moved by at least this.'),
  }).transform(({ on_change }) => ({ onChange: on_change })),
]);

/** One rule. */
export const ruleSchema: z.ZodType<RuleConfig> = section({
  name: label
    .superRefine((name, context) => {
      if (!/^headgate(?:_|$)/.test(name)) return;
      const remedy = 'give the rule another name; `headgate` and names that begin with `headgate_` are taken';
      refuse(context, `${show(name)} is a name for what the gateway tells of itself`, remedy);
    })
    .describe('Name of the rule, and measurement of its points.'),
  description: z.string().exactOptional().describe('For people.'),
  from: oneOrMore(text).describe('A device, rule:NAME for the results of a rule, or a list of them.'),
  where: expression.exactOptional().describe('Only readings for which this is true.'),
  let: namedValues(identifier, expression)
    .default({})
    .describe('Computed fields, usable below: share: load / 78. With memory too: smooth: ewma(load, 5m).'),
  lookup: namedValues(identifier, lookup, 100)
    .default({})
    .describe('Static tables: name.column in expressions.'),
  by: z
    .array(identifier)
    .max(100)
    .exactOptional()
    .describe('Tags that make the key. Default: all tags of the device.'),
  window: window
    .exactOptional()
    .describe('{ tumbling: 1m }, { sliding: 5m, every: 10s }, … Left out: each reading.'),
  compute: namedValues(identifier, expression)
    .default({})
    .describe('Of a window: avg(t), max(load), and results of windows before: mean - prev.mean.'),
  alert: z.array(alert).default([]).describe('When to shout.'),
  silent: silent.default(false).describe('A key that stops sending is an alert (device key silent_after).'),
  active: active.exactOptional().describe('When alerts are judged. Default: at all times.'),
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
  const seen = new Set<unknown>();
  return [...texts.entries()].filter((one): one is [number, string] => {
    const isRepeated = seen.has(one[1]);
    seen.add(one[1]);
    return isRepeated && typeof one[1] === 'string';
  });
}

/** A rule file. An empty one has no rules. */
export const ruleFileSchema = section({
  rules: z.array(ruleSchema).default([]).describe('The rules of this file.'),
});
