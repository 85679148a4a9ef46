import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { packageFolder } from '../version.ts';
import { buses, busMessages, type Depot, demandAt, type Message } from './bus.ts';
import { beginningBefore, isSilent, linesBetween, messagesBetween, senders } from './depot.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;
const midnightMs = Date.UTC(2026, 0, 5);
const depot: Depot = { seed: 7, midnightMs, startMs: midnightMs + 6.75 * hourMs };

interface Count {
  readonly APC: { tst: string; vehiclecounts: { vehicleload: number; doorcounts: Door[] } };
}
interface Door {
  readonly count: readonly { in: number; out: number }[];
}

const countsOf = (messages: readonly Message[], vehicle: string): Count[] =>
  messages
    .filter(({ topic }) => topic === `/hfp/v2/journey/ongoing/apc-partial/bus/0070/${vehicle}`)
    .map(({ payload }) => JSON.parse(payload) as Count);

test('property: time may be cut anywhere', () => {
  const offset = fc.integer({ min: 0, max: 3 * 60 * minuteMs });
  fc.assert(
    fc.property(fc.integer(), offset, fc.tuple(offset, offset), (seed, at, [one, other]) => {
      const some: Depot = { ...depot, seed };
      const [first, second] = [Math.min(one, other) % 40_000, Math.max(one, other) % 40_000].toSorted(
        (a, b) => a - b,
      );
      const [a, b, c] = [depot.startMs + at, depot.startMs + at + first!, depot.startMs + at + second!];
      const parts = [...messagesBetween(some, a, b), ...messagesBetween(some, b, c)];
      assert.deepEqual(messagesBetween(some, a, c), parts);
      assert.deepEqual(linesBetween(some, a, c), [...linesBetween(some, a, b), ...linesBetween(some, b, c)]);
    }),
    { numRuns: 50 },
  );
});

test('messages are in order of time, within their stretch, and carry their time', () => {
  const [fromMs, toMs] = [depot.startMs + 5 * minuteMs, depot.startMs + 7 * minuteMs];
  const messages = messagesBetween(depot, fromMs, toMs);
  assert.ok(messages.length > 12 * 110, `${messages.length} messages in two minutes`);
  assert.deepEqual(
    messages.toSorted((a, b) => a.atMs - b.atMs),
    messages,
  );
  for (const { atMs, payload, sender } of messages) {
    assert.ok(atMs >= fromMs && atMs < toMs);
    assert.ok(senders.includes(sender));
    const { VP, APC, time } = JSON.parse(payload);
    const agoMs = atMs - Date.parse(VP?.tst ?? APC?.tst ?? time);
    assert.ok(agoMs >= 0 && agoMs < 1000, `${agoMs} ms: ${payload}`);
  }
});

test('the doors explain every change of the passengers aboard', () => {
  for (const [index, { vehicle }] of buses.entries()) {
    const said = busMessages(depot, index, depot.startMs, depot.startMs + 2 * hourMs);
    const counts = countsOf(said, vehicle).map(({ APC }) => APC.vehiclecounts);
    assert.ok(counts.length > 20);
    for (const [i, { vehicleload, doorcounts }] of counts.entries()) {
      const moves = doorcounts.flatMap(({ count }) => count);
      for (const move of moves) assert.ok(move.in >= 0 && move.out >= 0);
      const change = moves.reduce((total, move) => total + move.in - move.out, 0);
      if (i > 0) assert.equal(change, vehicleload - counts[i - 1]!.vehicleload);
    }
  }
});

test('passengers come and go with the time of day; only rush hours overfill a bus', () => {
  assert.ok(demandAt(depot, midnightMs + 7.5 * hourMs) > 0.95);
  assert.ok(demandAt(depot, midnightMs + 16 * hourMs) > 0.95);
  assert.ok(demandAt(depot, midnightMs + 13 * hourMs) < 0.5);
  assert.equal(demandAt(depot, midnightMs + 27 * hourMs), 0.06);
  const overfull = (hour: number): number => {
    const messages = messagesBetween(depot, midnightMs + hour * hourMs, midnightMs + (hour + 0.75) * hourMs);
    return buses.filter(({ vehicle, capacity }) =>
      countsOf(messages, vehicle).some(({ APC }) => APC.vehiclecounts.vehicleload >= capacity),
    ).length;
  };
  assert.ok(overfull(7) >= 3, `${overfull(7)} buses overfull in the morning`);
  assert.ok(overfull(15.75) >= 3);
  assert.equal(overfull(12), 0);
});

test('each hour one bus is silent and comes back', () => {
  for (const hour of [0, 1, 2]) {
    const silentAt = (minute: number): number[] =>
      [...buses.keys()].filter((index) =>
        isSilent(depot, index, depot.startMs + (60 * hour + minute) * minuteMs),
      );
    assert.equal(silentAt(17).length, 0);
    assert.equal(silentAt(20).length, 1);
    assert.equal(silentAt(30).length, 0);
  }
  const minute = messagesBetween(depot, depot.startMs + 20 * minuteMs, depot.startMs + 21 * minuteMs);
  assert.equal(new Set(minute.map(({ sender }) => sender)).size, senders.length - 1);
});

test('the pit fills and is pumped out; lines are one number each', () => {
  const lines = linesBetween(depot, depot.startMs, depot.startMs + 26 * minuteMs);
  assert.equal(lines.length, 26 * 30);
  for (const line of lines) assert.match(line, /^\d+\.\d\r\n$/);
  const levels = lines.map(Number);
  assert.ok(Math.max(...levels) > 82 && Math.min(...levels) < 30);
});

test('the beginning is a rush hour, far enough back to be in the past', () => {
  for (let hour = 0; hour < 24; hour += 0.5) {
    const presentMs = midnightMs + hour * hourMs;
    const beginMs = beginningBefore(presentMs, midnightMs, 2 * hourMs);
    assert.ok(beginMs <= presentMs - 2 * hourMs && beginMs > presentMs - 19 * hourMs, `at ${hour}`);
    assert.ok(demandAt(depot, beginMs + 0.75 * hourMs) > 0.9);
  }
});

test('rules/fleet.csv knows the buses as they are', async () => {
  const text = await readFile(join(packageFolder(), 'rules', 'fleet.csv'), 'utf8');
  const rows = text
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  for (const { vehicle, capacity } of buses) {
    assert.equal(rows.find(([name]) => name === vehicle)?.[3], String(capacity), vehicle);
  }
});
