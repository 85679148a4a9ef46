import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { GatewayConfig } from './config/schema.ts';
import type { Clock } from './core/clock.ts';
import { silentLogger } from './core/log.ts';
import { startGateway } from './gateway.ts';
import { openJournal } from './journal/journal.ts';

const nowMs = 1_768_000_000_000;

function clockAt(ms: number): Clock {
  return { now: () => ms, waitMs: () => 1 };
}

function configOf(data: string): GatewayConfig {
  return {
    gateway: 'g',
    batchMs: 1000,
    data,
    devices: data,
    rules: data,
    sources: {},
    forward: {},
    notify: {},
    limits: {
      journalBytes: 1 << 24,
      outboxBytes: 1 << 24,
      seriesPerRule: 10,
      packetBytes: 1024,
      connections: 10,
    },
  };
}

test('a start goes on at the time of the last recorded frame, also when the clock came back behind it', async () => {
  const data = await mkdtemp(join(tmpdir(), 'headgate-gateway-'));
  const recorded = { clock: clockAt(nowMs), budgetBytes: 1 << 24, logger: silentLogger };
  const journal = await openJournal(join(data, 'journal'), recorded);
  journal.append('mqtt', 't', Buffer.from('1'), 'accepted', () => {});
  await journal.close();
  const setup = { config: configOf(data), plan: { gateway: 'g', devices: [], rules: [] } };
  const anHourBehind = clockAt(nowMs - 3_600_000);
  const gateway = await startGateway(setup, { logger: silentLogger, version: '0', clock: anHourBehind });
  try {
    assert.ok(gateway.status().processedMs >= nowMs);
  } finally {
    await gateway.stop();
    await rm(data, { recursive: true });
  }
});
