/**
 * What a client may publish, subscribe and receive.
 *
 * Invariant: the name of a user or client that stands in a permission never makes it wider: one that holds / + # or is
 * empty, or begins with $ in front, matches nothing. Decisions are kept by topic, within a bound: a gateway takes hundreds of
 * thousands of messages a second.
 * Not here: who a client is.
 */

import type { UserConfig } from '../config/users-schema.ts';
import { covers, type Levels, levelsOf, matches } from './filters.ts';

export interface Grants {
  mayPublish(topic: string): boolean;
  mayReceive(topic: string): boolean;
  maySubscribe(filter: string): boolean;
}

const mostKept = 1024;

/** Anybody's, where no users are asked for: everything but what the broker says of itself. */
export const everything: Grants = {
  mayPublish: () => true,
  mayReceive: () => true,
  maySubscribe: (filter) => !filter.startsWith('$SYS'),
};

/** Of those who are nobody: a will without its client. */
export const nothing: Grants = {
  mayPublish: () => false,
  mayReceive: () => false,
  maySubscribe: () => false,
};

/** A user's, for one of its clients. */
export function grantsOf({ name, publish, subscribe }: UserConfig, clientId: string): Grants {
  const fill = (filters: readonly string[]): Levels[] =>
    filters.map((filter) => filled(filter, name, clientId)).filter((levels) => levels !== undefined);
  const publishable = fill(publish);
  const subscribable = fill(subscribe);
  return {
    mayPublish: kept((topic) => anyMatches(publishable, topic)),
    mayReceive: kept((topic) => anyMatches(subscribable, topic)),
    maySubscribe(filter) {
      const levels = levelsOf(filter);
      return subscribable.some((permitted) => covers(permitted, levels));
    },
  };
}

/** The levels of a permission with the names in place; undefined when a name does not fit. */
function filled(filter: string, user: string, client: string): Levels | undefined {
  let fits = true;
  const levels = levelsOf(filter).map((level, i) => {
    if (level !== '{user}' && level !== '{client}') return level;
    const value = level === '{user}' ? user : client;
    if (value === '' || /[/+#]/.test(value) || (i === 0 && value.startsWith('$'))) fits = false;
    return value;
  });
  return fits ? levels : undefined;
}

function anyMatches(filters: readonly Levels[], topic: string): boolean {
  const levels = levelsOf(topic);
  return filters.some((filter) => matches(filter, levels));
}

function kept(decide: (topic: string) => boolean): (topic: string) => boolean {
  const known = new Map<string, boolean>();
  return (topic) => {
    const before = known.get(topic);
    if (before !== undefined) return before;
    if (known.size >= mostKept) known.clear();
    const decision = decide(topic);
    known.set(topic, decision);
    return decision;
  };
}
