/** The open windows of a key: what is computed so far, and what each waits for. For `headgate explain`. */

import type { ExplainedResult, ExplainedWindow, Values } from '../../core/explained.ts';
import type { Rows } from '../../expression/rows.ts';
import type { RulePlan, WindowPlan } from '../../rules/plan.ts';
import { knownMs } from '../known-ms.ts';
import type { RuleParts, RunningRule } from '../running-rule.ts';
import { cellOf } from '../verdict.ts';
import type { OpenWindow } from '../windows/windows.ts';
import { rowsOfOne } from './explain-conditions.ts';
import { type LastRow, resultTypes } from './last-rows.ts';

/** Of a key; a sliding window may have thousands open. */
export const shownWindows = 5;

export interface KeyWindows {
  readonly windows: readonly ExplainedWindow[];
  readonly moreWindows: number;
}

/** `listeningSinceMs`: time before is nobody's idleness. */
export function explainWindows(rule: RunningRule, key: number, listeningSinceMs: number): KeyWindows {
  const parts = rule.parts();
  const all: ExplainedWindow[] = [];
  let count = 0;
  parts.windows?.visitOpen(key, (window) => {
    count += 1;
    if (count > shownWindows) return;
    all.push(explainWindow(rule, parts, key, window, listeningSinceMs));
  });
  return { windows: all, moreWindows: count - all.length };
}

function explainWindow(
  rule: RunningRule,
  parts: RuleParts,
  key: number,
  window: OpenWindow,
  listeningSinceMs: number,
): ExplainedWindow {
  const { plan, table } = rule;
  const times = { eventMs: window.endMs, arrivalMs: Number.NaN };
  const cells = parts.aggregates.map((aggregate) => aggregate.result(window.slot));
  const types = [...plan.aggregates.map(({ resultType }) => resultType), ...resultTypes(plan)];
  const rows = rowsOfOne({ cells, types, table, series: key, ...times });
  for (const [i, { compiled }] of plan.computes.entries()) {
    rows.columns[plan.aggregates.length + i] = compiled.kernel(rows);
  }
  const waitsFor = waitsForOf(rule, parts, key, window.endMs);
  return {
    startMs: window.startMs,
    ...knownMs('endMs', window.endMs),
    values: computedIn(plan, rows),
    ...knownMs('readings', window.readings),
    ...knownMs('missing', window.missing),
    ...closingOf(plan, parts, key, window.endMs, listeningSinceMs),
    ...(waitsFor && { waitsFor }),
  };
}

function computedIn({ aggregates, computes }: RulePlan, rows: Rows): Values {
  return Object.fromEntries(
    computes.map(({ name, compiled: { type } }, i) => [
      name,
      cellOf(rows.columns[aggregates.length + i]!, type, 0),
    ]),
  );
}

function closingOf(
  plan: RulePlan,
  { windows, clock }: RuleParts,
  key: number,
  endMs: number,
  listeningSinceMs: number,
): Pick<ExplainedWindow, 'closesWithMs' | 'closesAtMs' | 'isGlobal'> {
  const { kind, watermark } = plan.window as WindowPlan;
  if (kind === 'count') return {};
  const idleFromMs =
    Math.max(windows!.lastArrivalMs(key), listeningSinceMs) + plan.idleAfterMs + clock.offsetMs;
  return {
    ...knownMs('closesWithMs', endMs + plan.latenessMs),
    ...knownMs('closesAtMs', Math.max(idleFromMs, endMs + plan.latenessMs)),
    ...(watermark === 'global' && { isGlobal: true }),
  };
}

/** The rule that is read whose earliest open window holds this one. */
function waitsForOf(
  { plan, table }: RunningRule,
  { upstreams }: RuleParts,
  key: number,
  endMs: number,
): ExplainedWindow['waitsFor'] {
  let found: { rule: string; untilMs: number } | undefined;
  for (const [i, upstream] of upstreams.entries()) {
    if (upstream === undefined) continue;
    const { keyTags } = plan.inputs[i]!;
    for (let one = 0; one < upstream.table.size; one++) {
      if (!keyTags.every((tag, t) => upstream.table.tags[tag]![one] === table.tags[t]![key])) continue;
      const untilMs = upstream.openFromMs(one);
      if (untilMs <= endMs && untilMs < (found?.untilMs ?? Number.POSITIVE_INFINITY)) {
        found = { rule: upstream.plan.name, untilMs };
      }
    }
  }
  return found;
}

/** The last result of a key that was judged. */
export function explainResult({ computes }: RulePlan, last: LastRow, offsetMs: number): ExplainedResult {
  return {
    ...knownMs('endMs', last.eventMs),
    arrivalMs: last.arrivalMs + offsetMs,
    isEarly: last.isEarly,
    values: Object.fromEntries(
      computes.map(({ name, compiled: { type } }, i) => {
        const cell = last.cells[i] ?? null;
        const value = typeof cell === 'number' && !Number.isFinite(cell) ? null : cell;
        return [name, type === 'boolean' && value !== null ? value === 1 : value];
      }),
    ),
  };
}
