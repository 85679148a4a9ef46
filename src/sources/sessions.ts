/**
 * The messages that the broker queues for sessions, in memory and bounded.
 *
 * Invariant: at each limit something is dropped, counted, and nothing else suffers.
 * Not here: surviving a restart; which sessions there are (stored-sessions.ts), half-open QoS 2 handshakes (handshakes.ts),
 * retained messages (retained.ts).
 */

import type { Readable } from 'node:stream';

/** How aedes names a client towards its persistence. */
export interface SessionClient {
  readonly id: string;
  /** Ends its connection. */
  close?(): void;
}
export interface StoredPacket {
  readonly cmd?: string;
  readonly topic?: string;
  readonly messageId?: number;
  payload?: Buffer | string;
}

/** The part of aedes' persistence that is bounded here; aedes looks each up when it calls it. */
export interface Persistence {
  incomingStorePacket(client: SessionClient, packet: StoredPacket): Promise<void>;
  incomingGetPacket(client: SessionClient, packet: StoredPacket): Promise<StoredPacket>;
  incomingDelPacket(client: SessionClient, packet: StoredPacket): Promise<void>;
  cleanIncoming(client: SessionClient): Promise<void>;
  outgoingEnqueueCombi(subscriptions: readonly { clientId: string }[], packet: StoredPacket): Promise<void>;
  outgoingClearMessageId(client: SessionClient, packet: StoredPacket): Promise<StoredPacket | undefined>;
  outgoingStream(client: SessionClient): AsyncIterable<StoredPacket>;
  storeRetained(packet: StoredPacket): Promise<void>;
  createRetainedStreamCombi(filters: readonly string[]): Readable;
  addSubscriptions(client: SessionClient, subscriptions: readonly object[]): Promise<void>;
  removeSubscriptions(client: SessionClient, filters: readonly string[]): Promise<void>;
  cleanSubscriptions(client: SessionClient): Promise<void>;
  subscriptionsByClient(client: SessionClient): Promise<readonly object[]>;
  streamWill(brokers?: object): Readable;
}

export interface SessionLimits {
  /** Messages waiting for one session; bytes of memory waiting for all, so that also empty messages count. */
  readonly queuedMessages: number;
  readonly queuedBytes: number;
}

export const defaultSessionLimits: SessionLimits = {
  queuedMessages: 10_000,
  queuedBytes: 32 << 20,
};

export interface SessionCounters {
  queueDropped: number;
}

/** Of one waiting message, beside its topic and payload: measured, rounded up. */
const overheadBytes = 300;

/** A copy that does not keep alive the socket's whole chunk, of which a payload is a slice. */
export function detached(packet: StoredPacket): StoredPacket {
  return Object.assign(Object.create(Object.getPrototypeOf(packet)), packet, {
    payload: Buffer.from(packet.payload ?? ''),
  });
}

/** Bounds what the broker's persistence queues. */
export function boundQueues(
  persistence: Persistence,
  counters: SessionCounters,
  limits: SessionLimits = defaultSessionLimits,
): void {
  const { outgoingEnqueueCombi, outgoingClearMessageId } = persistence;
  const queues = new Map<string, { messages: number; bytes: number }>();
  let allBytes = 0;

  function admit(clientId: string, size: number): boolean {
    const queue = queues.get(clientId) ?? { messages: 0, bytes: 0 };
    if (queue.messages >= limits.queuedMessages || allBytes + size > limits.queuedBytes) {
      counters.queueDropped += 1;
      return false;
    }
    queues.set(clientId, queue);
    queue.messages += 1;
    queue.bytes += size;
    allBytes += size;
    return true;
  }

  /** What was removed may be a PUBREL that took its message's place: so the mean is subtracted, which ends at zero. */
  function release(clientId: string): void {
    const queue = queues.get(clientId);
    if (!queue) return;
    const size = queue.bytes / queue.messages;
    queue.messages -= 1;
    queue.bytes -= size;
    allBytes -= size;
    if (queue.messages === 0) queues.delete(clientId);
  }

  persistence.outgoingEnqueueCombi = async (subscriptions, packet) => {
    if (subscriptions.length === 0) return;
    const size = overheadBytes + (packet.topic?.length ?? 0) + (packet.payload?.length ?? 0);
    const admitted = subscriptions.filter(({ clientId }) => admit(clientId, size));
    await outgoingEnqueueCombi.call(persistence, admitted, detached(packet));
  };
  persistence.outgoingClearMessageId = async (client, packet) => {
    const removed = await outgoingClearMessageId.call(persistence, client, packet);
    if (removed) release(client.id);
    return removed;
  };
}
