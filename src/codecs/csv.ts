/**
 * CSV (RFC 4180): each line a row, cells by column name. An empty cell is null: CSV has no other way to leave one out.
 *
 * Lines end in LF or CRLF; blank lines do not count. Lines without a quote are split at the delimiter; the others go
 * to csv-parse, one record at a time, so that a bad line, even a quote that is never closed, costs no other line.
 * Not here: trimming (fields do it for numbers), comments, guessing of the delimiter.
 */

import { CsvError, parse } from 'csv-parse/sync';
import type { CodecConfig } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import { type Codec, createRejects, DecodeError, type Rejects, type Row } from './codec.ts';
import { setOwn } from './own.ts';
import { quoteKey } from './path.ts';
import { byteText, quote, quoteBytes, type TokenReader, tokenReaderFor } from './text.ts';

type CsvConfig = Extract<CodecConfig, { readonly name: 'csv' }>;

export const csv: Codec<CsvConfig> = {
  create({ delimiter, columns }) {
    if (!/^[^"\r\n]+$/.test(delimiter)) {
      throw new GatewayError(`csv cannot be split at ${quote(delimiter)}`, {
        remedy: 'use a delimiter such as ";"',
      });
    }
    if (columns !== undefined) checkColumns(columns);
    // Payloads are looked at byte for byte, so the delimiter has to be bytes too.
    const bytes = Buffer.from(delimiter).toString('latin1');
    return (buffer, start, end, emit, reject) => {
      const text = byteText(buffer, start, end);
      const reader: Reader = {
        text,
        delimiter: bytes,
        token: tokenReaderFor(text),
        rejects: createRejects(reject),
      };
      const first = { at: 0, line: 1 };
      if (columns === undefined) readWithHeader(reader, emit, first);
      else readRows(reader, emit, columns, first);
      reader.rejects.finish();
    };
  },
  fieldPath: quoteKey,
  tagPath: quoteKey,
};

interface Reader {
  readonly text: string;
  readonly delimiter: string;
  readonly token: TokenReader;
  readonly rejects: Rejects;
}

/** The start of a line; `line` counts from 1. */
interface Place {
  readonly at: number;
  readonly line: number;
}

/** A line without its end, and the place after it. */
interface Line {
  readonly text: string;
  readonly start: Place;
  readonly next: Place;
}

/** One record, which is several lines when a quoted cell has line ends in it. */
interface Cells {
  readonly cells: readonly string[];
  readonly next: Place;
}

function readWithHeader(reader: Reader, emit: (row: Row) => void, start: Place): void {
  const line = nextLine(reader, start);
  if (line === undefined) throw new DecodeError('the payload is empty, expected a line of column names');
  const { columns, next } = readHeader(reader, line);
  if (nextLine(reader, next) === undefined) {
    throw new DecodeError(
      `the only line, ${quoteBytes(line.text)}, was taken for column names; name the columns in the profile`,
    );
  }
  readRows(reader, emit, columns, next);
}

function readHeader(reader: Reader, line: Line): { columns: readonly string[]; next: Place } {
  try {
    const { cells, next } = readCells(reader, line);
    const columns = cells.map((cell) => (decode(reader, cell) ?? '').trim());
    checkColumns(columns);
    return { columns, next };
  } catch (error) {
    throw new DecodeError(faultOf(error, line));
  }
}

function checkColumns(columns: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of columns) {
    if (seen.has(name)) throw new DecodeError(`two columns are named ${quote(name)}`);
    seen.add(name);
  }
}

function readRows(reader: Reader, emit: (row: Row) => void, columns: readonly string[], start: Place): void {
  let line = nextLine(reader, start);
  while (line !== undefined) {
    let next = line.next;
    let row: Row;
    try {
      const record = readCells(reader, line);
      next = record.next;
      row = rowOf(reader, record.cells, columns);
    } catch (error) {
      reader.rejects.add(faultOf(error, line));
    }
    if (row !== undefined) emit(row);
    line = nextLine(reader, next);
  }
}

function faultOf(error: unknown, line: Line): string {
  if (error instanceof DecodeError)
    return `line ${line.start.line}: ${error.message}: ${quoteBytes(line.text)}`;
  throw error;
}

function rowOf(reader: Reader, cells: readonly string[], columns: readonly string[]): Row {
  if (cells.length !== columns.length) {
    throw new DecodeError(`${cells.length} columns, expected ${columns.length}`);
  }
  const row: Record<string, string | null> = {};
  for (let i = 0; i < columns.length; i++) setOwn(row, columns[i]!, decode(reader, cells[i]!));
  return row;
}

function decode(reader: Reader, cell: string): string | null {
  if (cell === '') return null;
  const text = reader.token(cell);
  if (text === undefined) throw new DecodeError('not UTF-8');
  return text;
}

/** The next line that is not blank. */
function nextLine(reader: Reader, start: Place): Line | undefined {
  for (let place = start; place.at < reader.text.length; ) {
    const line = lineAt(reader.text, place);
    if (line.text.trim() !== '' || line.text.includes(reader.delimiter)) return line;
    place = line.next;
  }
  return undefined;
}

function lineAt(text: string, start: Place): Line {
  const feed = text.indexOf('\n', start.at);
  const end = feed === -1 ? text.length : feed;
  const content = text.slice(start.at, end > start.at && text[end - 1] === '\r' ? end - 1 : end);
  return { text: content, start, next: { at: feed === -1 ? end : end + 1, line: start.line + 1 } };
}

function readCells(reader: Reader, line: Line): Cells {
  const { text, next } = line;
  if (!text.includes('"')) return { cells: text.split(reader.delimiter), next };
  if (!hasOpenQuote(text)) return { cells: parseRecord(text, reader.delimiter), next };
  return readLongRecord(reader, line);
}

/** A record that goes on on the lines that follow, up to the one that closes its quote. */
function readLongRecord({ text, delimiter }: Reader, first: Line): Cells {
  if (!isUnclosed(first.text, delimiter))
    return { cells: parseRecord(first.text, delimiter), next: first.next };
  for (let place = first.next; place.at < text.length; ) {
    const line = lineAt(text, place);
    if (hasOpenQuote(line.text)) {
      const end = place.at + line.text.length;
      return { cells: parseRecord(text.slice(first.start.at, end), delimiter), next: line.next };
    }
    place = line.next;
  }
  throw new DecodeError('a quote is never closed');
}

/** Quotes in a cell are doubled, so a line with an odd number of them ends inside a quoted cell, or is wrong. */
function hasOpenQuote(text: string): boolean {
  let open = false;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) open = !open;
  return open;
}

const faults: Readonly<Record<string, string>> = {
  INVALID_OPENING_QUOTE: 'a quote inside an unquoted cell',
  CSV_INVALID_CLOSING_QUOTE: 'text after a closing quote',
  CSV_QUOTE_NOT_CLOSED: 'a quote is never closed',
};

function parseRecord(text: string, delimiter: string): readonly string[] {
  try {
    return parseCsv(text, delimiter)[0] ?? [];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new DecodeError(faults[error.code] ?? error.message);
  }
}

function isUnclosed(text: string, delimiter: string): boolean {
  try {
    parseCsv(text, delimiter);
  } catch (error) {
    return error instanceof CsvError && error.code === 'CSV_QUOTE_NOT_CLOSED';
  }
  return false;
}

function parseCsv(text: string, delimiter: string): string[][] {
  return parse(text, { delimiter, record_delimiter: ['\n', '\r\n'], relax_column_count: true });
}
