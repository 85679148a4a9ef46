/**
 * Topic patterns of device profiles: MQTT filters in which `{name}` is one whole level, kept as a tag.
 *
 * Invariant: `match` agrees with the broker: MQTT 3.1.1 section 4.7, `#` also matches the parent level, and
 * neither `+` nor `#` at the front matches a topic that starts with `$`. The `$share/group/` of a shared subscription
 * is part of the filter, not of the topics.
 * Not here: caching; the caller keeps the result for a topic it has seen.
 */

import { GatewayError } from '../core/errors.ts';

export interface TopicPattern {
  /** For SUBSCRIBE: every `{name}` as `+`. */
  readonly filter: string;
  readonly tagNames: readonly string[];
  /** The values of the tags, in the order of `tagNames`; undefined when the topic does not match. */
  match(topic: string): string[] | undefined;
}

/** A mistake in a pattern, with the offsets of what is wrong in it. */
export class TopicError extends GatewayError {
  readonly start: number;
  readonly end: number;

  constructor(message: string, span: { start: number; end: number }, remedy: string) {
    super(message, { remedy });
    this.name = 'TopicError';
    this.start = span.start;
    this.end = Math.max(span.end, span.start + 1);
  }
}

interface Level {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Longest topic MQTT can carry: its length is two bytes (MQTT 3.1.1 section 1.5.3). */
const longestBytes = 65_535;

/** Understands a pattern; throws `TopicError`. */
export function parseTopic(pattern: string): TopicPattern {
  refuseWhole(pattern);
  const shared = /^\$share\/[^/+#{}]+\//.exec(pattern)?.[0] ?? '';
  const levels = levelsOf(pattern, shared.length);
  const tagNames: string[] = [];
  const words = levels.map((level, i) => {
    const name = checkLevel(level, i === levels.length - 1);
    if (name === undefined) return level.text;
    if (tagNames.includes(name)) {
      throw new TopicError(
        `{${name}} is used twice`,
        level,
        'give each level its own name, or use + for one of them',
      );
    }
    tagNames.push(name);
    return tagWord;
  });
  const filter = shared + words.map((word) => (word === tagWord ? '+' : word)).join('/');
  return { filter, tagNames, match: (topic) => matchLevels(words, topic) };
}

/** Stands for a tag level; cannot be written by a user, since braces are checked. */
const tagWord = '{}';

function matchLevels(words: readonly string[], topic: string): string[] | undefined {
  const first = words[0];
  if (topic.charCodeAt(0) === 36 /* $ */ && (first === '+' || first === '#' || first === tagWord))
    return undefined;
  const tags: string[] = [];
  let start = 0;
  for (const word of words) {
    if (word === '#') return tags;
    if (start > topic.length) return undefined;
    const slash = topic.indexOf('/', start);
    const end = slash < 0 ? topic.length : slash;
    if (word === tagWord) tags.push(topic.slice(start, end));
    else if (word !== '+' && (word.length !== end - start || !topic.startsWith(word, start)))
      return undefined;
    start = end + 1;
  }
  return start > topic.length ? tags : undefined;
}

function refuseWhole(pattern: string): void {
  const all = { start: 0, end: pattern.length };
  if (pattern === '') throw new TopicError('a topic is empty', all, 'name a topic, or # for all');
  if (Buffer.byteLength(pattern) > longestBytes) {
    throw new TopicError(`a topic is longer than ${longestBytes} bytes`, { start: 0, end: 1 }, 'use + and #');
  }
  const nul = pattern.indexOf('\0');
  if (nul >= 0) throw new TopicError('a topic cannot hold NUL', { start: nul, end: nul + 1 }, 'remove it');
}

function levelsOf(pattern: string, from: number): Level[] {
  let start = from;
  return pattern
    .slice(from)
    .split('/')
    .map((text) => {
      const level = { text, start, end: start + text.length };
      start = level.end + 1;
      return level;
    });
}

/** The name of a `{name}` level, undefined for any other; throws for what MQTT would not accept. */
function checkLevel(level: Level, isLast: boolean): string | undefined {
  const { text } = level;
  if (text === '#' && !isLast) {
    throw new TopicError(
      '# is not the last level',
      level,
      '# stands for all that follows; for one level use +',
    );
  }
  if (text.length > 1 && /[+#]/.test(text)) {
    const sign = text.includes('+') ? '+' : '#';
    throw new TopicError(
      `${sign} takes a whole level, not part of \`${text}\``,
      level,
      'write it between slashes',
    );
  }
  if (!/[{}]/.test(text)) return undefined;
  if (!/^\{[^{}]*\}$/.test(text)) {
    throw new TopicError(
      `a {name} takes a whole level, not part of \`${text}\``,
      level,
      'write it between slashes: bus/{vehicle}/state',
    );
  }
  const name = text.slice(1, -1);
  if (!namePattern.test(name)) {
    throw new TopicError(
      `\`${text}\` does not name a tag`,
      level,
      'letters, digits and _ only, not starting with a digit: {vehicle}',
    );
  }
  return name;
}
