/**
 * One YAML file: its value, its syntax mistakes, and where everything in it stands.
 *
 * Invariant: reading never throws, whatever the text; a document with mistakes has diagnostics, and `value` is
 * only there when it can be relied on. Lines quoted in places have their secrets masked.
 * Not here: what the value means.
 */

import { Document, isMap, isScalar, parseDocument, type Tags, visit } from 'yaml';
import { type Diagnostic, messageOf } from '../core/errors.ts';
import { withoutSearch } from './duplicate-keys.ts';
import type { KeyPath, LocatedFile, Place, Span } from './located.ts';
import { type Range, rangeOf, spanRange, walk } from './places.ts';
import { isSecretKey, maskSecrets } from './secrets.ts';
import { type SyntaxMistake, syntaxMistakes } from './syntax-mistakes.ts';

export interface YamlFile extends LocatedFile {
  /** Undefined when the text could not be understood; null when the file is empty. */
  readonly value: unknown;
  readonly diagnostics: readonly Diagnostic[];
  /** The text at a key of the top level, as far as a broken file lets tell. */
  peek(key: string): string | undefined;
}

/** Aliases may not unfold a document beyond this factor. */
const maxAliasCount = 100;
/** Each is looked for among all nodes with an anchor. */
const mostAliases = 1000;

/** What numbers in a file mean: in the feeds of a test `0x12` is twelve times 0, not eighteen. */
export type Language = 'settings' | 'feeds';

/** Understands the text of a file. `file` is its name as the user would type it, `path` the absolute one. */
export function readYaml(
  file: string,
  path: string,
  original: string,
  language: Language = 'settings',
): YamlFile {
  const text = original.replace(/^\uFEFF/, '');
  const { document, value, mistakes } = understand(text, language);
  const lines = lineStarts(text);
  let masked: string | undefined;
  // Masking reads the whole file; most files are never quoted.
  const place = (range: Range): Place => {
    masked ??= maskSecrets(text, secretRanges(document));
    return placeOf(masked, lines, range);
  };
  const locate = (keyPath: KeyPath, span?: Span): Place => {
    const found = walk(document, keyPath);
    const marked = span && found.complete ? spanRange(found.node, text, span) : undefined;
    return place(marked ?? found.range);
  };
  const locateKey = (keyPath: KeyPath): Place => place(walk(document, keyPath).keyRange);
  const diagnostics = mistakes.map(({ range, ...rest }) => ({ file, ...place(range), ...rest }));
  const peek = (key: string): string | undefined => {
    const { node, complete } = walk(document, [key]);
    return complete && isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
  };
  return { file, path, value, diagnostics, peek, locate, locateKey };
}

interface Understood {
  readonly document: Document;
  readonly value: unknown;
  readonly mistakes: readonly SyntaxMistake[];
}

function understand(text: string, language: Language): Understood {
  try {
    const options = {
      ...{ stringKeys: true, merge: true, resolveKnownTags: false, prettyErrors: false },
      ...withoutSearch,
      ...(language === 'feeds' && { customTags: withoutHex }),
    };
    const document = parseDocument(text, options);
    const mistakes = syntaxMistakes(document, text);
    // Behind an unknown tag the value is another one than was written.
    const usable =
      document.errors.length === 0 &&
      document.warnings.every((warning) => warning.code !== 'TAG_RESOLVE_FAILED');
    const value = usable ? plainValue(document, mistakes) : undefined;
    return { document, value, mistakes };
  } catch (error) {
    // The parser recurses: text nested thousands of levels deep ends its stack.
    const message = error instanceof RangeError ? 'this file is nested too deeply' : messageOf(error);
    const mistake: SyntaxMistake = {
      severity: 'error',
      message,
      range: [0, 1],
      remedy: 'check its brackets',
    };
    return { document: new Document(), value: undefined, mistakes: [mistake] };
  }
}

