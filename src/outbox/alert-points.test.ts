import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { until } from '../../test/peers/until.ts';
import { silentLogger } from '../core/log.ts';
import type { Alert, SetAside } from '../core/types.ts';
import { shareLane } from '../log/shared-lane.ts';
import { createSimulatedDisk, type SimulatedDisk } from '../log/simulated-disk.ts';
import { alertLines, alertPoint } from './alert-points.ts';
import { startForward } from './forward.ts';
import { encodePoint } from './line-protocol.ts';
import { type Outbox, openOutbox } from './outbox.ts';

const startMs = Date.parse('2026-01-05T06:00:00Z');

function alertOf(rest: Partial<Alert> = {}): Alert {
  return {
    ...{ id: 'a1', episode: 'e1', rule: 'bus-load', key: { vehicle: '01029' }, state: 'firing' },
    ...{ severity: 'warning', firedAtMs: startMs, atMs: startMs, message: 'Bus 01029: 81 aboard' },
    ...{ notify: ['log'], values: { load: 81 } },
    ...rest,
  };
}

test('a change of an alert is a point at its time, with the tags of its key', () => {
  assert.deepEqual(alertPoint(alertOf({ severity: 'critical', atMs: startMs + 5 }), 'depot-7'), {
    measurement: 'headgate_alert',
    tags: { vehicle: '01029', gateway: 'depot-7', rule: 'bus-load', severity: 'critical', state: 'firing' },
    fields: { message: 'Bus 01029: 81 aboard', id: 'a1', episode: 'e1', firing: 1 },
    timeMs: startMs + 5,
  });
  assert.equal(alertPoint(alertOf({ state: 'ok' }), 'depot-7')?.fields.firing, 0);
  assert.equal(alertPoint(alertOf({ reminder: 1 }), 'depot-7'), undefined);
});

test('tags of a key that are named as what a point has already get another name', () => {
  const key = { rule: '1', key_rule: '2', key_key_rule: '3', id: '4', rules: '5', key_x: '6' };
  assert.deepEqual(alertPoint(alertOf({ key }), 'g')?.tags, {
    ...{ key_rule: '1', key_key_rule: '2', key_key_key_rule: '3', key_id: '4', rules: '5', key_x: '6' },
    ...{ gateway: 'g', rule: 'bus-load', severity: 'warning', state: 'firing' },
  });
});

test('property: different keys give different series, and no key hides what the point says itself', () => {
  const name = fc.oneof(
    fc.constantFrom('rule', 'key_rule', 'severity', 'state', 'message', 'id', 'firing', 'vehicle'),
    fc.stringMatching(/^(key_){0,2}[a-z]{1,4}$/),
  );
  const keys = fc.dictionary(name, fc.string({ minLength: 1, maxLength: 3 }), { maxKeys: 4 });
  const sorted = (object: object): string => JSON.stringify(Object.entries(object).sort());
  fc.assert(
    fc.property(keys, keys, (one, other) => {
      const [a, b] = [one, other].map((key) => alertPoint(alertOf({ key }), 'g')!);
      assert.equal(sorted(a!.tags) === sorted(b!.tags), sorted(one) === sorted(other));
      assert.equal(a!.tags.rule, 'bus-load');
      assert.ok(Object.keys(a!.tags).every((tag) => !(tag in a!.fields)));
    }),
  );
});

interface Run {
  readonly outbox: Outbox;
  readonly sent: string[];
  readonly faults: SetAside[];
  isUp: boolean;
  status(): { readonly pendingPoints: number; readonly lost: number };
  /** What the notifiers have. */
  releaseAll(): void;
  /** Its disk answers no more. */
  abandon(): void;
  stop(): Promise<void>;
}

