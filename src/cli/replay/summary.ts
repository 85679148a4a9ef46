/** The closing summary of a replay. */

import type { RuleLine } from '../../core/status.ts';
import type { EngineStatus } from '../../engine/engine.ts';
import { paint, table } from '../table.ts';
import { printable } from '../text-width.ts';
import { countText, durationText, timeText } from '../units-text.ts';
import type { RuleEpisodes } from './episodes.ts';
import type { Reason } from './set-aside.ts';

export interface Outcome {
  readonly rows: number;
  /** Of them, those that did not reach the engine. */
  readonly badLines: number;
  /** First and last arrival; undefined when nothing was replayed. */
  readonly span: { readonly firstMs: number; readonly lastMs: number } | undefined;
  readonly status: EngineStatus;
  /** By rule. */
  readonly episodes: ReadonlyMap<string, RuleEpisodes>;
  /** Beyond the engine's own. */
  readonly unrouted: number;
  readonly reasons: readonly Reason[];
  /** All that was set aside, whether or not its reason was kept. */
  readonly setAside: number;
  readonly backwards: number;
  /** Rows outside --from and --to. */
  readonly outside: number;
  readonly points: number;
  readonly pointsLost: number;
  readonly elapsedMs: number;
}

export function summaryLines(outcome: Outcome, colours: boolean): string[] {
  const { span, rows, elapsedMs } = outcome;
  const rate = elapsedMs > 0 ? Math.round((rows / elapsedMs) * 1000) : 0;
  const when = span === undefined ? '' : `, ${timeText(span.firstMs)} to ${timeText(span.lastMs)}`;
  const head = `${many(rows, 'row')} in ${durationText(elapsedMs)} (${countText(rate)} rows/s)${when}`;
  return [
    colours ? paint('bold', head) : head,
    ...totals(outcome),
    ...ruleLines(outcome, colours),
    ...setAsideLines(outcome, colours),
    ...hints(outcome),
  ];
}

function totals({ status, points, outside, unrouted }: Outcome): string[] {
  const { fates, rules } = status;
  const sum = (pick: (rule: EngineStatus['rules'][number]) => number): number =>
    rules.reduce((total, rule) => total + pick(rule), 0);
  const strange = fates.unrouted + unrouted;
  const windows = sum((rule) => rule.windowsClosed);
  const fired = sum((rule) => rule.fired);
  const cleared = sum((rule) => rule.cleared);
  const parts = [
    many(fates.readings, 'reading'),
    many(windows, 'window'),
    many(points, 'point'),
    `${many(fired, 'alert')} fired, ${countText(cleared)} cleared`,
    ...(fates.duplicates > 0 ? [many(fates.duplicates, 'duplicate')] : []),
    ...(strange > 0 ? [`${many(strange, 'message')} no device wants`] : []),
    ...(outside > 0 ? [`${many(outside, 'row')} outside --from and --to`] : []),
  ];
  return [`  ${parts.join(', ')}`];
}

/** `1 window`, `1,234 windows`. */
function many(count: number, what: string): string {
  return `${countText(count)} ${what}${count === 1 ? '' : 's'}`;
}

type RuleColumn = readonly [
  title: string,
  cell: (rule: RuleLine, alerts: RuleEpisodes | undefined) => string,
];

const ruleColumns: readonly RuleColumn[] = [
  ['readings', (rule) => countText(rule.readings)],
  ['filtered', (rule) => countText(rule.filtered)],
  ['late', (rule) => countText(rule.late)],
  ['over limit', (rule) => countText(rule.overLimit)],
  ['keys', (rule) => countText(rule.keys)],
  ['windows', (rule) => countText(rule.windowsClosed)],
  ['revised', (rule) => countText(rule.revised)],
  ['points', (rule) => countText(rule.points)],
  ['alerts', (_, alerts) => countText(alerts?.episodes ?? 0)],
  ['fired for', (_, alerts) => (alerts === undefined ? '' : durationText(alerts.totalMs))],
  ['longest', (_, alerts) => (alerts === undefined ? '' : durationText(alerts.longestMs))],
  ['still firing', (_, alerts) => countText(alerts?.stillFiring ?? 0)],
];
/** Shown only when they say something. */
const rare = new Set(['filtered', 'late', 'over limit', 'revised', 'fired for', 'longest', 'still firing']);

/** One line a rule; alerts are episodes of keys, their durations in event time. */
function ruleLines({ status, episodes }: Outcome, colours: boolean): string[] {
  const active = status.rules.filter((rule) => rule.readings > 0);
  if (active.length === 0) return [];
  const cells = ruleColumns.map(([title, cell]) => ({
    title,
    cells: active.map((rule) => cell(rule, episodes.get(rule.name))),
  }));
  const shown = cells.filter(
    (column) => !rare.has(column.title) || column.cells.some((text) => text !== '' && text !== '0'),
  );
  const columns = [{ title: 'rule' }, ...shown.map(({ title }) => ({ title, align: 'right' as const }))];
  const rows = active.map((rule, i) => [rule.name, ...shown.map((column) => column.cells[i]!)]);
  return table(columns, rows, colours).map((line) => `  ${line}`);
}

function setAsideLines({ setAside, reasons }: Outcome, colours: boolean): string[] {
  if (setAside === 0) return [];
  const head = `  ${countText(setAside)} set aside:`;
  const lines = reasons
    .filter(({ reason }) => reason !== 'too many')
    .flatMap(({ reason, count, examples }) => [
      `    ${countText(count)} ${reason}`,
      ...examples.map(({ place, detail }) => printable(`      ${place === '' ? '' : `${place}: `}${detail}`)),
    ]);
  return [colours ? paint('yellow', head) : head, ...lines];
}

function hints({ status, backwards, rows, pointsLost }: Outcome): string[] {
  const late = Math.max(
    0,
    ...status.rules.map((rule) => (rule.readings > 0 ? rule.late / rule.readings : 0)),
  );
  const hintLines = [];
  if (late > 0.5)
    hintLines.push(
      'most readings were late: sort the file by time, oldest first, or raise `lateness` of the device',
    );
  if (backwards > 0) {
    hintLines.push(
      `${countText(backwards)} of ${countText(rows)} rows arrived before the row above them: files are taken in the order given`,
    );
  }
  if (pointsLost > 0) hintLines.push(`${countText(pointsLost)} points cannot be written as line protocol`);
  return hintLines.map((hint) => `  note: ${hint}`);
}
