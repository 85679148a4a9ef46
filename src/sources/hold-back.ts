/**
 * What a source does while more arrives than can be processed.
 *
 * `block`: frames are journalled, but their senders are answered by turns; a source that gets no answers reads no more.
 * `shed`: frames that nobody waits for an answer to (QoS 0, serial lines) wait for their turn before the journal; the oldest
 * are dropped and counted. Their source reads on.
 * Invariant: a frame that is to be durable is never dropped. At most `maxFrames` or `maxBytes` wait before the journal.
 */

import type { Overload } from '../config/schema.ts';
import type { Pressure } from '../core/pressure.ts';
import type { Ingest } from '../core/types.ts';

const maxFrames = 1000;
const maxBytes = 1 << 20;

interface Waiting {
  readonly source: string;
  readonly topic: string;
  readonly payload: Buffer;
}

export interface HoldBack {
  readonly ingest: Ingest;
  readonly counters: Readonly<Counters>;
}

interface Counters {
  /** Frames that came meanwhile: their answers, or they themselves, waited for their turn. */
  heldBack: number;
  /** Dropped. */
  shed: number;
  /** Before the journal, now. */
  queued: number;
}

export function holdBack(ingest: Ingest, pressure: Pressure, overload: Overload): HoldBack {
  const counters: Counters = { heldBack: 0, shed: 0, queued: 0 };
  const queue: Waiting[] = [];
  let bytes = 0;
  /** Asked for, and not come yet. */
  let turns = 0;
  /** Who asks for turns, of a source with one sender or for all that wait here. */
  const self = {};

  function take(): Waiting | undefined {
    const oldest = queue.shift();
    bytes -= oldest?.payload.length ?? 0;
    counters.queued = queue.length;
    return oldest;
  }

  function shed(source: string, topic: string, payload: Uint8Array): void {
    queue.push({ source, topic, payload: Buffer.from(payload) });
    bytes += payload.length;
    while (queue.length > maxFrames || bytes > maxBytes) {
      take();
      counters.shed += 1;
    }
    counters.queued = queue.length;
    // A turn is not a frame's own: whatever is the oldest then takes it.
    while (turns < queue.length) {
      turns += 1;
      pressure.whenMay(pass, self);
    }
  }

  function pass(): void {
    turns -= 1;
    const frame = take();
    if (frame === undefined) return;
    ingest(frame.source, frame.topic, frame.payload, 'accepted', (error) => {
      if (error) counters.shed += 1;
    });
  }

  return {
    ingest(source, topic, payload, when, acknowledge, handshake, sender = self) {
      if (!pressure.isHeld && pressure.waiting === 0) {
        ingest(source, topic, payload, when, acknowledge, handshake);
        pressure.took(payload.length);
        return;
      }
      counters.heldBack += 1;
      if (overload === 'shed' && when === 'accepted') {
        shed(source, topic, payload);
        acknowledge();
        return;
      }
      const inTurn = (error?: Error): void => pressure.whenMay(() => acknowledge(error), sender);
      ingest(source, topic, payload, when, inTurn, handshake);
    },
    counters,
  };
}
