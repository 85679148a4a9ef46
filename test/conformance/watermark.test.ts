/** Windows that close by watermark, late readings, and restarts between them. */

import { test } from 'node:test';
import { check, countOf, secondOf } from './streaming.ts';
import type { Vector } from './vectors.ts';
import { vectorsOf } from './vectors.ts';

/** The shortest window: what groups by raw event time does so by windows of this length. */
const shortestS = 0.01;

function lengthOf({ op, params }: Vector): number {
  return op === 'groupby_event_time' ? shortestS : (params.window_s as number);
}

/** One device and one key: the watermark of the key is that of the rule. */
const watermarks = ['key', 'global'];
const cases = vectorsOf('ss_watermark')
  .filter(({ op }) => op !== 'global_watermark')
  .flatMap((vector) => watermarks.map((watermark) => ({ vector, watermark })));

for (const { vector, watermark } of cases) {
  test(`${vector.id}: ${vector.case}; watermark: ${watermark}`, () => {
    const lengthS = lengthOf(vector);
    const slideS = (vector.params.slide_s as number | undefined) ?? lengthS;
    const delayS = vector.params.watermark_delay_s as number;
    check(vector, {
      delayS,
      duplicates: 'keep',
      reading: secondOf,
      ...countOf(lengthS, slideS, `watermark: ${watermark}`),
      row: ({ timeMs, fields }) => [Math.round(timeMs - lengthS * 1000) / 1000, fields.n],
    });
  });
}
