/**
 * Keys that stand twice in a map of a YAML document, as errors of the parser.
 *
 * The parser's own search compares each key with all before it: a file of one large map would hold a gateway up for hours.
 */

import { type Document, isScalar, visit, YAMLParseError } from 'yaml';
import { rangeOf } from './places.ts';

/** To be given to the parser. */
export const withoutSearch = { uniqueKeys: false } as const;

/** In the order they are written. */
export function duplicateKeys(document: Document): YAMLParseError[] {
  const found: YAMLParseError[] = [];
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          const [start] = rangeOf(key) ?? [0, 1];
          found.push(new YAMLParseError([start, start + 1], 'DUPLICATE_KEY', 'Map keys must be unique'));
        }
        seen.add(key.value);
      }
    },
  });
  return found.sort((a, b) => a.pos[0] - b.pos[0]);
}
