/**
 * What is wrong with the YAML itself, in words for field engineers.
 *
 * Invariant: no message quotes the file: a broken line may hold a password, and masking knows only the line.
 */

import { type Document, isCollection, isScalar, visit, type YAMLError } from 'yaml';
import type { Diagnostic } from '../core/errors.ts';
import { duplicateKeys } from './duplicate-keys.ts';
import { indentRemedy, startOfLine } from './indentation.ts';
import type { Range } from './places.ts';

/** A mistake at a range of the text. */
export interface SyntaxMistake {
  readonly severity: Diagnostic['severity'];
  readonly message: string;
  readonly range: Range;
  readonly remedy: string;
}

/** Of the parser's errors: to look into more would take long, and help nobody. */
const mostErrors = 50;

/** Errors and warnings of a document, without those that only follow from an earlier one. */
export function syntaxMistakes(document: Document, text: string): SyntaxMistake[] {
  const seen = new Set<number>();
  const written = document.errors.slice(0, mostErrors);
  const errors = upToLostIndent(written).filter((error, i) => {
    const line = startOfLine(text, error.pos[0]);
    const follows = seen.has(line) || (i > 0 && /in YAML stream/.test(error.message));
    seen.add(line);
    return !follows;
  });
  const all = [...errors, ...duplicateKeys(document), ...document.warnings].slice(0, mostErrors);
  return all.map((error) => explain(error, document, text));
}

/** Once a line is not where it belongs, what the parser makes of the others is by chance; but further tabs are tabs. */
function upToLostIndent(errors: readonly YAMLError[]): YAMLError[] {
  const first = errors.findIndex((error, i) => isMisplaced(error, errors[i + 1]));
  if (first < 0) return [...errors];
  const isTab = ({ code }: YAMLError): boolean => code === 'TAB_AS_INDENT';
  const [misplaced] = errors.slice(first);
  const more = isTab(misplaced!) ? errors.slice(first + 1).filter(isTab) : [];
  const next = errors[first + 1];
  // Of the two errors of a swallowed line the second one reaches into it.
  const told = next && isSwallowed(misplaced!, next) ? next : misplaced!;
  return [...errors.slice(0, first), told, ...more];
}

function isMisplaced(error: YAMLError, next: YAMLError | undefined): boolean {
  return error.code === 'TAB_AS_INDENT' || isLost(error) || (next !== undefined && isSwallowed(error, next));
}

/** A line that begins before the others of its map or list, yet not as early as any around it. */
function isLost({ code, message }: YAMLError): boolean {
  return (
    /without - indicator/.test(message) ||
    (code === 'BAD_INDENT' && /must start at the same column/.test(message))
  );
}

/** A line that begins too far to the right: it was taken for the end of the value above it. */
function isSwallowed(error: YAMLError, next: YAMLError): boolean {
  const isPair = error.code === 'BLOCK_AS_IMPLICIT_KEY' && next.code === 'MULTILINE_IMPLICIT_KEY';
  return isPair && error.pos[0] === next.pos[0];
}

type Words = readonly [message: string, remedy: string];

const words: Readonly<Record<YAMLError['code'], Words>> = {
  DUPLICATE_KEY: ['this key stands twice', 'keep one of them'],
  TAB_AS_INDENT: ['a tab indents this line', 'YAML indents with spaces only'],
  MULTIPLE_DOCS: ['a second document starts here', 'remove the `---`: one file holds one document'],
  TAG_RESOLVE_FAILED: [
    'this tag is not known',
    'remove the word that starts with `!`, or put the text in quotes',
  ],
  NON_STRING_KEY: ['a key must be text', 'put a key that starts with { or [ in quotes'],
  UNEXPECTED_TOKEN: [
    'this cannot stand here',
    'check brackets, quotes and indentation on this line and the one above',
  ],
  BAD_INDENT: ['this line is not indented like its neighbours', 'line it up with the keys it belongs to'],
  MISSING_CHAR: ['something is missing here', 'check for a missing colon, comma, bracket or closing quote'],
  BLOCK_AS_IMPLICIT_KEY: [
    'a second `: ` on one line',
    'put text that holds `: ` in quotes; write each key on its own line',
  ],
  MULTILINE_IMPLICIT_KEY: [
    'this line has no `key: `',
    'write `key: value`, or put text of many lines after `key: >-`',
  ],
  BLOCK_IN_FLOW: [
    'indented lines cannot stand inside { } or [ ]',
    'close the bracket, or write it all in brackets',
  ],
  BAD_DQ_ESCAPE: ['unknown escape in double quotes', 'write \\\\ for one backslash, or use single quotes'],
  BAD_SCALAR_START: ['text cannot start with this character', 'put it in quotes'],
  BAD_ALIAS: ['this is not an alias', 'put text that starts with * in quotes'],
  ALIAS_PROPS: ['an alias cannot have a tag or anchor', 'remove the word that starts with ! or &'],
  BAD_DIRECTIVE: ['this is not a directive', 'remove the line that starts with %'],
  BAD_PROP_ORDER: ['tag or anchor stand in the wrong place', 'write them right before the value'],
  BAD_COLLECTION_TYPE: ['the tag does not fit the value', 'remove the word that starts with `!`'],
  IMPOSSIBLE: ['this cannot be understood', 'check brackets, quotes and indentation around here'],
  KEY_OVER_1024_CHARS: ['a key is longer than 1024 characters', 'check for a missing line break or quote'],
  MULTIPLE_ANCHORS: ['a value has one anchor at most', 'keep one word that starts with &'],
  MULTIPLE_TAGS: ['a value has one tag at most', 'keep one word that starts with !'],
  RESOURCE_EXHAUSTION: ['this file is nested too deeply', 'check its brackets'],
};

