/**
 * Hides secrets in the lines that diagnostics quote.
 *
 * Invariant: a masked text has the length and line breaks of the original, so places stay right. Errs on the side of
 * hiding: a misspelt `pasword` is hidden too. A reference to the environment (`${NAME}`) is no secret.
 */

import { editDistance } from '../core/suggest.ts';

const secretWords = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'token',
  'authorization',
  'api_key',
  'apikey',
];

/** Keys whose text value is never shown. `password_file` and the like only name a place; `open` is not a `token`. */
export function isSecretKey(key: string): boolean {
  const plain = key.toLowerCase().replaceAll('-', '_');
  if (/_(file|path)$/.test(plain)) return false;
  return secretWords.some(
    (word) => plain.includes(word) || editDistance(plain, word) <= Math.floor(word.length / 4),
  );
}

/** Text whose marked ranges, and what looks like a secret wherever it stands, is replaced by `*`. */
export function maskSecrets(text: string, ranges: readonly (readonly [number, number])[]): string {
  let masked = text;
  for (const [start, end] of [...ranges, ...secretLooking(text)]) {
    const shown = /^["']?\$\{\w+\}["']?$/.test(text.slice(start, end).trim());
    if (!shown) masked = masked.slice(0, start) + stars(masked.slice(start, end)) + masked.slice(end);
  }
  return masked;
}

/** Also where the YAML is too broken to be understood: `key: value` by its look, and user:password@ in URLs. */
function secretLooking(text: string): [number, number][] {
  const found: [number, number][] = [];
  for (const match of text.matchAll(
    /([\w-]+)(["']?[ \t]*:[ \t]+)("[^"\n]*"?|'[^'\n]*'?|[^\s{[|>&*][^,}\n]*)/g,
  )) {
    const start = match.index + match[1]!.length + match[2]!.length;
    if (isSecretKey(match[1]!)) found.push([start, start + match[3]!.length]);
  }
  for (const match of text.matchAll(/:\/\/([^/\s@"']*:)([^/\s@"']+)@/g)) {
    const start = match.index + 3 + match[1]!.length;
    found.push([start, start + match[2]!.length]);
  }
  return found;
}

function stars(text: string): string {
  return text.replace(/[^\s]/g, '*');
}
