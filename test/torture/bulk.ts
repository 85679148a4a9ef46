/**
 * Much in little time: large messages that no device wants fill the journal, so that checkpoints are due and its segments
 * are recycled; long texts that are forwarded fill the outbox.
 *
 * Never more than the gateway has worked through: a journal that is full refuses, and rightly so.
 */

import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { GatewayProcess } from '../peers/gateway.ts';
import { connectWire, publishPacket } from '../peers/mqtt-wire.ts';
import { until } from '../peers/until.ts';
import type { Station } from './station.ts';

const messageBytes = 200_000;
const messagesAtOnce = 8;

/** Publishes until the signal aborts. */
export async function publishBulk({ gateway, port }: Station, signal: AbortSignal): Promise<void> {
  const wire = await connectWire(port, { clientId: 'bulk' });
  try {
    for (let sent = 0; !signal.aborted; sent += messagesAtOnce) {
      for (let i = 1; i <= messagesAtOnce; i++) {
        wire.send(publishPacket('bulk', randomBytes(messageBytes), { qos: 1, messageId: i }));
      }
      await until(
        () => signal.aborted || wire.all('puback').length >= sent + messagesAtOnce,
        'the bulk’s acknowledgements',
      );
      await untilProcessed(gateway, signal);
    }
  } finally {
    wire.destroy();
  }
}

const padBurstMs = 150;

/** Lets long texts come fast, until the signal aborts. */
export async function publishPads(station: Station, signal: AbortSignal): Promise<void> {
  const { padsEveryMs } = station;
  try {
    while (!signal.aborted) {
      station.padsEveryMs = 2;
      await wait(padBurstMs);
      station.padsEveryMs = padsEveryMs;
      await untilProcessed(station.gateway, signal);
    }
  } finally {
    station.padsEveryMs = padsEveryMs;
  }
}

/** Waits until what has arrived by now is processed. */
async function untilProcessed(gateway: GatewayProcess, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { nowMs } = await gateway.status();
  const isProcessed = async () => signal.aborted || (await gateway.status()).processedMs >= nowMs;
  await until(isProcessed, 'what arrived to be processed', 30_000);
}
