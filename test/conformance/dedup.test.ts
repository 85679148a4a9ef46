/** Readings that were seen before: same tags, same event time. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, countOf, type Shape, secondOf } from './streaming.ts';
import type { Element, Vector } from './vectors.ts';
import { vectorsOf } from './vectors.ts';

interface Then {
  readonly window_s: number;
}

/** Rows without an event time that are equal as a whole: one tag, and one time for all. */
const byValue: Omit<Shape, 'delayS'> = {
  duplicates: 'drop',
  rule: '',
  reading: (element: Element) => ({ t: 0, member: element, x: 1 }),
  row: ({ tags }) => tags.member,
};

/** Rows that are their own event time. */
const byTime: Omit<Shape, 'delayS'> = {
  duplicates: 'drop',
  rule: '',
  reading: secondOf,
  row: ({ fields }) => fields.x,
};

function shapeOf({ params }: Vector): Omit<Shape, 'delayS'> {
  const then = params.then as Then | undefined;
  if (then !== undefined) return { ...byTime, ...countOf(then.window_s) };
  return params.event_time === undefined ? byValue : byTime;
}

/**
 * What a vector counts otherwise than is done here. Spark does not look for duplicates among rows that are behind the
 * watermark; here a duplicate is one for as long as its first reading is remembered.
 */
const duplicatesHere: Readonly<Record<string, readonly number[]>> = {
  'ss_dedup/metric_dups_wm': [24, 1, 0, 1, 1],
  'ss_dedup/agg_append': [24, 0, 1, 0],
};

for (const vector of vectorsOf('ss_dedup')) {
  test(`${vector.id}: ${vector.case}`, () => {
    const delayS = (vector.params.watermark_delay_s as number | undefined) ?? 0;
    // The windows come last.
    const open = vector.state_rows_by_op?.map(([rows]) => rows!) ?? [];
    const { batches } = check(vector, { ...shapeOf(vector), delayS, open });
    const duplicates = duplicatesHere[vector.id] ?? vector.duplicates;
    if (duplicates !== undefined) {
      assert.deepEqual(
        batches.map((one) => one.duplicates),
        duplicates,
      );
    }
  });
}
