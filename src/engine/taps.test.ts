import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spanOf } from '../core/frame.ts';
import type { Passing, PassingKind } from '../core/passing.ts';
import type { Frame } from '../core/types.ts';
import { createState, replan, step, watchReadings } from './engine.ts';
import { planOf, reading } from './rule-testing.ts';
import { createTaps, mostPerBatch, type Tap } from './taps.ts';

const start = Date.UTC(2026, 0, 5);

function tapped() {
  let state = createState(planOf('    alert: [{ when: t > 5 }]\n'));
  const taps = createTaps((watch) => watchReadings(state, watch));
  return {
    open(kind: PassingKind, more: Partial<Tap> = {}) {
      const shown: Passing[] = [];
      const missed: number[] = [];
      const end = taps.open({
        ...{ kind, tags: {} },
        show: (passing) => shown.push(passing),
        missed: (count) => missed.push(count),
        ...more,
      });
      return { shown, missed, end };
    },
    reload() {
      ({ state } = replan(state, planOf('    alert: [{ when: t > 6 }]\n')));
    },
    feed(frames: readonly Frame[]) {
      const batch = { startMs: 0, endMs: frames.at(-1)!.arrivalMs + 1, spans: [spanOf(frames)] };
      taps.frames(batch, state);
      const { points, alerts } = step(state, batch);
      taps.results(points, alerts);
      return state.output.watch;
    },
  };
}

test('each kind shows what passes of it, until it is ended', () => {
  const { open, feed } = tapped();
  const all = (['frames', 'readings', 'points', 'alerts'] as const).map((kind) => open(kind));
  feed([reading(start, 9), { ...reading(start + 1, 1), topic: 'rom/a' }]);
  const [frames, readings, points, alerts] = all.map(({ shown }) => shown);
  const shared = { source: 'mqtt' };
  assert.deepEqual(frames, [
    {
      kind: 'frames',
      frame: {
        ...shared,
        topic: 'room/a',
        arrivalMs: start,
        devices: ['room'],
        text: `{"at":${start},"t":9}`,
        bytes: 26,
      },
    },
    {
      kind: 'frames',
      frame: {
        ...shared,
        topic: 'rom/a',
        arrivalMs: start + 1,
        devices: [],
        text: `{"at":${start + 1},"t":1}`,
        bytes: 26,
      },
    },
  ]);
  assert.deepEqual(readings, [
    {
      kind: 'readings',
      reading: { device: 'room', tags: { room: 'a' }, eventMs: start, arrivalMs: start, values: { t: 9 } },
    },
  ]);
  assert.deepEqual(
    points!.map((passing) => passing.kind === 'points' && passing.point.fields),
    [{ t: 9 }],
  );
  assert.deepEqual(
    alerts!.map((passing) => passing.kind === 'alerts' && passing.alert.state),
    ['firing'],
  );
  for (const { end } of all) end();
  assert.equal(feed([reading(start + 1000, 9)]), undefined);
  assert.equal(readings!.length, 1);
});

test('tags, devices and rules narrow it down', () => {
  const { open, feed } = tapped();
  const b = open('readings', { tags: { room: 'b' } });
  const other = open('points', { rules: new Set(['other']) });
  const foreign = open('frames', { devices: new Set(['pump']) });
  feed([reading(start, 1, 'a'), reading(start, 2, 'b')]);
  assert.deepEqual(
    b.shown.map((passing) => passing.kind === 'readings' && passing.reading.values),
    [{ t: 2 }],
  );
  assert.deepEqual([other.shown, foreign.shown], [[], []]);
});

test('of a batch so many are shown and the others counted', () => {
  const { open, feed } = tapped();
  const { shown, missed } = open('readings');
  feed(Array.from({ length: mostPerBatch + 7 }, (_, i) => reading(start + i, 1)));
  assert.deepEqual([shown.length, missed], [mostPerBatch, [7]]);
  feed([reading(start + 60_000, 1)]);
  assert.deepEqual([shown.length, missed], [mostPerBatch + 1, [7]]);
});

test('goes on after a reload', () => {
  const { open, feed, reload } = tapped();
  const { shown } = open('readings');
  reload();
  feed([reading(start, 1)]);
  assert.equal(shown.length, 1);
});

test('a payload that is no text is shown in base64', () => {
  const { open, feed } = tapped();
  const { shown } = open('frames');
  feed([{ source: 'mqtt', topic: 'x', payload: Buffer.from([0xff, 0xfe, 0, 1]), arrivalMs: start }]);
  const [one] = shown;
  assert.equal(one?.kind === 'frames' && one.frame.base64, '//4AAQ==');
});
