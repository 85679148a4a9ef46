/**
 * A device that publishes a hundred numbered readings a second at QoS 1 and keeps its session, as a process of its own: in the
 * network of a booted Debian. When its input ends it waits for what is not acknowledged yet, and says what was.
 *
 * What it says is JSON: `{ acknowledged, longestSilenceMs }`, the longest time between two PUBACKs.
 */

import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { connectWire, publishPacket, type Wire } from '../peers/mqtt-wire.ts';

const everyMs = 10;
/** Of QoS 1 under way; a device that hears nothing stops there. */
const mostUnfinished = 50;

let isOver = false;
process.stdin.resume();
void once(process.stdin, 'end').then(() => {
  isOver = true;
});

const acknowledged: number[] = [];
const unfinished = new Map<number, string>();
let next = 1;
let heardMs = 0;
let longestSilenceMs = 0;

function take(wire: Wire): void {
  for (const packet of wire.received.splice(0)) {
    if (packet.cmd !== 'puback' || !unfinished.delete(packet.messageId!)) continue;
    const nowMs = performance.now();
    if (heardMs > 0) longestSilenceMs = Math.max(longestSilenceMs, nowMs - heardMs);
    heardMs = nowMs;
    acknowledged.push(packet.messageId!);
  }
}

while (!isOver || unfinished.size > 0) {
  const wire = await connectWire(1883, { clientId: 'steady', clean: false }).catch(() => undefined);
  if (wire === undefined) {
    await wait(20);
    continue;
  }
  for (const [messageId, payload] of unfinished)
    wire.send(publishPacket('rooms/1', payload, { qos: 1, messageId, dup: true }));
  while (!wire.closed && (!isOver || unfinished.size > 0)) {
    take(wire);
    if (!isOver && unfinished.size < mostUnfinished) {
      const payload = JSON.stringify({ at: Date.now(), t: next });
      unfinished.set(next, payload);
      wire.send(publishPacket('rooms/1', payload, { qos: 1, messageId: next }));
      next++;
    }
    await wait(everyMs);
  }
  wire.destroy();
}
process.stdout.write(JSON.stringify({ acknowledged, longestSilenceMs: Math.round(longestSilenceMs) }));
process.exit(0);
