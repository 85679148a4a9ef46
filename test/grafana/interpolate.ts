/**
 * A dashboard's query as Grafana sends it to InfluxDB: variables, macros and intervals put in.
 *
 * Follows Grafana 12 and 13, read in its public source; described here, not copied:
 * - Variables: public/app/features/templating (`$name`, `${name}`, `${name:format}`). The format `regex` escapes each value for a
 *   regular expression and joins several as `(a|b)`; a custom value for All is put in as it is, without a format.
 * - Macros, once the variables are in: pkg/tsdb/influxdb/models/query.go: `$timeFilter` is `time >= FROMms and time <= TOms` of the
 *   panel's range, wherever it stands; then `$interval`, `$__interval_ms`, `$__interval`.
 * - The interval: packages/grafana-data `rangeUtil.calculateInterval`: the range by the points there is room for, rounded to a handy
 *   length, not below the panel's own least one.
 * - A panel with a relative time of its own (`timeFrom`) shows so long up to now, if the dashboard's range is relative too:
 *   public/app/features/dashboard/utils/panel.ts.
 * Not here: asking (ask.ts).
 */

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What is chosen for a variable: texts, or the pattern that stands for all of them. */
export type Choice = readonly string[] | { readonly all: string };
export type Choices = Readonly<Record<string, Choice>>;

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `15m` in ms. */
export function lengthMs(text: string): number {
  const parts = /^(\d+)([smhd])$/.exec(text);
  if (parts === null) throw new Error(`${text} is no length of time`);
  return Number(parts[1]) * unitMs[parts[2]!]!;
}

/** The range of a dashboard (`now-6h` to `now`) or, with `timeFrom`, of one of its panels. */
export function rangeOf(time: { from: string; to: string }, nowMs: number, timeFrom?: string): Range {
  const back = /^now-(\w+)$/.exec(time.from);
  if (back === null || time.to !== 'now') throw new Error(`${time.from} to ${time.to}: only now-… to now`);
  return { fromMs: nowMs - lengthMs(timeFrom ?? back[1]!), toMs: nowMs };
}

/** Upper bounds, and what is taken below each. */
const rounded: readonly (readonly [belowMs: number, ms: number])[] = [
  [15, 10],
  [35, 20],
  [75, 50],
  [150, 100],
  [350, 200],
  [750, 500],
  [1500, 1000],
  [3500, 2000],
  [7500, 5000],
  [12_500, 10_000],
  [17_500, 15_000],
  [25_000, 20_000],
  [45_000, 30_000],
  [90_000, 60_000],
  [210_000, 120_000],
  [450_000, 300_000],
  [750_000, 600_000],
  [1_050_000, 900_000],
  [1_500_000, 1_200_000],
  [2_700_000, 1_800_000],
  [5_400_000, 3_600_000],
];

/** The length of a bucket for a panel with room for so many points. */
export function intervalMs({ fromMs, toMs }: Range, points: number, least?: string): number {
  const exactMs = (toMs - fromMs) / points;
  const [, handyMs] = rounded.find(([belowMs]) => exactMs < belowMs) ?? [0, 7_200_000];
  return Math.max(handyMs, least === undefined ? 1 : lengthMs(least));
}

function intervalText(ms: number): string {
  const unit = ['d', 'h', 'm', 's'].find((one) => ms >= unitMs[one]!);
  return unit === undefined ? `${ms}ms` : `${Math.floor(ms / unitMs[unit]!)}${unit}`;
}

const variablePattern = /\$(\w+)|\$\{(\w+)(?::(\w+))?\}/g;

/** Variables put in; what is no variable stays. */
export function withChoices(query: string, choices: Choices): string {
  return query.replace(variablePattern, (whole: string, plain?: string, braced?: string, format?: string) => {
    const choice = choices[plain ?? braced ?? ''];
    if (choice === undefined) return whole;
    if ('all' in choice) return choice.all;
    if (format === 'regex') return asPattern(choice as readonly string[]);
    throw new Error(`${whole}: what stands for several values is not settled without a format`);
  });
}

function asPattern(values: readonly string[]): string {
  const escaped = values.map((value) => value.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&'));
  return escaped.length === 1 ? escaped[0]! : `(${escaped.join('|')})`;
}

/** Macros put in. */
export function withMacros(query: string, range: Range, ms: number): string {
  const within = `time >= ${range.fromMs}ms and time <= ${range.toMs}ms`;
  return query
    .replaceAll('$timeFilter', within)
    .replaceAll('$interval', intervalText(ms))
    .replaceAll('$__interval_ms', String(ms))
    .replaceAll('$__interval', intervalText(ms));
}
