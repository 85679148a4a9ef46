import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../core/log.ts';
import type { Alert } from '../core/types.ts';
import { createSimulatedDisk } from '../log/simulated-disk.ts';
import { openOutbox } from './outbox.ts';

/** Compresses badly: no two characters in a row are near each other. */
function noise(seed: number): string {
  let state = seed;
  return Array.from({ length: 500 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return String.fromCharCode(0x4e00 + (state >>> 18));
  }).join('');
}

function alertOf(i: number): Alert {
  return {
    id: `${i}-0`,
    episode: `${i}`,
    rule: 'r',
    key: { name: noise(i) },
    state: 'firing',
    severity: 'warning',
    firedAtMs: 1,
    atMs: 1,
    message: '',
    notify: [],
    values: {},
  };
}

test('more alerts in one batch than their share of the smallest outbox: the oldest go, the path goes on', async () => {
  const outbox = await openOutbox('/outbox', {
    disk: createSimulatedDisk(),
    budgetBytes: 16_000_000,
    logger: silentLogger,
    setAside: () => {},
  });
  const alerts = Array.from({ length: 2000 }, (_, i) => alertOf(i));
  await outbox.append(1000, [], alerts);
  assert.ok(outbox.alerts.bytes <= 1_000_000);
  assert.ok(outbox.losses.alerts.droppedRecords > 0);
  const kept: string[] = [];
  for await (const record of outbox.alerts.read(0)) kept.push(...(await record.lines()));
  assert.deepEqual(
    kept,
    alerts.slice(-kept.length).map((alert) => JSON.stringify(alert)),
  );
  await outbox.close();
});
