import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { until } from '../../test/peers/until.ts';
import type { NotifierConfig } from '../config/schema.ts';
import { silentLogger } from '../core/log.ts';
import type { Alert, SetAside } from '../core/types.ts';
import { type Lane, openLane } from '../log/lane.ts';
import { openLog } from '../log/log.ts';
import { createSimulatedDisk, type SimulatedDisk } from '../log/simulated-disk.ts';
import { noSettings, type Settings } from '../settings/settings.ts';
import { silenceOf } from '../settings/testing.ts';
import { type Delivery, startDelivery } from './deliver.ts';
import { sampleAlert } from './notifier.contract.ts';

const waits = { firstRetryMs: 1, maxRetryMs: 4, flushMs: 500 };

/** A receiver that takes an alert when `answer` says 2xx; `ids` is what it took. */
async function receiver(t: TestContext, answer: (id: string) => number | undefined) {
  const script = { answer, ids: [] as string[], tries: 0 };
  const server = createServer((request, response) => {
    const id = String(request.headers['idempotency-key']);
    script.tries += 1;
    const status = script.answer(id);
    if (status === undefined) return;
    if (status < 300) script.ids.push(id);
    response.writeHead(status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config: NotifierConfig = { webhook: { url, headers: {}, timeoutMs: 5000 } };
  return Object.assign(script, { config });
}

/** What people say, and the clock, both as the test wishes. */
function createPeople() {
  const listeners = new Set<() => void>();
  const people = {
    nowMs: 0,
    settings: noSettings,
    /** Undefined: whatever is asked about. */
    firing: undefined as ReadonlySet<string> | undefined,
    say(settings: Partial<Settings>): void {
      people.settings = { ...people.settings, ...settings };
      for (const listener of [...listeners]) listener();
    },
    store: {
      settings: () => people.settings,
      onChange(listener: () => void) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    listeners: () => listeners.size,
  };
  return people;
}

const everything = { has: () => true } as unknown as ReadonlySet<string>;

interface Run {
  readonly lane: Lane;
  readonly delivery: Delivery;
  readonly letters: SetAside[];
  /** Alerts of one batch. */
  append(batch: number, ids: readonly string[], notify?: readonly string[]): Promise<void>;
  appendAlerts(batch: number, ...alerts: readonly Partial<Alert>[]): Promise<void>;
  stop(): Promise<void>;
}

async function run(
  disk: SimulatedDisk,
  notifiers: Record<string, NotifierConfig>,
  flushMs = 500,
  people = createPeople(),
): Promise<Run> {
  const options = { budgetBytes: 1 << 20, segmentBytes: 4096, whenFull: 'drop-oldest' } as const;
  const log = await openLog('/alerts', { ...options, disk, logger: silentLogger });
  const lane = await openLane(log, () => 0, silentLogger);
  const letters: SetAside[] = [];
  const stop = new AbortController();
  const delivery = await startDelivery({
    lane,
    notifiers,
    gateway: 'depot-7',
    publish: () => Promise.reject(new Error('no source')),
    disk,
    cursorPath: '/notify.json',
    setAside: (entries) => void letters.push(...entries),
    logger: silentLogger,
    store: people.store,
    now: () => people.nowMs,
    firing: () => people.firing ?? everything,
    signal: stop.signal,
    waits: { ...waits, flushMs },
  });
  return {
    lane,
    delivery,
    letters,
    append: (batch, ids, notify = Object.keys(notifiers)) =>
      lane.append(
        batch,
        ids.map((id): string => JSON.stringify({ ...sampleAlert, id, notify } satisfies Alert)),
      ),
    appendAlerts: (batch, ...alerts) =>
      lane.append(
        batch,
        alerts.map((alert): string => JSON.stringify({ ...sampleAlert, notify: ['ops'], ...alert })),
      ),
    async stop() {
      stop.abort();
      await delivery.closed;
      await lane.close();
    },
  };
}

test('each notifier gets the alerts that name it, in order', async (t) => {
  const ops = await receiver(t, () => 204);
  const floor = await receiver(t, () => 204);
  const r = await run(createSimulatedDisk(), { ops: ops.config, floor: floor.config });
  await r.append(1, ['a', 'b']);
  await r.append(2, ['c'], ['floor']);
  await r.append(3, ['d'], ['ops', 'nobody']);
  await until(() => r.delivery.status().every((line) => line.pending === 0), 'all delivered');
  assert.deepEqual(
    [ops.ids, floor.ids],
    [
      ['a', 'b', 'd'],
      ['a', 'b', 'c'],
    ],
  );
  assert.deepEqual(r.delivery.status()[0], {
    name: 'ops',
    state: 'connected',
    detail: 'connected',
    delivered: 3,
    rejected: 0,
    pending: 0,
    silenced: 0,
    withheld: 0,
  });
  await r.stop();
});

test('one that is down holds nobody up, and gets everything in order when it is back', async (t) => {
  const ops = await receiver(t, () => 503);
  const floor = await receiver(t, () => 204);
  const r = await run(createSimulatedDisk(), { ops: ops.config, floor: floor.config });
  await r.append(1, ['a', 'b']);
  await r.append(2, ['c']);
  await until(() => floor.ids.length === 3 && ops.tries > 2, 'floor delivered');
  assert.equal(r.delivery.status()[0]?.state, 'down');
  assert.match(r.delivery.status()[0]!.detail, /answered 503/);
  ops.answer = () => 204;
  await until(() => ops.ids.length === 3, 'ops delivered');
  assert.deepEqual(ops.ids, ['a', 'b', 'c']);
  await r.stop();
});

test('a rejected alert is set aside, and the next one goes on', async (t) => {
  const ops = await receiver(t, (id) => (id === 'b' ? 400 : 204));
  const r = await run(createSimulatedDisk(), { ops: ops.config });
  await r.append(1, ['a', 'b', 'c']);
  await until(() => ops.ids.length === 2, 'the others delivered');
  assert.deepEqual(ops.ids, ['a', 'c']);
  const [letter] = r.letters;
  assert.deepEqual(
    [letter?.reason, letter?.rule, letter?.detail],
    ['alert-rejected', 'bus-load', 'ops: answered 400 Bad Request'],
  );
  assert.equal(JSON.parse(String(letter?.payload)).id, 'b');
  assert.equal(r.delivery.status()[0]?.rejected, 1);
  await r.stop();
});

test('over restarts each alert is delivered, in the middle of a batch too', async (t) => {
  const disk = createSimulatedDisk();
  const ops = await receiver(t, (id) => (id === 'b' ? 503 : 204));
  const first = await run(disk, { ops: ops.config }, 20);
  await first.append(1, ['a', 'b', 'c']);
  await until(() => ops.tries > 2, 'tried');
  await first.stop();
  ops.answer = () => 204;
  const second = await run(disk, { ops: ops.config });
  await until(() => ops.ids.length === 3, 'the rest delivered');
  await second.stop();
  assert.deepEqual(ops.ids, ['a', 'b', 'c']);
});

test('after a crash an alert may come twice, but none is missing', async (t) => {
  const disk = createSimulatedDisk();
  const ops = await receiver(t, () => 503);
  const first = await run(disk, { ops: ops.config });
  await first.append(1, ['a', 'b']);
  disk.crash(() => 0);
  ops.answer = () => 204;
  const second = await run(disk, { ops: ops.config });
  await until(() => ops.ids.length >= 2, 'delivered after the crash');
  assert.deepEqual([...new Set(ops.ids)], ['a', 'b']);
  await second.stop();
  await first.stop();
});

test('a new notifier begins with the alerts to come, a removed one holds nothing', async (t) => {
  const disk = createSimulatedDisk();
  const gone = await receiver(t, () => 503);
  const ops = await receiver(t, () => 204);
  const first = await run(disk, { gone: gone.config, ops: ops.config }, 5);
  for (let batch = 1; batch <= 100; batch += 1) await first.append(batch, [`a${batch}`]);
  await until(() => ops.ids.length === 100, 'ops delivered');
  await first.stop();
  const fresh = await receiver(t, () => 204);
  const second = await run(disk, { ops: ops.config, fresh: fresh.config });
  await second.append(101, ['new']);
  await until(() => fresh.ids.length === 1 && ops.ids.length === 101, 'delivered');
  await second.stop();
  assert.deepEqual(fresh.ids, ['new']);
  assert.ok(second.lane.first > 50, 'records are released below the slowest that is left');
});

test('the end delivers what was just appended', async (t) => {
  const ops = await receiver(t, () => 204);
  const r = await run(createSimulatedDisk(), { ops: ops.config });
  await r.append(1, ['a', 'b']);
  await r.stop();
  assert.deepEqual(ops.ids, ['a', 'b']);
});

test('the end does not wait for a receiver that never answers', async (t) => {
  const ops = await receiver(t, () => undefined);
  const r = await run(createSimulatedDisk(), { ops: ops.config }, 20);
  await r.append(1, ['a']);
  await until(() => ops.tries > 0, 'asked');
  await r.stop();
  assert.deepEqual(ops.ids, []);
});

test('positions that cannot be read mean delivering what is kept again', async (t) => {
  const disk = createSimulatedDisk();
  const ops = await receiver(t, () => 204);
  const first = await run(disk, { ops: ops.config });
  await first.append(1, ['a']);
  await first.stop();
  disk.corrupt('/notify.json', () => Buffer.from('not json'));
  const second = await run(disk, { ops: ops.config });
  await until(() => ops.ids.length === 2, 'delivered again');
  assert.deepEqual(ops.ids, ['a', 'a']);
  await second.stop();
});

test('without notifiers the lane is not kept', async () => {
  const r = await run(createSimulatedDisk(), {});
  for (let batch = 1; batch <= 100; batch += 1) await r.append(batch, ['a'], ['ops']);
  await r.stop();
  assert.ok(r.lane.first > 50);
});

const silent = (untilMs: number): Partial<Settings> => ({ silences: [silenceOf({ untilMs })] });

test('a silence holds back, over a restart too; what still fires when it ends is told then', async (t) => {
  const disk = createSimulatedDisk();
  const ops = await receiver(t, () => 204);
  const people = createPeople();
  people.say(silent(60_000));
  const first = await run(disk, { ops: ops.config }, 500, people);
  await first.appendAlerts(
    1,
    { id: 'a-0', episode: 'a' },
    { id: 'b-0', episode: 'b' },
    { id: 'c-0', episode: 'c', rule: 'other' },
  );
  await first.appendAlerts(2, { id: 'b-1', episode: 'b', state: 'ok', toldBefore: ['ops'] });
  await until(() => first.delivery.status()[0]?.silenced === 3, 'held back');
  await first.stop();
  assert.deepEqual(ops.ids, ['c-0']);

  const second = await run(disk, { ops: ops.config }, 500, people);
  await second.appendAlerts(3, { id: 'd-0', episode: 'd', rule: 'other' });
  await until(() => ops.ids.length === 2, 'what is not silenced');
  assert.equal(second.delivery.status()[0]?.withheld, 1);
  people.nowMs = 60_000;
  people.say({});
  await until(() => ops.ids.length === 3, 'told at the end of the silence');
  await second.appendAlerts(4, { id: 'a-1', episode: 'a', state: 'ok', toldBefore: ['ops'] });
  await until(() => ops.ids.length === 4, 'and of its end');
  await second.stop();
  assert.deepEqual(ops.ids, ['c-0', 'd-0', 'a-0', 'a-1']);
  assert.equal(people.listeners(), 0);
});

test('the end of a silence is noticed without anybody saying so', async (t) => {
  const ops = await receiver(t, () => 204);
  const people = createPeople();
  people.say(silent(20));
  const r = await run(createSimulatedDisk(), { ops: ops.config }, 500, people);
  await r.appendAlerts(1, { id: 'a-0', episode: 'a' });
  await until(() => r.delivery.status()[0]?.withheld === 1, 'held back');
  people.nowMs = 20;
  await until(() => ops.ids.length === 1, 'told');
  await r.stop();
});

test('whoever was told before a silence is told of the end in it', async (t) => {
  const ops = await receiver(t, () => 204);
  const people = createPeople();
  const r = await run(createSimulatedDisk(), { ops: ops.config }, 500, people);
  await r.appendAlerts(1, { id: 'a-0', episode: 'a', severity: 'warning' });
  await until(() => ops.ids.length === 1, 'told');
  people.say(silent(60_000));
  await r.appendAlerts(2, { id: 'a-1', episode: 'a', toldBefore: ['ops'] });
  await r.appendAlerts(3, { id: 'a-2', episode: 'a', state: 'ok', toldBefore: ['ops'] });
  await until(() => ops.ids.length === 2, 'told of the end');
  await r.stop();
  assert.deepEqual(ops.ids, ['a-0', 'a-2']);
});

test('what ended without a word while it was withheld is not told, and forgotten at the next start', async (t) => {
  const disk = createSimulatedDisk();
  const ops = await receiver(t, () => 204);
  const people = createPeople();
  people.say(silent(60_000));
  const first = await run(disk, { ops: ops.config }, 500, people);
  await first.appendAlerts(1, { id: 'a-0', episode: 'a' });
  await until(() => first.delivery.status()[0]?.withheld === 1, 'held back');
  people.firing = new Set();
  people.say({ silences: [] });
  await first.appendAlerts(2, { id: 'b-0', episode: 'b' });
  await until(() => ops.ids.length === 1, 'the next one');
  await first.stop();
  const second = await run(disk, { ops: ops.config }, 500, people);
  assert.equal(second.delivery.status()[0]?.withheld, 0);
  await second.stop();
  assert.deepEqual(ops.ids, ['b-0']);
});

test('after a crash in a silence nobody is told of an end only', async (t) => {
  const disk = createSimulatedDisk();
  const ops = await receiver(t, () => 204);
  const people = createPeople();
  people.say(silent(60_000));
  const first = await run(disk, { ops: ops.config }, 500, people);
  await first.appendAlerts(1, { id: 'a-0', episode: 'a' });
  await until(() => first.delivery.status()[0]?.withheld === 1, 'held back');
  disk.crash(() => 0);
  const second = await run(disk, { ops: ops.config }, 500, people);
  await second.appendAlerts(2, { id: 'a-1', episode: 'a', state: 'ok', toldBefore: ['ops'] });
  await until(() => second.delivery.status()[0]?.pending === 0, 'done');
  await second.stop();
  await first.stop();
  assert.deepEqual(ops.ids, []);
});
