/** What the engine and the plan say of points so that they can be merged later: merged, they are what longer windows give. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Point } from '../core/types.ts';
import { encodePoint } from '../outbox/line-protocol.ts';
import { createMerger, notingOf } from '../outbox/merge.ts';
import { parseLine } from '../outbox/parse-line.ts';
import { at, planOf, reading, running } from './rule-testing.ts';

const compute = `    compute: { n: count(), high: count(t > 20), total: sum(t), mean: avg(t), share: fraction(t > 20), least: min(t),
      most: max(t), began: first(t), ended: last(t), some: any(t > 30), every: all(t > 0), over: time_in(t > 20),
      grew: delta(t), middle: median(t), spread: max(t) - min(t) }`;

function pointsOf(window: string, extra = ''): readonly Point[] {
  const plan = planOf(`    window: { ${window} }\n${compute}${extra}`);
  const engine = running(plan);
  const startMs = at('2026-01-05T06:00:00Z');
  // Not evenly spread: windows have different numbers of readings, some of them none.
  let seed = 7;
  for (let ms = startMs; ms < startMs + 3_600_000; ) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    engine.feed([reading(ms, (seed >>> 20) % 40)]);
    ms += 1 + ((seed >>> 8) % 60_000);
  }
  engine.close();
  return engine.told.points;
}

/** Fields of points merged to windows of so long. */
function mergedFields(points: readonly Point[], windowMs: number): Map<string, Record<string, string>> {
  const merges = planOf(`    window: { tumbling: 1m }\n${compute}`).merges.get('r')!;
  const { kind, means } = notingOf(merges);
  const merger = createMerger(windowMs);
  for (const point of points) {
    merger.add(encodePoint(point).line!, { kind, numbers: means.map((name) => point.weights![name]!) });
  }
  const lines = merger.take().lines.map((line) => parseLine(line)!);
  return new Map(
    lines.map(({ time, fields }) => [
      String(Math.ceil(Number(time) / 1e6 / windowMs)),
      Object.fromEntries(fields),
    ]),
  );
}

test('points of a minute, merged, are the points of ten minutes', () => {
  const merged = mergedFields(pointsOf('tumbling: 1m'), 600_000);
  const whole = pointsOf('tumbling: 10m');
  assert.equal(merged.size, whole.length);
  for (const { timeMs, fields } of whole) {
    const found = merged.get(String(timeMs / 600_000))!;
    const exact = ['n', 'high', 'total', 'least', 'most', 'began', 'ended', 'some', 'every'];
    for (const name of exact) assert.equal(found[name], String(fields[name]), name);
    for (const name of ['mean', 'share']) {
      assert.ok(Math.abs(Number(found[name]) - (fields[name] as number)) < 1e-9, name);
    }
    assert.deepEqual([found.middle, found.spread], [undefined, undefined], 'no one can tell these');
  }
});

test('only windows that do not overlap and are written once can be merged', () => {
  const mergesOf = (keys: string): unknown => planOf(keys).merges.get('r')?.fields;
  const n = '    compute: { n: count() }';
  const ofWindow = (window: string): unknown => mergesOf(`    window: { ${window} }\n${n}`);
  assert.deepEqual(ofWindow('tumbling: 1m'), { n: 'sum' });
  assert.deepEqual(ofWindow('session: 1m'), { n: 'sum' });
  assert.deepEqual(ofWindow('calendar: "0 * * * *"'), { n: 'sum' });
  assert.equal(ofWindow('sliding: 10m, every: 1m'), undefined);
  assert.equal(ofWindow('count: 10'), undefined);
  assert.equal(ofWindow('tumbling: 10m, emit: 1m'), undefined);
  assert.equal(ofWindow('tumbling: 10m, late: revise, keep: 10m'), undefined);
  assert.equal(mergesOf('    window: { tumbling: 1m }\n    compute: { m: median(t) }'), undefined);
  assert.equal(mergesOf('    forward: true'), undefined);
});

test('points of a rule that was edited are merged with their own only, whatever names they have', () => {
  const startMs = at('2026-01-05T06:00:00Z');
  const merger = createMerger(3_600_000);
  const own = ['avg(t)', 'twa(t)'].map((mean, edit) => {
    const plan = planOf(`    window: { tumbling: 1m }\n    compute: { mean: ${mean}, n: count() }`);
    const engine = running(plan);
    for (let i = 0; i < 30; i++) engine.feed([reading(startMs + (edit * 30 + i) * 60_000, 10 + edit * 100)]);
    engine.close();
    const noting = notingOf(plan.merges.get('r')!);
    const alone = createMerger(3_600_000);
    for (const point of engine.told.points) {
      const note = { kind: noting.kind, numbers: noting.means.map((name) => point.weights![name]!) };
      for (const one of [merger, alone]) one.add(encodePoint(point).line!, note);
    }
    return alone.take().lines;
  });
  assert.deepEqual(own.flat().length, 2);
  // A weighted mean of the two would take readings for seconds.
  assert.deepEqual(merger.take().lines, own.flat());
});