function explain(error: YAMLError, document: Document, text: string): SyntaxMistake {
  const { severity, message, range, remedy } = special(error, document, text) ?? usual(error);
  return { severity, message, range, remedy };
}

function usual({ name, code, pos }: YAMLError): SyntaxMistake {
  const [message, remedy] = words[code];
  return { severity: name === 'YAMLWarning' ? 'warning' : 'error', message, range: pos, remedy };
}

/** Causes that can be told apart more closely than the parser's codes do, and their own places. */
function special(error: YAMLError, document: Document, text: string): SyntaxMistake | undefined {
  const { code, message, pos } = error;
  const [at] = pos;
  const mistake = (said: string, remedy: string, range: Range = pos): SyntaxMistake => ({
    severity: 'error',
    message: said,
    range,
    remedy,
  });
  if (text[at] === '{' && text[at - 1] === '$') {
    return mistake('a reference to the environment inside { } or [ ] needs quotes', 'put quotes around it');
  }
  if (code === 'BLOCK_AS_IMPLICIT_KEY' && /^rule:\s/.test(text.slice(at))) {
    return mistake('a blank after `rule:`', 'write rule:NAME, without a blank');
  }
  const misplaced = misplacedLine(error, text);
  if (misplaced !== undefined) {
    const start = startOfLine(text, misplaced);
    const end = start + /^[^\s:]*/.exec(text.slice(start))![0].length;
    return mistake('this line is not indented like its neighbours', indentRemedy(text, misplaced), [
      start,
      end,
    ]);
  }
  const bracket = /end with an? ([\]}])/.exec(message)?.[1];
  if (bracket) {
    const remedy = `add \`${bracket}\`, or check the quotes inside`;
    return mistake(
      `a bracket is not closed: \`${bracket}\` is missing`,
      remedy,
      openedBefore(document, at, isFlow) ?? pos,
    );
  }
  if (/[Mm]issing closing .*quote/.test(message)) {
    return mistake(
      'a quote is not closed',
      'add the closing quote',
      openedBefore(document, at, isQuoted) ?? pos,
    );
  }
  if (/Missing , /.test(message))
    return mistake('a comma is missing between two values', 'separate values in { } and [ ] by commas');
  if (code === 'MULTILINE_IMPLICIT_KEY' && /^[\w-]+:[^\s:]/.test(text.slice(at)))
    return mistake('the colon needs a space after it', 'write `key: value`');
  if (/followed by map values/.test(message))
    return mistake('this line has no `key: `', 'write `key: value`; the colon needs a space after it');
  if (code === 'TAG_RESOLVE_FAILED')
    return mistake('a value that starts with `!` needs quotes', 'put all of it in quotes: "!open"');
  if (code === 'UNEXPECTED_TOKEN') return afterTheEnd(text, at, mistake);
  return undefined;
}

/** An offset in the line that begins in the wrong column. */
function misplacedLine(error: YAMLError, text: string): number | undefined {
  const { code, pos } = error;
  if (isLost(error)) return pos[0];
  const isOfTwoLines = code === 'MULTILINE_IMPLICIT_KEY' && text.slice(...pos).includes('\n');
  // By itself it is a line without a colon; within a line that has one the next line was swallowed.
  const line = text.slice(text.lastIndexOf('\n', pos[0] - 1) + 1, pos[0]);
  return isOfTwoLines && /: *$/.test(line) ? pos[1] - 1 : undefined;
}

/** More text after a value in quotes or brackets. */
function afterTheEnd(
  text: string,
  at: number,
  mistake: (said: string, remedy: string) => SyntaxMistake,
): SyntaxMistake | undefined {
  const before = text.slice(text.lastIndexOf('\n', at - 1) + 1, at).trimEnd();
  if (/[\]}]/.test(text[at] ?? '') && !/[[{]/.test(before.replace(/\[[^[\]]*\]|\{[^{}]*\}/g, ''))) {
    return mistake(
      `a \`${text[at]}\` without its \`${text[at] === ']' ? '[' : '{'}\``,
      'remove it, or open it before',
    );
  }
  if (/["']$/.test(before)) {
    return mistake(
      'the value ended with its closing quote',
      'put all of it in quotes of the other kind: \'"open" == state\'',
    );
  }
  if (/[}\]]$/.test(before)) {
    return mistake(
      'the value ended with its closing bracket',
      'put text that starts with { or [ in quotes: "{machine} is hot"',
    );
  }
  return undefined;
}

/** The last part before an offset that is opened by a sign of its own: that sign. */
function openedBefore(
  document: Document,
  at: number,
  isOpened: (node: unknown) => boolean,
): Range | undefined {
  let start: number | undefined;
  visit(document, {
    Node(_, node) {
      const from = isOpened(node) ? node.range?.[0] : undefined;
      if (from !== undefined && from < at) start = Math.max(start ?? 0, from);
    },
  });
  return start === undefined ? undefined : [start, start + 1];
}

function isFlow(node: unknown): boolean {
  return isCollection(node) && node.flow === true;
}

function isQuoted(node: unknown): boolean {
  return isScalar(node) && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE');
}
