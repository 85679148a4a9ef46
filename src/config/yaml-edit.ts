/**
 * Sets and removes single keys in the text of a YAML file, and leaves every other character: comments, order, spelling.
 *
 * Invariant: what the edited text means is what the original meant, with that one value changed; where that cannot be had
 * (aliases, several documents, a text that is no map) it is refused. Not here: what the keys mean.
 */

import { isDeepStrictEqual } from 'node:util';
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  type YAMLMap,
} from 'yaml';
import { GatewayError } from '../core/errors.ts';

export type Plain = string | number | boolean | readonly Plain[] | { readonly [key: string]: Plain };

/** The text with that value at that path; undefined removes it. Throws a `GatewayError`. */
export function setInYaml(text: string, path: readonly string[], value: Plain | undefined): string {
  const document = read(text);
  const wanted = withValue(document.toJS(), path, value);
  if (wanted !== undefined) {
    const edited = value === undefined ? remove(text, document, path) : put(text, document, path, value);
    if (edited !== undefined && isDeepStrictEqual(read(edited).toJS() ?? {}, wanted)) return edited;
  }
  throw new GatewayError(`\`${path.join('.')}\` cannot be changed by itself in this file`, {
    remedy: value === undefined ? 'remove it there' : `write it there: ${path.join('.')} = ${flow(value)}`,
  });
}

/** What the edited text has to mean; undefined when something else than a map is in the way. */
function withValue(held: unknown, [key, ...rest]: readonly string[], value: Plain | undefined): unknown {
  if (key === undefined) return value;
  const map = held ?? {};
  if (typeof map !== 'object' || Array.isArray(map)) return undefined;
  const entries = map as Record<string, unknown>;
  if (value === undefined && !(key in entries)) return entries;
  const inner = withValue(entries[key], rest, value);
  if (inner !== undefined) return { ...entries, [key]: inner };
  if (value !== undefined || rest.length > 0) return undefined;
  const { [key]: _, ...others } = entries;
  return others;
}

function read(text: string): Document.Parsed {
  const document = parseDocument(text, { stringKeys: true, prettyErrors: false });
  const [error] = document.errors;
  if (error)
    throw new GatewayError(`this is no YAML: ${error.message}`, {
      remedy: 'correct it first: `headgate check`',
    });
  return document;
}

type Found = {
  readonly map: YAMLMap;
  readonly pair: Pair<Node, Node | null> | undefined;
  readonly depth: number;
};

/** The deepest map on the way, and its pair on the way, if it has one. */
function find(document: Document, path: readonly string[]): Found | undefined {
  let map: unknown = document.contents;
  for (let depth = 0; isMap(map); depth++) {
    const pair = map.items.find(({ key }) => isScalar(key) && key.value === path[depth]) as Found['pair'];
    const deeper: unknown = pair?.value;
    if (depth === path.length - 1 || !isMap(deeper) || deeper.items.length === 0) return { map, pair, depth };
    map = deeper;
  }
  return undefined;
}

function put(text: string, document: Document, path: readonly string[], value: Plain): string | undefined {
  const nested = (from: number): Plain =>
    path.slice(from).reduceRight<Plain>((inner, key) => ({ [key]: inner }), value);
  const found = find(document, path);
  if (found === undefined) {
    const isEmpty =
      document.contents === null || (isScalar(document.contents) && document.contents.value === null);
    return isEmpty ? append(text, block(nested(0), '')) : undefined;
  }
  const { map, pair, depth } = found;
  if (pair !== undefined) {
    const inner = nested(depth + 1);
    return replaceValue(text, pair, flow(inner));
  }
  if (map.flow === true) return withPair(text, map, `${path[depth]}: ${flow(nested(depth + 1))}`);
  // After the comments at the end, which are about the file and not about its last key.
  if (depth === 0) return append(text, block(nested(0), ''));
  const indent = ' '.repeat(columnOf(text, map.items[0]!.key as Node));
  const lines = block({ [path[depth]!]: nested(depth + 1) }, indent);
  const end = endOfLine(text, lastEnd(map.items.at(-1)!));
  return text.slice(0, end) + (text[end - 1] === '\n' ? '' : '\n') + lines + text.slice(end);
}

function replaceValue(
  text: string,
  { key, value }: NonNullable<Found['pair']>,
  written: string,
): string | undefined {
  const colon = text.indexOf(':', key.range![1]);
  if (isAlias(value) || colon < 0) return undefined;
  const isWritten = value?.range && value.range[1] > value.range[0];
  const end = isWritten ? lastEnd({ key, value }) : colon + 1;
  return `${text.slice(0, colon + 1)} ${written}${text.slice(end)}`;
}

function withPair(text: string, map: YAMLMap, written: string): string {
  const last = map.items.at(-1);
  if (last === undefined) return `${text.slice(0, map.range![0])}{ ${written} }${text.slice(map.range![1])}`;
  const end = lastEnd(last);
  return `${text.slice(0, end)}, ${written}${text.slice(end)}`;
}

function remove(text: string, document: Document, path: readonly string[]): string | undefined {
  const found = find(document, path);
  if (found?.pair === undefined || found.depth < path.length - 1) return text;
  const { map, pair } = found;
  const [start, end] = [pair.key.range![0], lastEnd(pair)];
  if (map.flow !== true) return text.slice(0, startOfLine(text, start)) + text.slice(endOfLine(text, end));
  const isLast = map.items.at(-1) === pair;
  const before = isLast ? text.slice(0, start).replace(/,?\s*$/, '') : text.slice(0, start);
  return before + (isLast ? text.slice(end) : text.slice(end).replace(/^\s*,\s*/, ''));
}

/** Where the text of a pair ends, comments after it not counted. */
function lastEnd({ key, value }: { readonly key: unknown; readonly value?: unknown }): number {
  if (isCollection(value) && value.flow !== true && value.items.length > 0) {
    const last: unknown = value.items.at(-1);
    return lastEnd(isMap(value) ? (last as Pair) : { key: last, value: last });
  }
  const node = value as Node | null | undefined;
  return node?.range && node.range[1] > node.range[0] ? node.range[1] : (key as Node).range![1] + 1;
}

function columnOf(text: string, node: Node): number {
  return node.range![0] - startOfLine(text, node.range![0]);
}

function startOfLine(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

/** After the line break of the line that ends before or at this place. */
function endOfLine(text: string, at: number): number {
  if (text[at - 1] === '\n') return at;
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

/** A section of several lines stands apart from what is before it. */
function append(text: string, lines: string): string {
  const whole = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  const isSection = lines.indexOf('\n') < lines.length - 1;
  return whole + (isSection && !/(?:^|\n\r?\n)$/.test(whole) ? '\n' : '') + lines;
}

function block(value: Plain, indent: string): string {
  const lines: string[] = [];
  for (const [key, inner] of Object.entries(value as { readonly [key: string]: Plain })) {
    const isMapping = typeof inner === 'object' && !Array.isArray(inner);
    lines.push(
      isMapping ? `${indent}${key}:\n${block(inner, `${indent}  `)}` : `${indent}${key}: ${flow(inner)}\n`,
    );
  }
  return lines.join('');
}

/** On one line; a text in a flow collection is quoted where it has to be there. */
function flow(value: Plain): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object') {
    const pairs = Object.entries(value).map(([key, inner]) => `${key}: ${flow(inner as Plain)}`);
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
  }
  if (typeof value !== 'string') return String(value);
  const isPlain = /^[\p{L}./][\p{L}\p{N}_./-]*$/u.test(value) && stringify(value).trim() === value;
  return isPlain ? value : JSON.stringify(value);
}