async function run(disk: SimulatedDisk, budgetBytes = 1 << 24): Promise<Run> {
  const attached = disk.attach();
  const options = { budgetBytes, logger: silentLogger, setAside() {} };
  const outbox = await openOutbox('/outbox', { ...options, disk: attached });
  const [told, sends] = shareLane(outbox.alerts, 2);
  const state = { isUp: true, sent: [] as string[], faults: [] as SetAside[] };
  const stop = new AbortController();
  const setAside = (entries: readonly SetAside[]): void => void state.faults.push(...entries);
  const forwarder = await startForward({
    lane: alertLines(sends!, { gateway: 'depot-7', setAside }),
    sink: {
      async send(lines) {
        if (!state.isUp) return { kind: 'unavailable', detail: 'away' };
        state.sent.push(...lines);
        return { kind: 'accepted' };
      },
      async close() {},
    },
    ...{ target: 'test', disk: attached, cursorPath: outbox.cursorPath('alert-points'), setAside },
    ...{ backlogPointsPerSecond: Number.POSITIVE_INFINITY, logger: silentLogger, signal: stop.signal },
    waits: { firstRetryMs: 5, maxRetryMs: 5, positionMs: 1, flushMs: 100 },
  });
  return Object.assign(state, {
    outbox,
    status: forwarder.status,
    releaseAll: () => told!.release(outbox.alerts.next),
    abandon: () => stop.abort(),
    async stop() {
      stop.abort();
      await forwarder.closed;
      await outbox.close();
    },
  });
}

const change = (i: number, rest: Partial<Alert> = {}): Alert =>
  alertOf({ id: `a${i}`, atMs: startMs + i * 1000, ...rest });
const lineOf = (i: number): string => encodePoint(alertPoint(change(i), 'depot-7')!).line!;

test('changes arrive in order, reminders do not; what notifiers have is kept until it was sent', async () => {
  const disk = createSimulatedDisk();
  const first = await run(disk);
  first.isUp = false;
  for (let i = 1; i <= 5; i++) await first.outbox.append(i, [], [change(i), change(i, { reminder: 1 })]);
  first.releaseAll();
  await until(() => first.status().pendingPoints === 10, 'the changes to wait');
  disk.crash(() => 0.4);
  first.abandon();

  const second = await run(disk);
  second.releaseAll();
  await until(() => second.sent.length === 5, 'the changes to arrive');
  assert.deepEqual(second.sent, [1, 2, 3, 4, 5].map(lineOf));
  await until(() => second.status().pendingPoints === 0, 'the position to move on');
  await second.stop();

  const third = await run(disk);
  await third.outbox.append(6, [], [change(6)]);
  await until(() => third.sent.length > 0, 'the next change to arrive');
  assert.deepEqual(third.sent, [lineOf(6)], 'nothing twice');
  await third.stop();
});

test('a server that is away for long does not make the lane grow: the oldest changes go, counted', async () => {
  const one = await run(createSimulatedDisk(), 1 << 20);
  one.isUp = false;
  // Too random to become shorter.
  const text = (i: number): string =>
    Array.from({ length: 500 }, (_, at) =>
      Math.sin(i * 1000 + at)
        .toString(36)
        .slice(3, 9),
    ).join('');
  for (let i = 1; i <= 100; i++) {
    await one.outbox.append(i, [], [change(i, { message: text(i) })]);
    one.releaseAll();
    assert.ok(one.outbox.alerts.bytes <= 1 << 16);
  }
  one.isUp = true;
  await until(() => one.status().pendingPoints === 0, 'the rest to arrive');
  assert.ok(one.status().lost > 0);
  assert.equal(one.status().lost + one.sent.length, 100);
  assert.ok(one.sent.at(-1)?.endsWith(` ${startMs + 100_000}000000`));
  await one.stop();
});

test('a change whose key is too long for a line is set aside', async () => {
  const one = await run(createSimulatedDisk());
  await one.outbox.append(1, [], [change(1, { key: { vehicle: 'x'.repeat(70_000) } }), change(2)]);
  await until(() => one.sent.length === 1, 'the other one to arrive');
  assert.deepEqual(one.sent, [lineOf(2)]);
  assert.deepEqual(
    one.faults.map(({ reason, rule }) => ({ reason, rule })),
    [{ reason: 'point-too-long', rule: 'headgate_alert' }],
  );
  await one.stop();
});
