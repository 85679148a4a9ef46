/** One stateful step after another: duplicates dropped before windows, windows over windows, points that are written once. */

import { test } from 'node:test';
import { windowText } from './stage.ts';
import { check, countOf, type Shape, secondOf } from './streaming.ts';
import { vectorsOf } from './vectors.ts';

interface Stage {
  readonly window_s?: number;
  readonly dedup?: readonly string[];
}

for (const vector of vectorsOf('ss_multi_stateful')) {
  test(`${vector.id}: ${vector.case}`, () => {
    const { pipeline, output, watermark_delay_s: delayS } = vector.params;
    const stages = pipeline as Stage[];
    const lengthS = stages.find(({ window_s }) => window_s !== undefined)!.window_s!;
    // Spark's operators are listed from the last to the first.
    const windowed = stages.toReversed().findLastIndex(({ window_s }) => window_s !== undefined);
    const [, second] = stages.filter(({ window_s }) => window_s !== undefined);
    const shownMs = (output as string[])[0] === 'window_end_s' ? 0 : lengthS * 1000;
    check(vector, {
      delayS: delayS as number,
      duplicates: stages[0]!.dedup === undefined ? 'keep' : 'drop',
      reading: secondOf,
      ...countOf(lengthS),
      open: vector.state_rows_by_op!.map((rows) => rows[windowed]!),
      row: ({ timeMs, fields }) => [(timeMs - shownMs) / 1000, fields.n],
      ...(second && sumOver(lengthS, second.window_s!)),
    });
  });
}

/** Windows over windows: how many there are in each, and the sum of their counts. */
function sumOver(firstS: number, lengthS: number): Pick<Shape, 'rule' | 'next' | 'row'> {
  return {
    rule: `${countOf(firstS).rule}\nforward: false`,
    next: `by: []\n${windowText(lengthS, lengthS)}\ncompute: { windows: count(), n: sum(n) }`,
    row: ({ timeMs, fields }) => [timeMs / 1000 - lengthS, fields.windows, fields.n],
  };
}
