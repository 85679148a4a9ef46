/**
 * What is wrong with the YAML itself, in words for field engineers.
 *
 * Invariant: no message quotes the file: a broken line may hold a password, and masking knows only the line.
 */

import type { Document, YAMLError } from 'yaml';
import type { Diagnostic } from '../core/errors.ts';
import type { Range } from './places.ts';

/** A mistake at a range of the text. */
export interface SyntaxMistake {
  readonly severity: Diagnostic['severity'];
  readonly message: string;
  readonly range: Range;
  readonly remedy: string;
}

/** Errors and warnings of a document, without those that only follow from an earlier one. */
export function syntaxMistakes(document: Document, text: string): SyntaxMistake[] {
  const lineOf = (error: YAMLError): number => text.slice(0, error.pos[0]).split('\n').length;
  const seen = new Set<number>();
  const errors = document.errors.filter((error, i) => {
    const line = lineOf(error);
    const follows = seen.has(line) || (i > 0 && /in YAML stream/.test(error.message));
    seen.add(line);
    return !follows || error.code === 'DUPLICATE_KEY';
  });
  return [...errors, ...document.warnings].map((error) => explain(error, text));
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

function explain({ name, code, message, pos }: YAMLError, text: string): SyntaxMistake {
  const severity = name === 'YAMLWarning' ? 'warning' : 'error';
  const [said, remedy] = special(message, text, pos[0]) ?? words[code];
  return { severity, message: said, range: pos, remedy };
}

/** Causes that can be told apart more closely than the parser's codes do. */
function special(message: string, text: string, at: number): Words | undefined {
  if (text[at] === '{' && text[at - 1] === '$') {
    return ['a reference to the environment inside { } or [ ] needs quotes', 'put quotes around it'];
  }
  const bracket = /end with an? ([\]}])/.exec(message)?.[1];
  if (bracket)
    return [
      `a bracket is not closed: \`${bracket}\` is missing`,
      `add \`${bracket}\`, or check the quotes inside`,
    ];
  if (/[Mm]issing closing .*quote/.test(message)) return ['a quote is not closed', 'add the closing quote'];
  if (/Missing , /.test(message))
    return ['a comma is missing between two values', 'separate values in { } and [ ] by commas'];
  if (/followed by map values/.test(message))
    return ['this line has no `key: `', 'write `key: value`; the colon needs a space after it'];
  return undefined;
}
