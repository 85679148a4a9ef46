/**
 * From a structured-streaming vector in append mode to a rule and readings: one device, one key, Spark's watermark delay as
 * the device's lateness.
 *
 * Spark moves its watermark after each batch and closes windows in a batch without data that follows; here both happen
 * reading by reading, so what a batch gives is compared when the batch is through.
 */

import assert from 'node:assert/strict';
import type { Point } from '../../src/core/types.ts';
import {
  deviceText,
  duration,
  type Played,
  planOf,
  play,
  type Reading,
  ruleText,
  windowText,
} from './stage.ts';
import { assertSame, type Element, type Vector } from './vectors.ts';

export interface Shape {
  readonly delayS: number;
  readonly duplicates: 'drop' | 'keep';
  /** Body of the rule, without `from`. */
  readonly rule: string;
  /** Body of a rule over the results of the first, without `from`. */
  readonly next?: string;
  readonly reading: (element: Element) => Reading;
  readonly row: (point: Point) => unknown;
  /** Open windows after each batch; by default the rows in Spark's only state. */
  readonly open?: readonly (number | null)[];
}

/** Rows are their own event time, in seconds. */
export function secondOf(element: Element): Reading {
  return { t: (element as number) * 1000, x: element };
}

/** The number of readings in each window, as `[start in seconds, count]`. */
export function countOf(
  lengthS: number,
  slideS = lengthS,
  timing = 'watermark: key',
): Pick<Shape, 'rule' | 'row'> {
  return {
    rule: `by: []\n${windowText(lengthS, slideS).replace(' }', `, ${timing} }`)}\ncompute: { n: count() }`,
    row: ({ timeMs, fields }) => [timeMs / 1000 - lengthS, fields.n],
  };
}

/**
 * Plays a vector and holds each batch against it: rows, and what else it states. Then again with a restart before every
 * batch, which must change nothing.
 */
export function check(vector: Vector, shape: Shape): Played {
  const device = deviceText('s', `lateness: ${duration(shape.delayS)}\nduplicates: ${shape.duplicates}`);
  const plan = planOf([device], ruleText(`from: s\n${shape.rule}`, shape.next));
  const input = vector.input as Element[][];
  const batches = input.map((batch) => ({ s: batch.map(shape.reading) }));
  const played = play(plan, batches, vector.restart_before);
  assertStatedOf(vector, shape, played);
  const restartedOften = play(
    plan,
    batches,
    input.map(() => true),
  );
  assert.deepEqual(restartedOften, played);
  return played;
}

function assertStatedOf(vector: Vector, { row, open = vector.state_rows }: Shape, { batches }: Played): void {
  const expected = vector.expected as unknown[][];
  assert.equal(batches.length, expected.length);
  for (const [i, told] of batches.entries()) {
    assertSame(told.points.map(row), expected[i]!, vector.compare);
    assertStated(told.watermarkMs, vector.watermark_after_s?.[i], 1000, `watermark after batch ${i + 1}`);
    assertStated(told.open, open?.[i], 1, `open windows after batch ${i + 1}`);
    assertStated(told.late, vector.dropped?.[i], 1, `late readings of batch ${i + 1}`);
  }
}

/** A figure that the vector states, in a unit of `factor`. */
function assertStated(
  actual: number | undefined,
  stated: number | null | undefined,
  factor: number,
  what: string,
): void {
  if (stated !== null && stated !== undefined) assert.equal(actual, stated * factor, what);
}
