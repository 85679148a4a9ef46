/**
 * A device that keeps its MQTT session: what was not acknowledged it sends again, with DUP, at its next connection.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { connectWire, publishPacket, type Wire } from './mqtt-wire.ts';

export interface Message {
  readonly topic: string;
  readonly payload: string | Buffer;
}

interface Sending {
  readonly messages: readonly Message[];
  readonly qos: 1 | 2;
  readonly clientId: string;
  /** Ids that are not acknowledged, with the place of their message; of QoS 2 whether the PUBREC came. */
  readonly unfinished: Map<number, { readonly at: number; received: boolean }>;
  next: number;
}

const mostUnfinished = 50;

/** Publishes all in order and resolves when each is acknowledged, whatever happens to the broker meanwhile. */
export async function publishAll(
  port: number,
  clientId: string,
  qos: 1 | 2,
  messages: readonly Message[],
): Promise<void> {
  const sending: Sending = { messages, qos, clientId, unfinished: new Map(), next: 0 };
  while (sending.next < messages.length || sending.unfinished.size > 0) {
    const wire = await connectWire(port, { clientId, clean: false }).catch(() => undefined);
    if (wire === undefined) {
      await wait(20);
      continue;
    }
    resume(wire, sending);
    while (!wire.closed && (sending.next < messages.length || sending.unfinished.size > 0)) {
      take(wire, sending);
      give(wire, sending);
      await wait(1);
    }
    wire.destroy();
  }
}

function resume(wire: Wire, { unfinished, messages, qos }: Sending): void {
  for (const [messageId, { at, received }] of unfinished) {
    const { topic, payload } = messages[at]!;
    if (received) wire.send({ cmd: 'pubrel', messageId });
    else wire.send(publishPacket(topic, payload, { qos, messageId, dup: true }));
  }
}

function take(wire: Wire, { unfinished }: Sending): void {
  for (const packet of wire.received.splice(0)) {
    const messageId = packet.messageId!;
    if (packet.cmd === 'puback' || packet.cmd === 'pubcomp') unfinished.delete(messageId);
    if (packet.cmd !== 'pubrec') continue;
    unfinished.get(messageId)!.received = true;
    wire.send({ cmd: 'pubrel', messageId });
  }
}

function give(wire: Wire, sending: Sending): void {
  const { messages, qos, unfinished } = sending;
  while (unfinished.size < mostUnfinished && sending.next < messages.length) {
    const at = sending.next++;
    const messageId = (at % 60_000) + 1;
    unfinished.set(messageId, { at, received: false });
    const { topic, payload } = messages[at]!;
    wire.send(publishPacket(topic, payload, { qos, messageId }));
  }
}
