/** Sessions: whole tables, which are what a replay up to there gives, and batch queries, which are replays. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Point } from '../../src/core/types.ts';
import { type Batch, deviceText, duration, planOf, play, type Reading, ruleText } from './stage.ts';
import { assertSame, type Vector, vectorsOf } from './vectors.ts';

/** Every session of a replay of these batches: those that closed on the way, and those that close at its end. */
function replayed({ params }: Vector, latenessS: number, rule: string, batches: readonly Batch[]): Point[] {
  const window = `window: { session: ${duration(params.gap_s as number)}, watermark: global }`;
  const device = deviceText('s', `lateness: ${duration(latenessS)}\nduplicates: keep`);
  const { batches: told, atEnd } = play(planOf([device], ruleText(`from: s\n${window}\n${rule}`)), batches);
  assert.ok(told.every(({ late, setAside }) => late === 0 && setAside.length === 0));
  return [...told.flatMap(({ points }) => points), ...atEnd];
}

type Line = readonly [words: string, seconds: number];

/** The table after each batch is that of a replay up to there. */
function checkTables(vector: Vector): void {
  const batches = (vector.input as Line[][]).map((lines) => ({
    s: lines.flatMap(([words, x]) => words.split(' ').map((k): Reading => ({ t: x * 1000, k, x }))),
  }));
  for (const [i, expected] of (vector.expected as unknown[][]).entries()) {
    const rule = 'by: [k]\ncompute: { n: count(), start: min(x) }';
    const table = replayed(vector, vector.params.watermark_delay_s as number, rule, batches.slice(0, i + 1));
    const rows = table.map(({ tags, timeMs, fields }) => {
      const [start, end] = [fields.start as number, timeMs / 1000];
      return [tags.k, start, end, end - start, fields.n];
    });
    assertSame(rows, expected, vector.compare);
  }
}

type Row = readonly [time: string, value: number, key: string];

/** Spark's batch queries have no lateness: no reading is too late. */
function checkBatch(vector: Vector): void {
  const input = vector.input as Row[];
  const firstMs = Date.parse(`${input[0]![0]}Z`);
  const readings = input.map(([time, s, k]): Reading => {
    const t = Date.parse(`${time}Z`);
    return { t, k, x: (t - firstMs) / 1000, s: String(s) };
  });
  const isByKey = vector.params.key !== null;
  const rule = `${isByKey ? 'by: [k]' : 'by: []'}
let: { value: double(s) }
compute: { n: count(), start: min(x), total: sum(value) }`;
  const rows = replayed(vector, 86_400, rule, [{ s: readings }]).map(({ tags, timeMs, fields }) => {
    const times = [firstMs + (fields.start as number) * 1000, timeMs].map(textOf);
    return isByKey ? [...times, tags.k, fields.n, fields.total] : [...times, fields.n];
  });
  assertSame(rows, vector.expected as unknown[], vector.compare);
}

function textOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

for (const vector of vectorsOf('ss_session_window')) {
  test(`${vector.id}: ${vector.case}`, () => {
    if (vector.op === 'session_window_batch') checkBatch(vector);
    else checkTables(vector);
  });
}