function withoutHex(tags: Tags): Tags {
  return tags.filter((tag) => typeof tag === 'string' || tag.format !== 'HEX');
}

/** Offsets of the lines. The parser's own line counter loses some in broken files. */
function lineStarts(text: string): number[] {
  return [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
}

/** Line and columns of a range, cut to its first line. */
function placeOf(text: string, lines: readonly number[], [start, end]: Range): Place {
  const at = Math.max(0, Math.min(start, text.length));
  const line = Math.max(1, firstAfter(lines, at));
  const lineStart = lines[line - 1]!;
  const content = text
    .slice(lineStart, lines[line] === undefined ? text.length : lines[line] - 1)
    .replace(/\r$/, '');
  const column = Math.min(at - lineStart + 1, content.length + 1);
  const length = Math.max(1, Math.min(end - at, content.length + 1 - column));
  return { line, column, length, text: content };
}

/** Index of the first number above `limit` in a sorted list; its length when there is none. */
function firstAfter(sorted: readonly number[], limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The plain value; undefined, with a mistake more, when aliases loop, unfold too far or lead nowhere. */
function plainValue(document: Document, mistakes: SyntaxMistake[]): unknown {
  const refuse = (message: string, remedy: string, alias?: string): void => {
    mistakes.push({
      severity: 'error',
      message,
      range: firstAlias(document, alias) ?? firstMerge(document),
      remedy,
    });
  };
  try {
    if (countAliases(document) > mostAliases) {
      refuse(`more than ${mostAliases} aliases`, 'write the values out, or split the file');
      return undefined;
    }
    const value: unknown = document.toJS({ maxAliasCount });
    if (!isCyclic(value, new Set())) return value;
    refuse('an alias contains itself', 'write the value out');
  } catch (error) {
    const message = messageOf(error);
    if (message.startsWith('Merge')) refuse('`<<` takes a map, or an alias of one', 'write <<: *name');
    else if (!(error instanceof ReferenceError)) throw error;
    else if (message.startsWith('Excessive'))
      refuse('aliases unfold to too much data', 'write the values out');
    else {
      const alias = /: (\S+)$/.exec(message)?.[1];
      refuse(
        'this alias leads nowhere',
        'put text that starts with * in quotes, or define its &anchor above',
        alias,
      );
    }
  }
  return undefined;
}

function countAliases(document: Document): number {
  let count = 0;
  visit(document, {
    Alias() {
      count += 1;
    },
  });
  return count;
}

function isCyclic(value: unknown, above: Set<unknown>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (above.has(value)) return true;
  above.add(value);
  const cyclic = Object.values(value).some((child) => isCyclic(child, above));
  above.delete(value);
  return cyclic;
}

function firstMerge(document: Document): Range {
  let range: Range = [0, 1];
  visit(document, {
    Pair(_key, { key }) {
      if (!isScalar(key) || key.source !== '<<') return undefined;
      range = rangeOf(key) ?? range;
      return visit.BREAK;
    },
  });
  return range;
}

/** Of the name, or of any. */
function firstAlias(document: Document, name?: string): Range | undefined {
  let range: Range | undefined;
  visit(document, {
    Alias(_key, alias) {
      if (name !== undefined && alias.source !== name) return undefined;
      range = rangeOf(alias) ?? range;
      return visit.BREAK;
    },
  });
  return range;
}

/** Values of secret keys, and all values under `headers`. */
function secretRanges(document: Document): Range[] {
  const nodes: unknown[] = [];
  visit(document, {
    Pair(_key, pair) {
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      if (isSecretKey(key)) nodes.push(pair.value);
      if (key.toLowerCase() === 'headers' && isMap(pair.value)) {
        nodes.push(...pair.value.items.map((item) => item.value));
      }
    },
  });
  return nodes.flatMap((node) =>
    isScalar(node) && node.range ? [[node.range[0], node.range[1]] as const] : [],
  );
}
