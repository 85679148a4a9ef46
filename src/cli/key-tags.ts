/** `TAG=VALUE` of the command line, and who types it. */

import { userInfo } from 'node:os';
import { UsageError } from './failure.ts';

/** Throws `UsageError`. */
export function parseTags(words: readonly string[]): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const word of words) {
    const [name, ...value] = word.split('=');
    if (name === '' || value.length === 0) {
      throw new UsageError(`\`${word}\` is no tag`, { remedy: 'write TAG=VALUE, such as vehicle=01029' });
    }
    if (Object.hasOwn(tags, name!)) {
      throw new UsageError(`tag \`${name}\` stands twice`, {
        remedy: 'one key at a time: ask once for each value',
      });
    }
    tags[name!] = value.join('=');
  }
  return tags;
}

/** Undefined for a user without a name. */
export function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that no name belongs to.
    return undefined;
  }
}
