import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { ClockTrust } from '../core/clock.ts';
import { silentLogger } from '../core/log.ts';
import type { GatewayStatus } from '../core/status.ts';
import { forwardLine, idleMachine, keepingUp, noFates, quietJournal } from '../core/testing.ts';
import { createSimulatedDisk, failure, type SimulatedDisk } from '../log/simulated-disk.ts';
import { type Outbox, openOutbox } from '../outbox/outbox.ts';
import { recordHealth } from './record.ts';

const startMs = Date.parse('2026-01-05T06:00:00Z');

/** What a gateway tells at a time of day. */
function statusAt(nowMs: number, state: ClockTrust = 'sure'): GatewayStatus {
  return {
    ...{ gateway: 'depot-7', version: '1.2.3', pid: 1, startedMs: startMs, nowMs, restarts: 0 },
    machine: idleMachine,
    clock: { state, steps: 0 },
    ...{ sources: [], devices: [], rules: [], alerts: [], notifiers: [], fates: noFates },
    disk: { state: 'ok', detail: '', setAside: [], losses: {} as GatewayStatus['disk']['losses'] },
    overload: keepingUp,
    journal: quietJournal,
    checkpoint: { atMs: undefined, bytes: 0 },
    processedMs: nowMs,
    forward: forwardLine(),
  };
}

function openOn(disk: SimulatedDisk): Promise<Outbox> {
  const options = { budgetBytes: 1 << 24, logger: silentLogger, setAside() {} };
  return openOutbox('/outbox', { ...options, disk: disk.attach() });
}

async function timesIn({ health }: Outbox): Promise<number[]> {
  const times: number[] = [];
  for await (const record of health.read(0)) {
    for (const line of await record.lines()) times.push(Number(line.split(' ').at(-1)) / 1e6);
  }
  return times;
}

/** Looks once for each status given, and then ends. The line of time is that of day, or begins at `lineMs`. */
async function looks(outbox: Outbox, seen: readonly GatewayStatus[], lineMs?: number): Promise<string[]> {
  const errors: string[] = [];
  const stop = new AbortController();
  let looked = 0;
  await recordHealth({
    lane: outbox.health,
    everyMs: 1,
    async status() {
      await turn();
      looked += 1;
      if (looked >= seen.length) stop.abort();
      return seen[looked - 1]!;
    },
    lineMs: () => (lineMs === undefined ? seen[looked - 1]!.nowMs : lineMs + looked),
    setAside: () => assert.fail(),
    logger: { ...silentLogger, error: (_, message) => void errors.push(message) },
    signal: stop.signal,
  });
  return errors;
}

test('each look is a record of the health lane, and of no other', async () => {
  const outbox = await openOn(createSimulatedDisk());
  await looks(
    outbox,
    [0, 1000, 2000].map((ms) => statusAt(startMs + ms)),
  );
  assert.deepEqual(await timesIn(outbox), [startMs, startMs + 1000, startMs + 2000]);
  assert.equal(outbox.points.lineCount, 0);
  assert.equal(outbox.points.lastBatchEndMs, Number.NEGATIVE_INFINITY);
});

test('after a power cut what was written down is there once, and goes on from there', async () => {
  const disk = createSimulatedDisk();
  await looks(await openOn(disk), [statusAt(startMs), statusAt(startMs + 1000)]);
  disk.crash(() => 0.4);
  const outbox = await openOn(disk);
  // The line of time may begin anew before the last look: a machine without a clock, with a journal that says nothing.
  await looks(outbox, [statusAt(startMs + 9000), statusAt(startMs + 10_000)], 5);
  assert.deepEqual(
    await timesIn(outbox),
    [0, 1000, 9000, 10_000].map((ms) => startMs + ms),
  );
});

test('while the time of day is not known nothing is written', async () => {
  const outbox = await openOn(createSimulatedDisk());
  const seen = [statusAt(5, 'waiting'), statusAt(1005, 'waiting'), statusAt(startMs, 'guessed')];
  await looks(outbox, seen);
  assert.deepEqual(await timesIn(outbox), [startMs]);
});

test('a full disk is said once; the next look that fits is written', async () => {
  const disk = createSimulatedDisk();
  const outbox = await openOn(disk);
  let writes = 0;
  disk.before = (step) => {
    if (step === 'create' && ++writes <= 2) throw failure('ENOSPC');
  };
  const seen = [0, 1000, 2000, 3000].map((ms) => statusAt(startMs + ms));
  const errors = await looks(outbox, seen);
  assert.deepEqual(errors, ["cannot write down the gateway's own health: left out"]);
  assert.deepEqual(
    await timesIn(outbox),
    [2000, 3000].map((ms) => startMs + ms),
  );
});
