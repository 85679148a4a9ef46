import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  advanceBacklog,
  backlogLines,
  backlogUntilMs,
  cutBacklog,
  type Mark,
  neededFrom,
  type Positions,
  parsePositions,
} from './positions.ts';

const at = (sequence: number): Mark => ({ sequence, line: sequence });

test('whatever the order of outages and sends, each point ends with its newest line, and all were sent', () => {
  // A record is one line: the time (and so the identity) of its point. Its value is its sequence.
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ append: fc.nat(6) }) },
    { weight: 3, arbitrary: fc.constant('live' as const) },
    { weight: 3, arbitrary: fc.constant('backlog' as const) },
    { weight: 1, arbitrary: fc.constant('outage' as const) },
  );
  const property = fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
    const times: number[] = [];
    const server = new Map<number, number>();
    const sent = new Set<number>();
    let positions: Positions = { live: at(0) };
    const send = (sequence: number): void => {
      sent.add(sequence);
      server.set(times[sequence]!, sequence);
    };
    const sendLive = (): void => {
      const { sequence } = positions.live;
      if (sequence >= times.length) return;
      send(sequence);
      positions = { ...positions, live: at(sequence + 1) };
    };
    const sendBacklog = (): void => {
      const { backlog } = positions;
      if (backlog === undefined) return;
      const { sequence } = backlog.at;
      if (times[sequence]! <= backlogUntilMs(backlog, sequence)) send(sequence);
      positions = advanceBacklog(positions, at(sequence + 1));
    };
    for (const one of steps) {
      if (one === 'live') sendLive();
      else if (one === 'backlog') sendBacklog();
      else if (one === 'outage') positions = cutBacklog(positions, at(times.length), Math.max(...times));
      else times.push(one.append);
      const unsent = times
        .keys()
        .filter((sequence) => sequence < positions.live.sequence && !sent.has(sequence));
      assert.equal(backlogLines(positions), [...unsent].length);
      assert.deepEqual(parsePositions(JSON.parse(JSON.stringify(positions))), positions);
      const oldest = times.findIndex((_time, sequence) => !sent.has(sequence));
      assert.ok(neededFrom(positions) <= (oldest < 0 ? times.length : oldest));
    }
    while (positions.live.sequence < times.length || positions.backlog !== undefined) {
      sendLive();
      sendBacklog();
    }
    assert.equal(sent.size, times.length);
    const expected = new Map(times.map((time, sequence) => [time, sequence]));
    assert.deepEqual(new Map([...server].sort()), new Map([...expected].sort()));
  });
  fc.assert(property, { numRuns: 2000 });
});

test('an outage during which nothing came changes nothing', () => {
  const positions: Positions = { live: at(5) };
  assert.equal(cutBacklog(positions, at(5), 100), positions);
});

test('what is not a position is none', () => {
  for (const value of [null, 1, {}, { live: { sequence: 1 } }, { live: at(1), backlog: { at: at(0) } }]) {
    assert.equal(parsePositions(value), undefined);
  }
  const withRange = { live: at(1), backlog: { at: at(0), unsent: [null], newestMs: 5 } };
  assert.equal(parsePositions(withRange), undefined);
});
