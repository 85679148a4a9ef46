/** A table with a header row (RFC 4180; the delimiter may also be a semicolon or a tab). */

import type { EndOfRecord } from '../records.ts';
import type { Format } from './format.ts';
import { createQuoteFinder } from './next-quote.ts';

const quote = 34;
const lineFeed = 10;
const delimiters = [',', ';', '\t'];

export const csv: Format = {
  about: 'a table; its header row names the columns',
  extensions: ['csv', 'tsv'],
  looksLike: (line) => delimiters.some((delimiter) => line.includes(delimiter)),
  holds: 'readings',
  endOfRecord: endOfCsvRecord(),
};

/** A quote opens only at the start of a field, so an inch sign within one does no harm. */
function endOfCsvRecord(): EndOfRecord {
  const nextQuote = createQuoteFinder();
  return (buffer, start) => {
    const lineEnd = buffer.indexOf(lineFeed, start);
    return lineEnd < 0 || nextQuote(buffer, start) > lineEnd ? lineEnd : endAfterQuotes(buffer, start);
  };
}

function endAfterQuotes(buffer: Buffer, start: number): number {
  let isOpen = false;
  for (let i = start; i < buffer.length; i++) {
    const byte = buffer[i];
    if (byte === lineFeed && !isOpen) return i;
    if (byte !== quote) continue;
    if (isOpen) isOpen = false;
    else isOpen = i === start || isDelimiter(buffer[i - 1]) || buffer[i - 1] === quote;
  }
  return -1;
}

function isDelimiter(byte: number | undefined): boolean {
  return byte === 44 || byte === 59 || byte === 9;
}

/** Which of the usual delimiters the header row uses most. */
export function sniffDelimiter(header: string): string {
  const bare = header.replace(/"(?:[^"]|"")*"/g, '');
  const counts = delimiters.map((delimiter) => bare.split(delimiter).length);
  return delimiters[counts.indexOf(Math.max(...counts))]!;
}
