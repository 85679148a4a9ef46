/**
 * What the broker keeps for its clients beyond their connections, in memory and bounded: messages queued for
 * sessions, and retained messages.
 *
 * Invariant: at each limit something is dropped, counted, and nothing else suffers.
 * Not here: surviving a restart; half-open QoS 2 handshakes (handshakes.ts).
 */

/** How aedes names a client towards its persistence. */
export interface SessionClient {
  readonly id: string;
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
  storeRetained(packet: StoredPacket): Promise<void>;
}

export interface SessionLimits {
  /** Messages waiting for one session; bytes waiting for all. */
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  readonly retainedMessages: number;
  readonly retainedBytes: number;
}

export const defaultSessionLimits: SessionLimits = {
  queuedMessages: 10_000,
  queuedBytes: 32 << 20,
  retainedMessages: 10_000,
  retainedBytes: 16 << 20,
};

export interface SessionCounters {
  queueDropped: number;
  retainedRefused: number;
}

/** A copy that does not keep alive the socket's whole chunk, of which a payload is a slice. */
function detached(packet: StoredPacket): StoredPacket {
  return Object.assign(Object.create(Object.getPrototypeOf(packet)), packet, {
    payload: Buffer.from(packet.payload ?? ''),
  });
}

function boundQueues(persistence: Persistence, limits: SessionLimits, counters: SessionCounters): void {
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
    const size = packet.payload?.length ?? 0;
    const admitted = subscriptions.filter(({ clientId }) => admit(clientId, size));
    await outgoingEnqueueCombi.call(persistence, admitted, detached(packet));
  };
  persistence.outgoingClearMessageId = async (client, packet) => {
    const removed = await outgoingClearMessageId.call(persistence, client, packet);
    if (removed) release(client.id);
    return removed;
  };
}

function boundRetained(persistence: Persistence, limits: SessionLimits, counters: SessionCounters): void {
  const { storeRetained } = persistence;
  const sizes = new Map<string, number>();
  let allBytes = 0;

  persistence.storeRetained = async (packet) => {
    const topic = packet.topic ?? '';
    const size = packet.payload?.length ?? 0;
    const before = sizes.get(topic);
    const bytes = allBytes - (before ?? 0) + size;
    const tooMany = before === undefined && sizes.size >= limits.retainedMessages;
    if (size > 0 && (tooMany || bytes > limits.retainedBytes)) {
      counters.retainedRefused += 1;
      return;
    }
    allBytes = bytes;
    if (size > 0) sizes.set(topic, size);
    else sizes.delete(topic);
    await storeRetained.call(persistence, detached(packet));
  };
}

/** Bounds what the broker's persistence keeps. */
export function boundSessions(
  persistence: Persistence,
  counters: SessionCounters,
  limits: SessionLimits = defaultSessionLimits,
): void {
  boundQueues(persistence, limits, counters);
  boundRetained(persistence, limits, counters);
}
