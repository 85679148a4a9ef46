/** One watermark for all keys and devices of a rule: the least of the devices'. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Batch, deviceText, duration, planOf, play, type Reading, ruleText } from './stage.ts';
import { type Vector, vectorsOf } from './vectors.ts';

/** Seconds to ms. */
const factors: Readonly<Record<string, number>> = { ms: 1, s: 1000 };

/**
 * What is otherwise than in Spark, by batch. Spark keeps the watermark through a restart, but not how far each stream had
 * come; here both are kept.
 */
const here: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  'ss_watermark/two_streams_min': { 16: 190_000 },
};

function checkStreams(vector: Vector): void {
  const delays = vector.params.delays_s as Readonly<Record<string, number>>;
  const devices = Object.entries(delays).map(([stream, delayS]) =>
    deviceText(stream, `lateness: ${duration(delayS)}\nduplicates: keep`),
  );
  const batches = (vector.input as Readonly<Record<string, number[]>>[]).map((batch): Batch => {
    const readings = ([stream, seconds]: [string, number[]]) =>
      [stream, seconds.map((t): Reading => ({ t: t * 1000, x: t }))] as const;
    return Object.fromEntries(Object.entries(batch).map(readings));
  });
  checkWatermarks(vector, Object.keys(delays), devices, batches);
}

/** Two event times in one row: two devices that listen to one topic. */
function checkColumns(vector: Vector): void {
  const columns = vector.params.watermarks as { column: string; delay_s: number }[];
  const names = columns.map(({ column }) => column);
  const devices = columns.map(({ column, delay_s }) =>
    deviceText(column, `lateness: ${duration(delay_s)}`)
      .replace(`topic: ${column}`, 'topic: s')
      .replace('path: t', `path: ${column}`),
  );
  const batches = (vector.input as number[][][]).map((rows): Batch => {
    const readings = rows.map((row): Reading => {
      const times = row.map((t) => t * 1000);
      return { t: Math.max(...times), ...Object.fromEntries(names.map((name, i) => [name, times[i]])) };
    });
    return { s: readings };
  });
  checkWatermarks(vector, names, devices, batches);
}

function checkWatermarks(
  vector: Vector,
  names: readonly string[],
  devices: readonly string[],
  batches: readonly Batch[],
): void {
  const rule = `from: [${names.join(', ')}]\nby: []\nwindow: { tumbling: 10ms, watermark: global }`;
  const plan = planOf(devices, ruleText(`${rule}\ncompute: { n: count() }`));
  const expected = (vector.expected as number[]).map(
    (mark, i) => here[vector.id]?.[i] ?? mark * factors[vector.unit!]!,
  );
  const played = play(plan, batches, vector.restart_before);
  // Spark's starts at zero.
  const marks = played.batches.map(({ watermarkMs }) => Math.max(0, watermarkMs!));
  assert.deepEqual(marks, expected);
  for (const { points } of played.batches)
    assert.deepEqual(
      points,
      [...points].sort((a, b) => a.timeMs - b.timeMs),
    );
}

for (const vector of vectorsOf('ss_watermark').filter(({ op }) => op === 'global_watermark')) {
  test(`${vector.id}: ${vector.case}`, () => {
    if (vector.params.watermarks === undefined) checkStreams(vector);
    else checkColumns(vector);
  });
}
