/**
 * The probe on the serial line: writes ten lines at a time while the gateway reads, and keeps account of what is durable.
 *
 * A serial line is answered never. Lines that the gateway says it has received are durable once a publish that came after
 * them is acknowledged: blocks are stored in the order of arrival.
 */

import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { OracleReading } from '../oracle.ts';
import type { GatewayProcess } from '../peers/gateway.ts';
import { connectWire, publishPacket } from '../peers/mqtt-wire.ts';
import type { SerialLine } from '../peers/socat.ts';
import { until } from '../peers/until.ts';
import { type Device, lineOf } from './devices.ts';

export interface Probe {
  readonly device: Device;
  /** Lines that were durable at some time. */
  readonly promised: ReadonlySet<OracleReading>;
  /** Writes while the gateway runs, until the signal aborts or nobody answers. */
  write(signal: AbortSignal): Promise<void>;
  /** Writes the last reading. */
  finish(): void;
}

const linesAtOnce = 10;

export function createProbe(
  device: Device,
  line: SerialLine,
  gateway: Pick<GatewayProcess, 'status'>,
  port: () => number,
): Probe {
  const promised = new Set<OracleReading>();

  async function received(): Promise<number> {
    const probe = (await gateway.status()).sources.find(({ name }) => name === 'probe')!;
    return probe.state === 'open' ? probe.counters.received! : 0;
  }

  async function write(signal: AbortSignal): Promise<void> {
    const before = await received();
    const written: OracleReading[] = [];
    while (!signal.aborted) {
      const fresh = Array.from({ length: linesAtOnce }, device.next);
      written.push(...fresh);
      line.write(fresh.map(lineOf).join(''));
      const isReceived = async () => (await received()) - before >= written.length;
      await until(async () => signal.aborted || (await isReceived()), 'the probe’s lines');
      if (signal.aborted) return;
      await publishOnce(port());
      // By another process than the one that had received them, it says nothing.
      if (signal.aborted) return;
      // Not the newest: lines left over from before the start may be among those counted.
      for (const reading of written.slice(0, -linesAtOnce)) promised.add(reading);
      await wait(20);
    }
  }

  return { device, promised, write, finish: () => line.write(lineOf(device.last())) };
}

/** Resolves when a message of its own is acknowledged, and with it all that came before. */
async function publishOnce(port: number): Promise<void> {
  const wire = await connectWire(port, { clientId: randomBytes(8).toString('hex') });
  try {
    wire.send(publishPacket('account', '', { qos: 1, messageId: 1 }));
    await wire.first('puback');
  } finally {
    wire.destroy();
  }
}
