/**
 * MQTT clients that keep their session: what was not acknowledged is sent again on the next connection, in order.
 *
 * A QoS 0 publish is sent once and answered never. What such a client is promised is known from the QoS 1 publish after
 * it on the same connection: blocks are stored in the order of arrival, so its PUBACK speaks for those before.
 */

import { setTimeout as wait } from 'node:timers/promises';
import type { Packet } from 'mqtt-packet';
import type { OracleReading } from '../oracle.ts';
import { connectWire, publishPacket, type Wire } from '../peers/mqtt-wire.ts';
import type { Device } from './devices.ts';

export interface PublisherOptions {
  readonly device: Device;
  readonly topic: string;
  readonly payloadOf: (reading: OracleReading) => string;
  /** Of the n-th reading. */
  readonly qosOf: (n: number) => 0 | 1 | 2;
  readonly port: () => number;
  /** Most unacknowledged at a time. */
  readonly window: number;
  /** Between two readings. */
  readonly everyMs: () => number;
}

export interface Publisher {
  readonly device: Device;
  /** Readings that the gateway acknowledged, or spoke for by a later PUBACK. */
  readonly promised: ReadonlySet<OracleReading>;
  /** No more readings but the last; resolves when everything is acknowledged. */
  finish(): Promise<void>;
  /** Ends at once, whatever is pending. */
  abandon(): Promise<void>;
}

interface Unacknowledged {
  readonly reading: OracleReading;
  readonly qos: 1 | 2;
  released: boolean;
  /** QoS 0 readings that its acknowledgement speaks for. */
  before: readonly OracleReading[];
}

export function startPublisher(options: PublisherOptions): Publisher {
  const { device, topic, payloadOf, qosOf, window, everyMs } = options;
  const pending = new Map<number, Unacknowledged>();
  const promised = new Set<OracleReading>();
  const abandoned = new AbortController();
  let unanswered: OracleReading[] = [];
  let wire: Wire | undefined;
  let messageId = 0;
  let given = 0;
  let finishing = false;
  let isLastGiven = false;

  function packetOf(id: number, { reading, qos, released }: Unacknowledged, dup: boolean): Packet {
    if (released) return { cmd: 'pubrel', messageId: id };
    return publishPacket(topic, payloadOf(reading), { qos, messageId: id, dup });
  }

  function take({ received, send }: Wire): void {
    for (const packet of received.splice(0)) {
      if (packet.cmd === 'puback' || packet.cmd === 'pubcomp') acknowledged(packet.messageId!);
      if (packet.cmd !== 'pubrec') continue;
      pending.get(packet.messageId!)!.released = true;
      send({ cmd: 'pubrel', messageId: packet.messageId! });
    }
  }

  function acknowledged(id: number): void {
    const message = pending.get(id);
    if (message === undefined) return;
    pending.delete(id);
    for (const reading of [...message.before, message.reading]) promised.add(reading);
  }

  function give({ send }: Wire, reading: OracleReading, qos: 0 | 1 | 2): void {
    given += 1;
    if (qos === 0) {
      unanswered.push(reading);
      send(publishPacket(topic, payloadOf(reading)));
      return;
    }
    messageId = (messageId % 60_000) + 1;
    const message = { reading, qos, released: false, before: unanswered };
    unanswered = [];
    pending.set(messageId, message);
    send(packetOf(messageId, message, false));
  }

  function isDone(): boolean {
    return abandoned.signal.aborted || (isLastGiven && pending.size === 0);
  }

  /** One turn of a connection that stands. */
  function turn(open: Wire): void {
    take(open);
    if (pending.size >= window || isLastGiven) return;
    const qos = qosOf(given);
    isLastGiven = finishing;
    // The last is acknowledged, whatever the others are.
    if (isLastGiven) give(open, device.last(), qos === 0 ? 1 : qos);
    else give(open, device.next(), qos);
  }

  async function run(): Promise<void> {
    while (!isDone()) {
      wire = await connectWire(options.port(), { clientId: topic, clean: false }).catch(() => undefined);
      // On a new connection nothing speaks for what was sent on the one before.
      unanswered = [];
      for (const message of pending.values()) message.before = [];
      for (const [id, message] of pending) wire?.send(packetOf(id, message, true));
      while (wire !== undefined && !wire.closed && !isDone()) {
        turn(wire);
        await wait(everyMs());
      }
      wire?.destroy();
      wire = undefined;
      if (!isDone()) await wait(10);
    }
  }

  const running = run();
  return {
    device,
    promised,
    async finish() {
      finishing = true;
      await running;
    },
    async abandon() {
      abandoned.abort();
      wire?.destroy();
      await running;
    },
  };
}
