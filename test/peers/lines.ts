/**
 * Line protocol as servers read it, for peers that stand in for them: points with typed fields, or what is wrong.
 *
 * Not here: the one way in which the gateway writes it (src/outbox/line-protocol.ts); the two are independent.
 */

export type FieldType = 'float' | 'integer' | 'unsigned' | 'string' | 'boolean';

export interface ReadPoint {
  readonly measurement: string;
  /** Sorted, as `name=value`. */
  readonly tags: readonly string[];
  readonly fields: ReadonlyMap<string, { readonly type: FieldType; readonly text: string }>;
  /** ns */
  readonly time: bigint;
}

export interface ReadLine {
  readonly line: string;
  /** From 1, comments and empty lines not counted. */
  readonly number: number;
  readonly point?: ReadPoint;
  /** In the words of 1.x and 2. */
  readonly error?: string;
}

const types: readonly (readonly [RegExp, FieldType])[] = [
  [/^"(?:[^"\\]|\\.)*"$/s, 'string'],
  [/^-?\d+i$/, 'integer'],
  [/^\d+u$/, 'unsigned'],
  [/^(?:t|T|true|True|TRUE|f|F|false|False|FALSE)$/, 'boolean'],
  [/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/, 'float'],
];

/** Newlines in text fields end no line. */
export function readLines(text: string): ReadLine[] {
  const lines = text.match(/(?:"(?:[^"\\]|\\.)*"|[^\n])+/gs) ?? [];
  const meant = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return meant.map((line, i) => ({ line, number: i + 1, ...readPoint(line) }));
}

function readPoint(line: string): Pick<ReadLine, 'point' | 'error'> {
  const parts = split(line, ' ');
  if (parts.length < 2 || parts[1] === '') return { error: 'missing fields' };
  const [series, set, at = '0'] = parts as [string, string, string?];
  const [measurement, ...tags] = split(series, ',');
  if (tags.some((tag) => !/^(?:\\.|[^=\\])+=./s.test(tag))) return { error: 'missing tag value' };
  const fields = new Map<string, { type: FieldType; text: string }>();
  for (const field of split(set, ',')) {
    const [name = '', ...rest] = split(field, '=');
    const text = rest.join('=');
    const type = types.find(([pattern]) => pattern.test(text))?.[1];
    if (text === '') return { error: 'missing field value' };
    if (name === '' || type === undefined) {
      return { error: /^[a-z]/i.test(text) ? 'invalid boolean' : 'invalid number' };
    }
    fields.set(plain(name), { type, text });
  }
  if (!/^-?\d{1,19}$/.test(at) || parts.length > 3) return { error: 'bad timestamp' };
  const point = { measurement: plain(measurement!), tags: tags.map(plain).sort(), fields, time: BigInt(at) };
  return { point };
}

/** At delimiters that are neither escaped nor in a quoted text. */
function split(text: string, delimiter: ',' | ' ' | '='): string[] {
  const parts: string[] = [];
  let part = '';
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '\\' && i + 1 < text.length) {
      part += c + text[++i];
      continue;
    }
    if (c === '"' && (isQuoted || /=$/.test(part) || (part === '' && delimiter === '=')))
      isQuoted = !isQuoted;
    if (c === delimiter && !isQuoted) {
      parts.push(part);
      part = '';
    } else part += c;
  }
  return [...parts, part];
}

function plain(text: string): string {
  return text.replace(/\\([,= ])/g, '$1');
}
