/** A receiver and a database that are away for hours, with the outbox that holds what they are to get. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { test } from 'node:test';
import { freePort } from '../../test/peers/free-port.ts';
import { until } from '../../test/peers/until.ts';
import { silentLogger } from '../core/log.ts';
import type { Alert } from '../core/types.ts';
import { createSimulatedDisk, type SimulatedDisk } from '../log/simulated-disk.ts';
import { type Outbox, openOutbox } from '../outbox/outbox.ts';
import { noSettings } from '../settings/settings.ts';
import { type Delivery, startDelivery } from './deliver.ts';
import { sampleAlert } from './notifier.contract.ts';

const minute = 60_000;
const alertOf = (i: number): Alert => ({
  ...sampleAlert,
  id: `alert-${String(i).padStart(6, '0')}`,
  notify: ['ops'],
  message: `Press ${i % 40} is too hot: ${((i * 7919) % 1000) / 10} °C`,
  atMs: i * minute,
});

/** Compresses badly. */
const noise = (i: number, n: number): number => Math.sin(i * 1000 + n);

interface Gateway {
  readonly outbox: Outbox;
  readonly delivery: Delivery;
  /** A minute with points nobody takes, and an alert when it is said which. */
  append(i: number, alert?: number): Promise<void>;
  stop(): Promise<void>;
}

async function run(disk: SimulatedDisk, budgetBytes: number, port: number): Promise<Gateway> {
  const outbox = await openOutbox('/outbox', { disk, budgetBytes, logger: silentLogger, setAside() {} });
  const stop = new AbortController();
  const delivery = await startDelivery({
    lane: outbox.alerts,
    notifiers: { ops: { webhook: { url: `http://127.0.0.1:${port}`, headers: {}, timeoutMs: 5000 } } },
    gateway: 'depot-7',
    publish: () => Promise.reject(new Error('no source')),
    disk,
    cursorPath: outbox.cursorPath('notifiers'),
    setAside: () => assert.fail('nothing is set aside'),
    logger: silentLogger,
    store: { settings: () => noSettings, onChange: () => () => {} },
    now: () => 0,
    firing: () => new Set([sampleAlert.episode]),
    signal: stop.signal,
    waits: { firstRetryMs: 1, maxRetryMs: 4, flushMs: 20 },
  });
  return {
    outbox,
    delivery,
    append: (i, alert) =>
      outbox.append(
        i * minute,
        Array.from({ length: 100 }, (_, n) => ({
          ...{ measurement: 'm', tags: { n: String(n) }, timeMs: i * minute },
          fields: { v: noise(i, n) },
        })),
        alert === undefined ? [] : [alertOf(alert)],
      ),
    async stop() {
      if (stop.signal.aborted) return;
      stop.abort();
      await delivery.closed;
      await outbox.close();
    },
  };
}

async function receiver(port: number): Promise<{ server: Server; ids: string[] }> {
  const ids: string[] = [];
  const server = createServer((request, response) => {
    ids.push(String(request.headers['idempotency-key']));
    response.writeHead(204).end();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { server, ids };
}

test('hours without a receiver: alerts outlast points, and are delivered in order, once, over a restart', async (t) => {
  const disk = createSimulatedDisk();
  const budgetBytes = 1 << 20;
  const port = await freePort();
  const alerts = 96;
  let gateway = await run(disk, budgetBytes, port);
  t.after(() => gateway.stop());
  for (let i = 1; i <= alerts * 15; i++) {
    await gateway.append(i, i % 15 === 0 ? i / 15 : undefined);
    if (i !== 720) continue;
    await gateway.stop();
    gateway = await run(disk, budgetBytes, port);
  }
  const { losses } = gateway.outbox;
  assert.ok(gateway.outbox.points.first > 0, 'of the points the oldest are gone');
  assert.deepEqual([losses.alerts.droppedRecords, gateway.outbox.alerts.first], [0, 0]);
  assert.equal(gateway.delivery.status()[0]!.pending, alerts);
  const { server, ids } = await receiver(port);
  t.after(() => server.close());
  await until(() => gateway.delivery.status()[0]!.pending === 0, 'all to be delivered');
  assert.deepEqual(
    ids,
    Array.from({ length: alerts }, (_, i) => alertOf(i + 1).id),
  );
});

test('more alerts than their share holds: bounded, the oldest go, counted, the rest come in order', async (t) => {
  const disk = createSimulatedDisk();
  const budgetBytes = 1 << 18;
  const port = await freePort();
  let gateway = await run(disk, budgetBytes, port);
  t.after(() => gateway.stop());
  let appended = 0;
  while (gateway.outbox.losses.alerts.droppedRecords === 0) {
    assert.ok(appended < 100_000);
    appended += 1;
    await gateway.append(appended, appended);
    assert.ok(gateway.outbox.alerts.bytes <= budgetBytes / 16);
  }
  const dropped = gateway.outbox.losses.alerts.droppedRecords;
  await gateway.stop();
  gateway = await run(disk, budgetBytes, port);
  const { server, ids } = await receiver(port);
  t.after(() => server.close());
  await until(() => gateway.delivery.status()[0]!.pending === 0, 'all to be delivered');
  // The oldest is on its way in memory.
  const rest = ids[0] === alertOf(1).id ? ids.slice(1) : ids;
  assert.deepEqual(
    rest,
    Array.from({ length: appended - dropped }, (_, i) => alertOf(dropped + 1 + i).id),
  );
});
