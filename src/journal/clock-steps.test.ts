import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClockTrust, createClock } from '../core/clock.ts';
import type { FrameSpan } from '../core/frame.ts';
import { silentLogger } from '../core/log.ts';
import { createSimulatedDisk } from '../log/simulated-disk.ts';
import { batches } from './batches.ts';
import { type Journal, openJournal, timeOfDay } from './journal.ts';

const startMs = Date.UTC(2026, 5, 1, 12);
const hour = 3_600_000;
const day = 24 * hour;
const earliestMs = Date.UTC(2026, 0, 1);

/** A machine whose clock is set while its journal goes on, over restarts and power cuts. */
async function machine(wallMs = startMs) {
  const disk = createSimulatedDisk();
  const time = { wallMs, monotonicMs: 0 };
  let trust: ClockTrust = 'sure';
  let journal: Journal;
  const boot = async (): Promise<void> => {
    const base = { wallMs: () => time.wallMs, monotonicMs: () => time.monotonicMs, speed: () => 1000 };
    journal = await openJournal('/journal', {
      disk,
      clock: createClock(base, { earliestMs }),
      trust: () => trust,
      budgetBytes: 1 << 24,
      logger: silentLogger,
    });
  };
  await boot();
  return {
    disk,
    boot,
    set: (ms: number) => {
      time.wallMs = ms;
    },
    trusts(next: ClockTrust) {
      trust = next;
    },
    pass(ms: number) {
      time.wallMs += ms;
      time.monotonicMs += ms;
      journal.now();
    },
    send(text: string) {
      journal.append('mqtt', 't', Buffer.from(text), 'accepted', (error) => assert.equal(error, undefined));
    },
    journal: () => journal,
    timeOfDay: () => timeOfDay(journal),
    /** What is in the journal: each frame with its time of day, and whether that is sure. */
    async content(): Promise<string[]> {
      await journal.sync();
      const found: string[] = [];
      let lastMs = 0;
      for await (const span of journal.read({ sequence: 0, frame: 0 }, Number.POSITIVE_INFINITY)) {
        const { offsetMs, isSure } = span.clock!;
        span.visit((_route, buffer, start, end, arrivalMs) => {
          assert.ok(arrivalMs > lastMs, 'order');
          lastMs = arrivalMs;
          const at = new Date(Math.floor(arrivalMs + offsetMs + 0.01)).toISOString().slice(0, 19);
          found.push(`${buffer.toString('latin1', start, end)} ${at}${isSure ? '' : '?'}`);
        });
      }
      return found;
    },
  };
}

test('frames keep their order across any step, and each has the time of day of its arrival', async () => {
  const site = await machine();
  const expected: string[] = [];
  const steps = [0, hour, -hour, 30 * day, -30 * day, -30 * day, 300, -300];
  for (const [i, byMs] of steps.entries()) {
    site.set(startMs + i * 2000 + steps.slice(0, i + 1).reduce((sum, ms) => sum + ms, 0));
    site.pass(2000);
    site.send(`${i}`);
    expected.push(`${i} ${new Date(Math.floor(site.timeOfDay())).toISOString().slice(0, 19)}`);
    if (Math.abs(byMs) > 1000)
      assert.ok(
        Math.abs(
          site.timeOfDay() -
            (startMs + (i + 1) * 2000 + steps.slice(0, i + 1).reduce((sum, ms) => sum + ms, 0)),
        ) < 400,
      );
    if (i === 3) {
      await site.journal().close();
      await site.boot();
    }
  }
  assert.deepEqual(await site.content(), expected);
  assert.ok(site.journal().stats.clockSteps >= 2);
  await site.journal().close();
  await site.boot();
  assert.deepEqual(await site.content(), expected);
});

test('after a restart the clock may be hours or days off what was recorded', async () => {
  for (const byMs of [hour, -hour, 30 * day, -30 * day]) {
    const site = await machine();
    site.send('a');
    site.pass(5000);
    await site.journal().close();
    site.set(startMs + 5000 + byMs);
    await site.boot();
    site.send('b');
    site.pass(1000);
    site.send('c');
    const at = (ms: number): string => new Date(startMs + ms).toISOString().slice(0, 19);
    assert.deepEqual(await site.content(), [`a ${at(0)}`, `b ${at(5000 + byMs)}`, `c ${at(6000 + byMs)}`]);
    // Forward it is time in which the machine was down.
    assert.equal(site.journal().stats.clockSteps, byMs > 0 ? 0 : 1);
  }
});

test('frames of a machine that does not know the time get it once it does; nothing is in 1970', async () => {
  const site = await machine();
  site.send('before');
  site.pass(1000);
  await site.journal().close();
  site.set(12_000);
  site.trusts('waiting');
  await site.boot();
  site.send('one');
  site.pass(30_000);
  site.send('two');
  site.set(startMs + day);
  site.pass(1000);
  site.send('three');
  await site.journal().sync();
  site.trusts('sure');
  site.pass(1000);
  site.send('four');
  const at = (ms: number): string => new Date(startMs + day + ms).toISOString().slice(0, 19);
  const expected = [
    `before ${new Date(startMs).toISOString().slice(0, 19)}`,
    `one ${at(-30_000)}`,
    `two ${at(0)}`,
    `three ${at(1000)}`,
    `four ${at(2000)}`,
  ];
  assert.deepEqual(await site.content(), expected);
  await site.journal().close();
  await site.boot();
  assert.deepEqual(await site.content(), expected);
});

