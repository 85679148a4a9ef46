/** The last reading of each key of a rule, as its devices remember them, and what the rule made of it. For `headgate explain`. */

import type { ExplainedReading, Values } from '../../core/explained.ts';
import type { Rows, SeriesTable } from '../../expression/rows.ts';
import type { RulePlan } from '../../rules/plan.ts';
import type { RuleTexts } from '../../rules/rule-texts.ts';
import type { DeviceDecoder } from '../decode.ts';
import type { EngineState } from '../engine.ts';
import type { RunningRule } from '../running-rule.ts';
import { tagsOf } from '../series.ts';
import { cellOf } from '../verdict.ts';
import { explainCondition, rowsOfOne } from './explain-conditions.ts';
import { type LastRow, lastArrivalOf, lastOf, readingTypes } from './last-rows.ts';

export interface HeardReading {
  readonly input: number;
  readonly decoder: DeviceDecoder;
  readonly series: number;
  readonly arrivalMs: number;
}

/** By key of the rule; since the start, and of devices only. */
export function lastReadings(state: EngineState, { plan, table }: RunningRule): Map<number, HeardReading> {
  const keys = new Map<string, number>();
  for (let key = 0; key < table.size; key++)
    keys.set(
      nameOf(
        table,
        plan.by.map((_, tag) => tag),
        key,
      ),
      key,
    );
  const found = new Map<number, HeardReading>();
  for (const [input, { device, keyTags }] of plan.inputs.entries()) {
    const decoder = state.devices.find(({ decoder: one }) => one.plan === device)?.decoder;
    if (decoder === undefined) continue;
    const { table: all } = decoder.rows;
    for (let series = 0; series < all.size; series++) {
      const arrivalMs = lastArrivalOf(decoder.last, series);
      const key = Number.isNaN(arrivalMs) ? undefined : keys.get(nameOf(all, keyTags, series));
      if (key === undefined || arrivalMs < (found.get(key)?.arrivalMs ?? 0)) continue;
      found.set(key, { input, decoder, series, arrivalMs });
    }
  }
  return found;
}

function nameOf({ tags }: SeriesTable, places: readonly number[], id: number): string {
  return JSON.stringify(places.map((place) => tags[place]![id]));
}

/** `judged`: what the alerts of a rule without a window judged last, memory and all. */
export function explainReading(
  { plan, parts }: RunningRule,
  texts: RuleTexts,
  { input, decoder, series }: HeardReading,
  judged: Rows | undefined,
): ExplainedReading {
  const last = lastOf(decoder.last, series)!;
  const { device, lets } = plan.inputs[input]!;
  const isJudged = judged?.arrivalMs[0] === last.arrivalMs && judged.series[0] === series;
  const rows = isJudged ? judged : withLets(plan, input, last);
  const where = texts.where[input];
  const named = [...device.fields, ...lets.map(({ name, compiled }) => ({ name, type: compiled.type }))].map(
    ({ name, type }, slot) => ({ name, value: cellOf(rows.columns[slot]!, type, 0) }),
  );
  return {
    input: device.profile.device,
    tags: tagsOf(last.table, device.tags, series),
    arrivalMs: last.arrivalMs + parts().clock.offsetMs,
    eventMs: last.eventMs,
    values: usedOf(plan, named),
    ...(where && { where: explainCondition(where, rows) }),
  };
}

/** The reading with its lets, but those with memory. */
function withLets(plan: RulePlan, input: number, last: LastRow): Rows {
  const { device, lets } = plan.inputs[input]!;
  const rows = rowsOfOne({ ...last, types: readingTypes(plan, plan.inputs[input]!) });
  for (const [i, { compiled }] of lets.entries()) {
    rows.columns[device.fields.length + i] = compiled.kernel(rows);
  }
  return rows;
}

/** Those that the rule names; all of them when it names none. */
function usedOf(
  { source: { config } }: RulePlan,
  named: readonly { readonly name: string; readonly value: Values[string] }[],
): Values {
  const texts = [
    config.where ?? '',
    ...Object.values(config.let),
    ...Object.values(config.compute),
    ...config.alert.flatMap(({ when, clear = '' }) => [when, clear]),
  ];
  const words = new Set(texts.flatMap((text) => text.match(/[A-Za-z_]\w*/g) ?? []));
  const used = named.filter(({ name }) => words.has(name) || Object.hasOwn(config.let, name));
  return Object.fromEntries((used.length > 0 ? used : named).map(({ name, value }) => [name, value]));
}

/** The last arrival of a key as the rule itself remembers it; 0 when it does not. */
export function heardBefore(rule: RunningRule, key: number): number {
  const { windows, silence } = rule.parts();
  const known = [windows?.lastArrivalMs(key), silence?.heardMs(key)];
  return Math.max(0, ...known.filter((ms) => ms !== undefined && Number.isFinite(ms)).map(Number));
}
