/** Gateways as processes whose system clock is wrong, is set under way, or is not set at all. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { headgateIn } from './peers/command.ts';
import { freePort } from './peers/free-port.ts';
import { type GatewayProcess, makeGateway } from './peers/gateway.ts';
import { publishAll } from './peers/session-publisher.ts';
import { until } from './peers/until.ts';

const hour = 3_600_000;
const day = 24 * hour;

interface Settings {
  /** How long it waits for the clock. */
  readonly wait: string;
  readonly limits?: string;
  readonly silentAfter?: string;
  readonly forward?: string;
}

const files = (
  port: number,
  { wait, limits = '{}', silentAfter = '10m', forward = '{}' }: Settings,
): Record<string, string> => ({
  'headgate.yaml': `gateway: g
batch: 100ms
clock: { wait: ${wait} }
limits: ${limits}
forward: ${forward}
sources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } } }
`,
  'devices/meter.yaml': `device: meter
topic: meter/{name}
codec: json
fields: { n: { path: n } }
silent_after: ${silentAfter}
`,
  'rules/rules.yaml': `rules:
  - { name: each, from: meter, by: [name], silent: { severity: warning, notify: [log] } }
  - { name: minute, from: meter, by: [name], window: { tumbling: 1m }, compute: { n: count() } }
`,
});

interface Site {
  readonly gateway: GatewayProcess;
  /** What the system clock shows from now on, against the right time. */
  set(shiftMs: number): void;
  /** At its next start a time service is to set the clock, and has not. */
  awaits(): void;
  /** Nobody is to set the clock any more. */
  awaitsNobody(): void;
  /** Sends so many more readings, numbered on, of at least so many bytes; resolves once they are acknowledged. */
  send(count: number, bytes?: number): Promise<void>;
  readonly sent: () => number;
}

async function makeSite(settings: Settings, shiftMs: number): Promise<Site> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'headgate-clock-'));
  const path = join(folder, 'shift');
  const set = (ms: number): void => writeFileSync(path, `${ms}`);
  set(shiftMs);
  writeFileSync(join(folder, 'timedatectl'), '#!/bin/sh\necho NTP=yes\n', { mode: 0o755 });
  const gateway = await makeGateway(files(port, settings), {
    preloads: [join(import.meta.dirname, 'peers/clock-hook.ts')],
    env: () => ({ HEADGATE_TEST_CLOCK: path, PATH: `${folder}:${process.env.PATH}` }),
  });
  after(async () => {
    await gateway.remove();
    await rm(folder, { recursive: true, force: true });
  });
  let sent = 0;
  return {
    gateway,
    set,
    awaits: () => writeFileSync(`${path}.awaited`, ''),
    awaitsNobody: () => rmSync(`${path}.awaited`),
    sent: () => sent,
    async send(count, bytes = 0) {
      const messages = Array.from({ length: count }, (_, i) => ({
        topic: 'meter/a',
        payload: JSON.stringify({ n: sent + i, noise: randomBytes(bytes / 2).toString('hex') }),
      }));
      sent += count;
      await publishAll(port, `meter-${sent}`, 1, messages);
    },
  };
}

interface Written {
  readonly n: number;
  readonly ms: number;
}

function textOf({ gateway }: Site): string {
  const folder = join(gateway.folder, 'data/points');
  const names = readdirSync(folder).sort();
  return names.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
}

/** The points of a rule, in the order they were written. */
function written(site: Site, rule: string): Written[] {
  return textOf(site)
    .split('\n')
    .filter((line) => line.startsWith(`${rule},`))
    .map((line) => {
      const [, fields, time] = line.split(' ');
      return { n: Number(/n=([\d.]+)/.exec(fields!)![1]), ms: Number(time) / 1e6 };
    });
}

/** Every reading is a point, once, in order. */
async function allWritten(site: Site): Promise<Written[]> {
  await until(() => written(site, 'each').length >= site.sent(), 'every reading to be a point');
  const points = written(site, 'each');
  assert.deepEqual(
    points.map(({ n }) => n),
    Array.from({ length: site.sent() }, (_, n) => n),
  );
  return points;
}

