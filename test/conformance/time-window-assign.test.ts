/** Which windows a reading belongs to: aligned to the epoch, start included and end not. The input is one batch, in any order. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Point } from '../../src/core/types.ts';
import { deviceText, mistakesOf, type Played, planOf, play, ruleText, windowText } from './stage.ts';
import { assertSame, type Element, type Vector, vectorsOf } from './vectors.ts';

type Row = readonly [time: string | null, x: number];

/** Column of a row: a time in ms, or a number. */
type Column = (point: Point, lengthMs: number) => unknown;

const columns: Readonly<Record<string, Column>> = {
  start: ({ timeMs }, lengthMs) => timeMs - lengthMs,
  end: ({ timeMs }) => timeMs,
  count: ({ fields }) => fields.n,
  'row[1]': ({ fields }) => fields.x,
};

/** `2016-03-27 19:39:34.5` is in UTC. */
function msOf(cell: Element): unknown {
  return typeof cell === 'string' ? Date.parse(`${cell.replace(' ', 'T')}Z`) : cell;
}

/** Plays the rows in one batch. No reading is late: a batch query has no watermark. */
function playRows(vector: Vector, rule: string): Played {
  const plan = planOf([deviceText('s', 'lateness: 1h')], ruleText(`from: s\n${rule}`));
  const readings = (vector.input as Row[]).map(([time, x]) => ({ t: msOf(time) as number | null, x }));
  return play(plan, [{ s: readings }]);
}

function checkWindows(vector: Vector): void {
  const { window_s: lengthS, slide_s: slideS, start_s: startS, output } = vector.params;
  const window = windowText(lengthS as number, slideS as number, startS as number);
  const { batches, atEnd } = playRows(vector, `by: []\n${window}\ncompute: { n: count() }`);
  const points = [...batches[0]!.points, ...atEnd];
  const rows = points.map((point) =>
    (output as string[]).map((name) => columns[name]!(point, (lengthS as number) * 1000)),
  );
  assertSame(
    rows,
    (vector.expected as Element[][]).map((row) => row.map(msOf)),
    vector.compare,
  );
}

/** Without an event time a reading is set aside; the others are used. */
function checkRows(vector: Vector): void {
  const { points, setAside } = playRows(vector, '').batches[0]!;
  assertSame(
    points.map(({ fields }) => [fields.x]),
    vector.expected as Element[][],
    vector.compare,
  );
  const without = (vector.input as Row[]).filter(([time]) => time === null);
  assert.deepEqual(
    setAside.map(({ reason }) => reason),
    without.map(() => 'no time'),
  );
}

/** A rule has one window, however two are written. */
function checkRefused(vector: Vector): void {
  const [one, other] = vector.params.windows_s as number[];
  const mistakes = {
    [`{ tumbling: ${one}s, sliding: ${other}s, every: 5s }`]:
      'a window is of one kind; this one is tumbling and sliding',
    [`{ tumbling: ${one}s, tumbling: ${other}s }`]: 'this key stands twice',
    [`[{ tumbling: ${one}s }, { tumbling: ${other}s }]`]: 'expected a map, got a list',
  };
  for (const [window, mistake] of Object.entries(mistakes)) {
    const rule = ruleText(`from: s\nwindow: ${window}\ncompute: { n: count() }`);
    assert.equal(mistakesOf(rule)[0], mistake, window);
  }
}

for (const vector of vectorsOf('ss_time_window_assign')) {
  test(`${vector.id}: ${vector.case}`, () => {
    if (vector.compare === 'error') checkRefused(vector);
    else if (vector.params.projection_only === true) checkRows(vector);
    else checkWindows(vector);
  });
}
