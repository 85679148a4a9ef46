/**
 * Where a key path leads in a YAML document, as ranges of its text.
 *
 * Invariant: every walk ends in a range: what a path does not reach is answered by the key of the nearest parent.
 * Not here: lines and columns; they follow from a range and the text.
 */

import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import type { KeyPath, Span } from './located.ts';
import { type ScalarStyle, sourceOffsets } from './scalar-offsets.ts';

/** Offsets into the file's text. */
export type Range = readonly [start: number, end: number];

export interface Found {
  readonly node: Node | null;
  /** The whole path was there. */
  readonly complete: boolean;
  readonly range: Range;
  readonly keyRange: Range;
}

/** Follows a key path as far as it goes. Index 0 of what is no list is the value itself (`notify: ops`). */
export function walk(document: Document, keyPath: KeyPath): Found {
  let node = resolveAlias(document, document.contents);
  let range = rangeOf(node) ?? [0, 1];
  let keyRange = headOf(node);
  for (const key of keyPath) {
    if (key === 0 && node && !isSeq(node)) continue;
    const next = step(document, node, key);
    if (!next) return { node, complete: false, range: keyRange, keyRange };
    node = next.node;
    keyRange = next.keyRange ?? headOf(node);
    range = rangeOf(node) ?? keyRange;
  }
  return { node, complete: true, range, keyRange };
}

function step(document: Document, node: Node | null, key: string | number) {
  if (isSeq(node) && typeof key === 'number') {
    const item = node.items[key];
    return isNode(item) ? { node: resolveAlias(document, item), keyRange: undefined } : undefined;
  }
  const pair = isMap(node) ? pairOf(node, String(key)) : undefined;
  if (!pair) return undefined;
  const value = isNode(pair.value) ? pair.value : null;
  const keyRange = isNode(pair.key) ? rangeOf(pair.key) : undefined;
  return { node: resolveAlias(document, value), keyRange };
}

/** The last one of a key that stands twice: that is the one whose value is used. */
function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.findLast((pair) => isScalar(pair.key) && String(pair.key.value) === key);
}

function resolveAlias(document: Document, node: Node | null): Node | null {
  return isAlias(node) ? (node.resolve(document) ?? node) : node;
}

/** A node's text; at least one character. */
export function rangeOf(node: Node | null): Range | undefined {
  return node?.range ? [node.range[0], Math.max(node.range[1], node.range[0] + 1)] : undefined;
}

/** What stands for a collection as a whole: the first key of a map, else the first character. */
function headOf(node: Node | null): Range {
  const range = rangeOf(node) ?? [0, 1];
  const first = isMap(node) ? node.items[0]?.key : undefined;
  const key = isNode(first) ? rangeOf(first) : undefined;
  return key && key[0] === range[0] ? key : [range[0], range[0] + 1];
}

const styles: Readonly<Record<string, ScalarStyle>> = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'block',
  BLOCK_FOLDED: 'block',
};

/** The range of a span of a scalar's text; undefined where that cannot be told. */
export function spanRange(node: Node | null, text: string, span: Span): Range | undefined {
  if (!isScalar(node) || !node.range) return undefined;
  const source = text.slice(node.range[0], node.range[1]);
  const value = typeof node.value === 'string' ? node.value : source;
  const offsets = sourceOffsets(source, value, styles[node.type ?? 'PLAIN'] ?? 'plain');
  if (!offsets) return undefined;
  const at = (index: number): number => offsets[Math.max(0, Math.min(index, offsets.length - 1))]!;
  const start = at(span.start);
  const end = span.end > span.start ? at(span.end - 1) + 1 : start + 1;
  return [node.range[0] + start, node.range[0] + Math.max(end, start + 1)];
}