const stateOf = async ({ gateway }: Site): Promise<string> => (await gateway.status()).clock.state;

// Most of it is waiting.
describe('clocks', { concurrency: true }, () => {
  test('started in 1970, killed, started there again: what was acknowledged is processed once the clock is set', async () => {
    const site = await makeSite({ wait: '1h' }, 60_000 - Date.now());
    const { gateway } = site;
    for (let boot = 0; boot < 2; boot++) {
      await gateway.start();
      await site.send(20);
      const { clock, fates, journal } = await gateway.status();
      assert.equal(clock.state, 'waiting');
      assert.equal(fates.frames, 0);
      assert.equal(journal.waiting, site.sent());
      if (boot === 0) await gateway.kill();
    }
    assert.ok(gateway.logLines.some((line) => line.includes('earlier than this software')));
    const setMs = Date.now();
    site.set(1);
    await until(async () => (await stateOf(site)) === 'sure', 'the clock to be known');
    await site.send(20);
    const points = await allWritten(site);
    for (const [i, { ms }] of points.entries()) {
      assert.ok(ms > setMs - hour && ms <= Date.now() + 1000, new Date(ms).toISOString());
      if (i > 0) assert.ok(ms > points[i - 1]!.ms);
    }
    assert.equal((await gateway.stop()).code, 0);
    await gateway.start();
    assert.equal(await stateOf(site), 'sure');
    await site.send(5);
    await allWritten(site);
  });

  test('stopped while it waits, it has lost nothing', async () => {
    const site = await makeSite({ wait: '1h' }, 60_000 - Date.now());
    await site.gateway.start();
    await site.send(20);
    assert.equal((await site.gateway.stop()).code, 0);
    site.set(1);
    await site.gateway.start();
    await allWritten(site);
  });

  test('never set, it goes on after its wait, says so, and stamps nothing in 1970', async () => {
    const site = await makeSite({ wait: '1s' }, 60_000 - Date.now());
    await site.gateway.start();
    await site.send(20);
    const points = await allWritten(site);
    assert.equal(await stateOf(site), 'guessed');
    assert.ok(site.gateway.logLines.some((line) => line.includes('no reading is called ahead of time')));
    for (const { ms } of points) assert.equal(new Date(ms).getUTCFullYear(), 2026);
    site.set(1);
    await until(async () => (await stateOf(site)) === 'sure', 'the clock to be known', 30_000);
    await site.send(5);
    const last = (await allWritten(site)).at(-1)!;
    assert.ok(Math.abs(last.ms - Date.now()) < 60_000);
  });

  test('set by hours and months, back and forth, while it runs and while it is down', async () => {
    const site = await makeSite({ wait: '5s' }, 1);
    const { gateway } = site;
    await gateway.start();
    await site.send(10);
    const steps = [hour, 1, -hour, 1, 30 * day, 1, -30 * day, 1];
    for (const [i, shiftMs] of steps.entries()) {
      site.set(shiftMs);
      await until(async () => (await gateway.status()).clock.steps === i + 1, `step ${i}`);
      await site.send(10);
      const { nowMs, startedMs, clock } = await gateway.status();
      assert.ok(Math.abs(nowMs - (Date.now() + shiftMs)) < 60_000, 'shows the time of day');
      assert.ok(nowMs - startedMs < 10 * 60_000, 'and how long it runs');
      assert.equal(Math.sign(clock.lastStepMs!), Math.sign(shiftMs - (steps[i - 1] ?? 1)));
    }
    const points = await allWritten(site);
    const shifts = points.map(({ ms }) => Math.round((ms - Date.now()) / hour) || 0);
    assert.deepEqual(
      shifts.filter((_, i) => i % 10 === 9),
      [0, ...steps.map((ms) => Math.round(ms / hour))],
    );
    for (const shiftMs of [30 * day, 1]) {
      await gateway.kill();
      site.set(shiftMs);
      await gateway.start();
      await site.send(10);
      await until(
        async () => (await gateway.status()).clock.state !== 'waiting',
        'it not to wait any more',
        30_000,
      );
      const last = (await allWritten(site)).at(-1)!;
      assert.ok(Math.abs(last.ms - (Date.now() + shiftMs)) < 60_000, new Date(last.ms).toISOString());
    }
    const { alerts, fates } = await gateway.status();
    assert.deepEqual(alerts, [], 'nobody was silent');
    assert.equal(fates.setAside, 0);
    await gateway.stop();
    const lines = (text: string): string[] =>
      text
        .split('\n')
        .filter((line) => line.startsWith('each,'))
        .sort();
    const { stdout } = await headgateIn(['replay', '--journal'], { cwd: gateway.folder });
    assert.deepEqual(lines(stdout), lines(textOf(site)), 'a replay knows the same times of day');
  });

  test('set while points wait for a server, how long they have waited is known', async () => {
    const site = await makeSite({ wait: '5s', forward: '{ influx: { url: "http://127.0.0.1:9" } }' }, 1);
    const { gateway } = site;
    await gateway.start();
    await site.send(1);
    await until(
      async () => (await gateway.status()).forward.oldestPendingMs !== undefined,
      'a point to wait',
    );
    for (const [i, shiftMs] of [30 * day, -hour].entries()) {
      site.set(shiftMs);
      await until(async () => (await gateway.status()).clock.steps === i + 1, `step ${i}`);
      const { nowMs, forward } = await gateway.status();
      const waitedMs = nowMs - forward.oldestPendingMs!;
      assert.ok(waitedMs >= 0 && waitedMs < 10 * 60_000, `${waitedMs} ms`);
    }
  });

  test('a journal of its full size takes what comes while the clock is awaited, and holds senders back before it must refuse', async () => {
    const site = await makeSite({ wait: '1h', limits: '{ journal: 16MB }' }, 1);
    const { gateway } = site;
    await gateway.start();
    await site.send(700, 30_000);
    await allWritten(site);
    await gateway.kill();
    site.set(60_000 - Date.now());
    await gateway.start();
    await site.send(50, 30_000);
    await gateway.kill();
    await gateway.start();
    await site.send(50, 30_000);
    const sending = site.send(600, 30_000);
    await until(
      async () => (await gateway.status()).overload.state === 'held back',
      'senders to be held back',
    );
    const { clock, journal } = await gateway.status();
    assert.deepEqual([clock.state, journal.refused], ['waiting', 0]);
    site.set(1);
    await sending;
    await allWritten(site);
    assert.equal((await gateway.status()).journal.refused, 0);
  });

  test('stopped for longer than a device may be silent, it has heard nobody be silent', async () => {
    const site = await makeSite({ wait: '5s', silentAfter: '8s' }, 1);
    const { gateway } = site;
    await gateway.start();
    await site.send(1);
    await allWritten(site);
    gateway.signal('SIGSTOP');
    await wait(12_000);
    gateway.signal('SIGCONT');
    await until(
      async () => (await gateway.status()).clock.steps === 1,
      'the time it was stopped to be known',
      30_000,
    );
    const { clock, nowMs } = await gateway.status();
    assert.ok(clock.lastStepMs! > 11_000);
    await until(async () => (await gateway.status()).processedMs > nowMs, 'batches after it');
    assert.deepEqual((await gateway.status()).alerts, []);
    await until(
      async () => (await gateway.status()).alerts.length === 1,
      'it to be silent after 8 s',
      30_000,
    );
  });

  test('down for an hour, and killed again while it awaits the clock: nobody was silent for that hour', async () => {
    const site = await makeSite({ wait: '1h' }, 1);
    const { gateway } = site;
    await gateway.start();
    await site.send(10);
    await gateway.kill();
    site.set(hour);
    site.awaits();
    await gateway.start();
    await site.send(10);
    assert.equal(await stateOf(site), 'waiting');
    await gateway.kill();
    site.awaitsNobody();
    await gateway.start();
    await allWritten(site);
    await site.send(1);
    const points = await allWritten(site);
    assert.ok(points[10]!.ms - points[9]!.ms > 0.99 * hour);
    assert.ok(!gateway.logLines.some((line) => line.includes('is silent')), 'nobody was silent');
  });
});
