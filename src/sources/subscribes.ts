/**
 * The hook that every subscription passes through: is it a filter, is it permitted, is there room?
 *
 * Invariant: what is not granted is answered with 0x80 [MQTT-3.9.3-2], alone among the filters of its packet; what is no
 * filter at all ends the connection. No message goes out at a higher quality of service than was asked for [MQTT-3.8.4-6], which
 * aedes does not see to where filters have wildcards.
 */

import type { Logger } from '../core/log.ts';
import { filterProblem, type Levels, levelsOf, matches } from './filters.ts';
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

type Qos = 0 | 1 | 2;

interface Granted {
  readonly filters: Map<string, { readonly levels: Levels; readonly qos: Qos }>;
  /** Found out before. */
  readonly qosByTopic: Map<string, Qos>;
}
const mostTopics = 1024;

/** Of the filters that match; a message that none of them matches was queued before they changed, and stays as it is. */
function mostAsked(filters: Iterable<{ readonly levels: Levels; readonly qos: Qos }>, topic: string): Qos {
  const levels = levelsOf(topic);
  let most: Qos | undefined;
  for (const filter of filters) {
    if (matches(filter.levels, levels) && filter.qos >= (most ?? 0)) most = filter.qos;
  }
  return most ?? 2;
}

export interface SubscribeHook {
  authorize<S extends { readonly topic: string; readonly qos: Qos }>(
    client: object,
    subscription: S,
    callback: (error: Error | null, granted?: S | null) => void,
  ): void;
  unsubscribed(client: object, filters: readonly string[]): void;
  /** The quality of service to deliver a message of that topic with. */
  qosFor(client: object, topic: string, qos: Qos): Qos;
  isRefused(subscription: object): boolean;
}

export function createSubscribeHook(options: SubscribeOptions): SubscribeHook {
  const { limit, counters, grants, userOf, warn } = options;
  const granted = new WeakMap<object, Granted>();
  const refused = new WeakSet<object>();

  function grantedOf(client: object): Granted {
    const known = granted.get(client);
    if (known) return known;
    const fresh: Granted = { filters: new Map(), qosByTopic: new Map() };
    granted.set(client, fresh);
    return fresh;
  }

  function refuses(client: object, filter: string, qos: Qos): boolean {
    // Shared subscriptions are not offered: as a plain topic it would be granted and never get anything.
    const isPermitted = !filter.startsWith('$share/') && grants(client).maySubscribe(filter);
    if (!isPermitted) {
      counters.subscriptionsDenied += 1;
      const { id } = client as { id?: string };
      warn({ user: userOf(client), client: id, filter }, 'subscription not permitted');
      return true;
    }
    const { filters, qosByTopic } = grantedOf(client);
    if (filters.size >= limit && !filters.has(filter)) {
      counters.subscriptionsTooMany += 1;
      return true;
    }
    filters.set(filter, { levels: levelsOf(filter), qos });
    qosByTopic.clear();
    return false;
  }

  return {
    authorize(client, subscription, callback) {
      const problem = filterProblem(subscription.topic);
      if (problem !== undefined) return callback(new Error(problem));
      if (!refuses(client, subscription.topic, subscription.qos)) return callback(null, subscription);
      refused.add(subscription);
      callback(null, null);
    },
    unsubscribed(client, filters) {
      const known = grantedOf(client);
      for (const filter of filters) known.filters.delete(filter);
      known.qosByTopic.clear();
    },
    qosFor(client, topic, qos) {
      const { filters, qosByTopic } = grantedOf(client);
      let most = qosByTopic.get(topic);
      if (most === undefined) {
        most = mostAsked(filters.values(), topic);
        if (qosByTopic.size >= mostTopics) qosByTopic.clear();
        qosByTopic.set(topic, most);
      }
      return Math.min(most, qos) as Qos;
    },
    isRefused: (subscription) => refused.has(subscription),
  };
}
