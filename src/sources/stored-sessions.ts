/**
 * Which sessions the broker keeps for clients that come back: those with subscriptions.
 *
 * Invariant: at most so many; beyond it the one longest without its client goes, with its queue, and is counted. Only filters
 * that were granted become part of a session.
 * Not here: the messages queued for them (sessions.ts); surviving a restart.
 */

import type { StoredSessions } from './client-ids.ts';
import type { Persistence, SessionClient } from './sessions.ts';

export interface StoredSessionsOptions {
  readonly limit: number;
  readonly isConnected: (id: string) => boolean;
  /** Whether the subscription, as it was authorized, was refused. */
  readonly isRefused: (subscription: object) => boolean;
  readonly onEnded: (id: string) => void;
  readonly counters: { sessionsForgotten: number };
}

export function boundStoredSessions(
  persistence: Persistence,
  options: StoredSessionsOptions,
): StoredSessions & { touch(id: string): void } {
  const { limit, isConnected, isRefused, onEnded, counters } = options;
  const { addSubscriptions, removeSubscriptions, cleanSubscriptions } = persistence;
  /** The one longest without its client first. */
  const ids = new Set<string>();
  /** aedes stores the whole packet once for each of its filters. */
  const stored = new WeakSet<object>();

  function touch(id: string): void {
    if (!ids.delete(id)) return;
    ids.add(id);
  }

  function ended(id: string): void {
    if (ids.delete(id)) onEnded(id);
  }

  async function forget(id: string): Promise<void> {
    ended(id);
    const client = { id };
    await cleanSubscriptions.call(persistence, client);
    await persistence.cleanIncoming(client);
    for await (const packet of persistence.outgoingStream(client)) {
      await persistence.outgoingClearMessageId(client, packet);
    }
  }

  function makeRoom(): void {
    for (const id of ids) {
      if (ids.size <= limit) return;
      if (isConnected(id)) continue;
      counters.sessionsForgotten += 1;
      void forget(id);
    }
  }

  persistence.addSubscriptions = async (client, subscriptions) => {
    if (stored.has(subscriptions)) return;
    stored.add(subscriptions);
    // The others of the packet are judged within this turn.
    await null;
    const granted = subscriptions.filter((subscription) => !isRefused(subscription));
    if (granted.length === 0) return;
    await addSubscriptions.call(persistence, client, granted);
    ids.add(client.id);
    makeRoom();
  };
  persistence.removeSubscriptions = async (client, filters) => {
    await removeSubscriptions.call(persistence, client, filters);
    if ((await persistence.subscriptionsByClient(client)).length === 0) ended(client.id);
  };
  persistence.cleanSubscriptions = async (client: SessionClient) => {
    await cleanSubscriptions.call(persistence, client);
    ended(client.id);
  };
  return { touch, has: (id) => ids.has(id), forget: (id) => void forget(id) };
}
