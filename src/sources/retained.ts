/**
 * The broker's retained messages: in memory, bounded, and searched a few at a time.
 *
 * Invariant: at a limit a new one is refused and counted; what is there stays, and can be replaced and emptied.
 * A SUBSCRIBE of many filters looks at all messages for each of them: other clients get their turn in between.
 * Not here: surviving a restart.
 */

import { Readable } from 'node:stream';
import { type Levels, levelsOf, matches } from './filters.ts';
import { detached, type Persistence, type StoredPacket } from './sessions.ts';

export interface RetainedLimits {
  readonly messages: number;
  readonly bytes: number;
}

const usual: RetainedLimits = { messages: 10_000, bytes: 16 << 20 };
/** Looked at in one turn. */
const atOnce = 500;

export interface RetainedCounters {
  retainedRefused: number;
}

interface Retained {
  readonly packet: StoredPacket;
  readonly levels: Levels;
  readonly bytes: number;
}

/** Replaces the persistence's store of retained messages. */
export function keepRetained(
  persistence: Persistence,
  counters: RetainedCounters,
  limits: RetainedLimits = usual,
): void {
  const retained = new Map<string, Retained>();
  let allBytes = 0;

  async function store(packet: StoredPacket): Promise<void> {
    const topic = packet.topic ?? '';
    const size = packet.payload?.length ?? 0;
    const before = retained.get(topic);
    const bytes = allBytes - (before?.bytes ?? 0) + size;
    const tooMany = before === undefined && retained.size >= limits.messages;
    if (size > 0 && (tooMany || bytes > limits.bytes)) {
      counters.retainedRefused += 1;
      return;
    }
    allBytes = bytes;
    if (size === 0) retained.delete(topic);
    else
      retained.set(topic, {
        packet: detached(packet),
        levels: before?.levels ?? levelsOf(topic),
        bytes: size,
      });
  }

  async function* matching(filters: readonly string[]): AsyncGenerator<StoredPacket> {
    let looked = 0;
    for (const filter of filters) {
      if (!/[+#]/.test(filter)) {
        const one = retained.get(filter);
        if (one) yield one.packet;
        continue;
      }
      const levels = levelsOf(filter);
      // The topics there are now: with those that come meanwhile it might never end.
      for (const topic of [...retained.keys()]) {
        looked += 1;
        if (looked % atOnce === 0) await new Promise((resolve) => setImmediate(resolve));
        const one = retained.get(topic);
        if (one && matches(levels, one.levels)) yield one.packet;
      }
    }
  }

  persistence.storeRetained = store;
  persistence.createRetainedStreamCombi = (filters) => Readable.from(matching(filters));
}
