/**
 * The hook that every subscription passes through: is it a filter, is it permitted, is there room?
 *
 * Invariant: what is not granted is answered with 0x80 [MQTT-3.9.3-2], alone among the filters of its packet; what is no
 * filter at all ends the connection.
 */

import type { Logger } from '../core/log.ts';
import { filterProblem } from './filters.ts';
import type { Grants } from './grants.ts';

export interface SubscribeCounters {
  subscriptionsDenied: number;
  subscriptionsTooMany: number;
}

export interface SubscribeOptions {
  readonly limit: number;
  readonly counters: SubscribeCounters;
  readonly grants: (client: object) => Grants;
  readonly userOf: (client: object) => string | undefined;
  readonly warn: Logger['warn'];
}

export interface SubscribeHook {
  authorize<S extends { readonly topic: string }>(
    client: object,
    subscription: S,
    callback: (error: Error | null, granted?: S | null) => void,
  ): void;
  unsubscribed(client: object, filters: readonly string[]): void;
  isRefused(subscription: object): boolean;
}

export function createSubscribeHook(options: SubscribeOptions): SubscribeHook {
  const { limit, counters, grants, userOf, warn } = options;
  const granted = new WeakMap<object, Set<string>>();
  const refused = new WeakSet<object>();

  function refuses(client: object, filter: string): boolean {
    // Shared subscriptions are not offered: as a plain topic it would be granted and never get anything.
    const isPermitted = !filter.startsWith('$share/') && grants(client).maySubscribe(filter);
    if (!isPermitted) {
      counters.subscriptionsDenied += 1;
      const { id } = client as { id?: string };
      warn({ user: userOf(client), client: id, filter }, 'subscription not permitted');
      return true;
    }
    const filters = granted.get(client) ?? new Set();
    if (filters.size >= limit && !filters.has(filter)) {
      counters.subscriptionsTooMany += 1;
      return true;
    }
    granted.set(client, filters.add(filter));
    return false;
  }

  return {
    authorize(client, subscription, callback) {
      const problem = filterProblem(subscription.topic);
      if (problem !== undefined) return callback(new Error(problem));
      if (!refuses(client, subscription.topic)) return callback(null, subscription);
      refused.add(subscription);
      callback(null, null);
    },
    unsubscribed(client, filters) {
      const known = granted.get(client);
      for (const filter of filters) known?.delete(filter);
    },
    isRefused: (subscription) => refused.has(subscription),
  };
}