test('frames of boots that ended before the time was known lie between what was before and after, in order', async () => {
  const site = await machine();
  site.send('before');
  await site.journal().close();
  site.trusts('waiting');
  for (let boot = 0; boot < 3; boot++) {
    site.set(8000);
    await site.boot();
    site.pass(2000);
    site.send(`boot ${boot}`);
    await site.journal().sync();
    site.pass(60_000);
    site.disk.crash(() => 0);
  }
  site.set(startMs + day);
  await site.boot();
  site.trusts('sure');
  site.pass(1000);
  site.send('after');
  const found = await site.content();
  assert.deepEqual(
    found.map((line) => line.replace(/ \d{4}-.*/, '')),
    ['before', 'boot 0', 'boot 1', 'boot 2', 'after'],
  );
  const times = found.map((line) => Date.parse(`${line.slice(-19)}Z`));
  for (const [i, ms] of times.entries()) {
    assert.ok(ms >= startMs - 1000 && ms <= startMs + day + 1000, found[i]);
    if (i > 0) assert.ok(ms >= times[i - 1]!, found.join('\n'));
  }
});

test('a machine that is never told the time goes on from what was recorded, and says that it guesses', async () => {
  const site = await machine();
  site.send('before');
  await site.journal().close();
  site.set(8000);
  site.trusts('waiting');
  await site.boot();
  site.pass(5000);
  site.send('one');
  site.pass(300_000);
  site.trusts('guessed');
  site.send('two');
  site.pass(hour);
  site.send('three');
  const at = (ms: number): string => new Date(startMs + ms).toISOString().slice(0, 19);
  assert.deepEqual(await site.content(), [
    `before ${at(0)}`,
    `one ${at(5000)}?`,
    `two ${at(305_000)}?`,
    `three ${at(305_000 + hour)}?`,
  ]);
});

test('a new machine that is never told the time begins when this software did', async () => {
  const site = await machine(3000);
  site.trusts('guessed');
  site.send('one');
  site.pass(1000);
  site.send('two');
  assert.deepEqual(await site.content(), ['one 2026-01-01T00:00:00?', 'two 2026-01-01T00:00:01?']);
});

test('a step is on disk before batches are cut after it, though no frame comes', async () => {
  const site = await machine();
  const cut = batches(site.journal(), {
    from: { sequence: 0, frame: 0 },
    startMs,
    batchMs: 1000,
    clock: { now: site.journal().now, waitMs: () => 1, offsetMs: () => 0, isPlausible: () => true },
    signal: new AbortController().signal,
    quietUntilMs: () => 0,
  });
  site.pass(1500);
  await cut.next();
  site.set(startMs - 30 * day);
  site.pass(1000);
  site.pass(1000);
  await cut.next();
  site.pass(2000);
  const offsets: number[] = [];
  while (offsets.length === 0) {
    const { batch } = (await cut.next()).value!;
    assert.ok(batch.endMs <= site.journal().now());
    for (const { clock } of batch.spans as FrameSpan[]) offsets.push(Math.round(clock!.offsetMs / day));
  }
  assert.deepEqual(offsets, [-30]);
  await cut.return(undefined);
});

test('after a step of a month no slot is walked through: there are as many batches as time that passed', async () => {
  for (const byMs of [30 * day, -30 * day]) {
    const site = await machine();
    let asked = 0;
    const cut = batches(site.journal(), {
      from: { sequence: 0, frame: 0 },
      startMs,
      batchMs: 1000,
      clock: { now: site.journal().now, waitMs: () => 1, offsetMs: () => 0, isPlausible: () => true },
      signal: new AbortController().signal,
      quietUntilMs: () => {
        asked += 1;
        return 0;
      },
    });
    site.pass(1000);
    await cut.next();
    site.set(startMs + byMs);
    site.pass(5000);
    let endMs = startMs + 1000;
    let count = 0;
    for (; endMs + 1000 <= site.journal().now(); count++) ({ endMs } = (await cut.next()).value!.batch);
    assert.ok(count <= 6 && asked <= 6, `${count} batches, asked ${asked} times`);
    assert.equal(Math.round(timeOfDay(site.journal()) - startMs - 5000), byMs);
    await cut.return(undefined);
  }
});

test('frames that wait for the time, and get none, are not gone through again for each of them', async () => {
  const site = await machine();
  site.trusts('waiting');
  for (let i = 0; i < 300; i++) {
    site.send(`${i}`);
    site.pass(1);
    await site.journal().sync();
  }
  await site.journal().close();
  await site.boot();
  let reads = 0;
  site.disk.before = async (step) => {
    if (step === 'read') reads += 1;
  };
  const { length } = await site.content();
  assert.equal(length, 300);
  assert.ok(reads < 100, `${reads} reads`);
});
