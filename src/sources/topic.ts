/** What may not be published to. */

/** Levels of a topic: generous for real ones (Helsinki's buses use 19), far below what a matcher chokes on. */
export const maxTopicLevels = 32;

/** Characters of a topic; real ones have some 100. */
export const maxTopicLength = 1024;

const levelMark = '/'.charCodeAt(0);

/** Why a topic cannot be published to (MQTT 3.1.1 sections 4.7.1, 4.7.2, 4.7.3), or undefined. */
export function topicProblem(topic: string): string | undefined {
  if (topic.length === 0) return 'empty topic';
  if (topic.startsWith('$SYS/')) return '$SYS/ is reserved for the broker';
  if (topic.length > maxTopicLength) return `topic of ${topic.length} characters, at most ${maxTopicLength}`;
  let levels = 1;
  for (let i = 0; i < topic.length; i++) {
    const code = topic.charCodeAt(i);
    if (code === levelMark) levels += 1;
    else if (code === 0x23 || code === 0x2b) return 'wildcard in a topic';
    else if (code === 0) return 'null character in a topic';
  }
  return levels > maxTopicLevels ? `topic of ${levels} levels, at most ${maxTopicLevels}` : undefined;
}
