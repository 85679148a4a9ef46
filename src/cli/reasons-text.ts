/** Why things were set aside, with their counts, the most frequent first: `malformed 12, out of range 3`. */

import { countText } from './units-text.ts';

export function reasonsText(reasons: Readonly<Record<string, number>>): string {
  return Object.entries(reasons)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${reason} ${countText(count)}`)
    .join(', ');
}
