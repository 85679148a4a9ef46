import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../test/peers/until.ts';
import { createClock } from './clock.ts';
import type { Logger } from './log.ts';
import { silentLogger } from './log.ts';
import { serviceIn, type TimeService } from './time-service.ts';
import { startTimekeeping, type Timekeeper } from './timekeeping.ts';

const earliestMs = Date.UTC(2026, 0, 1);
const presentMs = Date.UTC(2026, 5, 1);

async function keeper(options: {
  readonly wallMs: number;
  readonly service?: TimeService;
  readonly waitMs?: number;
  readonly recordedMs?: number;
}) {
  const machine = { wallMs: options.wallMs, monotonicMs: 0, service: options.service ?? 'none' };
  const said: string[] = [];
  const note = (_: object, text: string): void => void said.push(text);
  const logger: Logger = { ...silentLogger, info: note, warn: note, error: note };
  const base = {
    wallMs: () => machine.wallMs,
    monotonicMs: () => (machine.monotonicMs += 1000),
    speed: () => 1000,
  };
  const abort = new AbortController();
  const timekeeper: Timekeeper = await startTimekeeping({
    clock: createClock(base, { earliestMs }),
    recordedMs: options.recordedMs ?? 0,
    waitMs: options.waitMs ?? 60_000,
    ask: async () => machine.service,
    everyMs: 1,
    logger,
    signal: abort.signal,
  });
  return { machine, said, abort, timekeeper };
}

test('a clock that can be right is taken at once where nobody sets it, and where it was set', async () => {
  for (const service of ['none', 'synchronised'] as const) {
    const { timekeeper, said, abort } = await keeper({ wallMs: presentMs, service });
    assert.equal(timekeeper.trust(), 'sure');
    await timekeeper.told;
    assert.deepEqual(said, []);
    abort.abort();
  }
});

test('it waits for the service, for a time that can be, and for one not before what was recorded', async () => {
  const cases = [
    { wallMs: presentMs, service: 'awaited' },
    { wallMs: 5000, service: 'none' },
    { wallMs: 5000, service: 'synchronised' },
    { wallMs: presentMs, service: 'none', recordedMs: presentMs + 3_600_000 },
  ] as const;
  for (const one of cases) {
    const { timekeeper, machine, said, abort } = await keeper(one);
    assert.equal(timekeeper.trust(), 'waiting');
    assert.equal(said.length, 1);
    Object.assign(machine, { wallMs: presentMs + 7_200_000, service: 'synchronised' });
    await timekeeper.told;
    assert.equal(timekeeper.trust(), 'sure');
    abort.abort();
  }
});

test('a service vouches for a clock that is behind what was recorded: then that was wrong', async () => {
  const { timekeeper, abort } = await keeper({
    wallMs: presentMs,
    service: 'synchronised',
    recordedMs: presentMs + 30 * 86_400_000,
  });
  assert.equal(timekeeper.trust(), 'sure');
  abort.abort();
});

test('when its wait is over it guesses, says so once, and is sure when the clock is set after all', async () => {
  const { timekeeper, machine, said, abort } = await keeper({ wallMs: 5000, waitMs: 20 });
  await timekeeper.told;
  assert.equal(timekeeper.trust(), 'guessed');
  assert.equal(said.length, 2);
  assert.match(said[1]!, /going on with the time recorded last/);
  machine.wallMs = presentMs;
  await until(() => timekeeper.trust() === 'sure', 'to be sure');
  assert.equal(said.at(-1), 'the time of day is known now');
  abort.abort();
});

test('without a wait the clock is taken as it is, unless it cannot be right', async () => {
  const taken = await keeper({
    wallMs: presentMs,
    waitMs: 0,
    service: 'awaited',
    recordedMs: presentMs + 1e9,
  });
  assert.equal(taken.timekeeper.trust(), 'sure');
  const not = await keeper({ wallMs: 5000, waitMs: 0 });
  assert.equal(not.timekeeper.trust(), 'guessed');
  for (const { abort } of [taken, not]) abort.abort();
});

test('an abort ends the wait', async () => {
  const { timekeeper, abort } = await keeper({ wallMs: 5000 });
  abort.abort();
  await timekeeper.told;
  assert.equal(timekeeper.trust(), 'waiting');
});

test('what timedatectl says', () => {
  const cases: [string, TimeService][] = [
    ['NTP=yes\nNTPSynchronized=no\n', 'awaited'],
    ['NTP=yes\nNTPSynchronized=yes\n', 'synchronised'],
    ['NTP=no\nNTPSynchronized=yes\n', 'synchronised'],
    ['NTP=no\nNTPSynchronized=no\n', 'none'],
    ['', 'none'],
  ];
  for (const [text, service] of cases) assert.equal(serviceIn(text), service, text);
});
