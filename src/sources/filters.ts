/**
 * MQTT topic filters (MQTT 3.1.1 section 4.7): what they match, and which filters lie within which.
 *
 * Invariant: `covers(permitted, filter)` holds only when every topic that `filter` matches is matched by `permitted`.
 * Not here: the placeholders of permissions; finding the subscribers of a topic, which the broker does.
 */

import { maxTopicLength, maxTopicLevels } from './topic.ts';

/** The levels of a filter or topic. */
export type Levels = readonly string[];

export function levelsOf(filter: string): Levels {
  return filter.split('/');
}

/** Why it is no filter, or undefined. */
export function filterProblem(filter: string): string | undefined {
  if (filter === '') return 'empty topic filter';
  if (filter.length > maxTopicLength)
    return `topic filter of ${filter.length} characters, at most ${maxTopicLength}`;
  const levels = levelsOf(filter);
  if (levels.length > maxTopicLevels)
    return `topic filter of ${levels.length} levels, at most ${maxTopicLevels}`;
  const odd = levels.some((level, i) => {
    if (level === '#') return i < levels.length - 1;
    return level.length > 1 && /[+#]/.test(level);
  });
  return odd ? 'a wildcard that is no whole level, or # before the last level' : undefined;
}

/** [MQTT-4.7.2-1]: a wildcard in front does not match topics of the server's own. */
function isHidden(filter: Levels, topic: Levels): boolean {
  return topic[0]!.startsWith('$') && (filter[0] === '#' || filter[0] === '+');
}

/** Whether a filter matches a topic. */
export function matches(filter: Levels, topic: Levels): boolean {
  // A topic is the filter that matches itself alone.
  return covers(filter, topic);
}

/** Whether all that a filter matches is matched by the permitted one, too. */
export function covers(permitted: Levels, filter: Levels): boolean {
  if (isHidden(permitted, filter)) return false;
  for (const [i, level] of permitted.entries()) {
    // # is the level above, too: a/# matches a.
    if (level === '#') return true;
    const other = filter[i];
    if (other === undefined || other === '#') return false;
    if (level !== '+' && level !== other) return false;
  }
  return filter.length === permitted.length;
}
