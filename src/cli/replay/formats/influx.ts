/** InfluxDB line protocol, in nanoseconds unless the device profile says otherwise: also what headgate itself writes. */

import type { EndOfRecord } from '../records.ts';
import type { Format } from './format.ts';
import { createQuoteFinder } from './next-quote.ts';

const quote = 34;
const lineFeed = 10;
const backslash = 92;
const space = 32;
const hash = 35;

export const influx: Format = {
  about: 'InfluxDB line protocol',
  extensions: ['lp', 'influx', 'line'],
  looksLike: (line) =>
    /^(?:#|(?:\\.|[^\\ ,])+(?:,(?:\\.|[^\\ =])+=(?:\\.|[^\\ ,])+)* +(?:\\.|[^\\ =,])+=\S)/.test(line),
  holds: 'readings',
  endOfRecord: endOfPoint(),
};

/** Only the text of a field may hold a line feed; quotes before the first bare space are part of a name. */
function endOfPoint(): EndOfRecord {
  const nextQuote = createQuoteFinder();
  return (buffer, start) => {
    const lineEnd = buffer.indexOf(lineFeed, start);
    const isPlain = lineEnd < 0 || nextQuote(buffer, start) > lineEnd || buffer[start] === hash;
    return isPlain ? lineEnd : endAfterFields(buffer, start);
  };
}

function endAfterFields(buffer: Buffer, start: number): number {
  let inFields = false;
  let isOpen = false;
  for (let i = start; i < buffer.length; i++) {
    const byte = buffer[i];
    if (byte === backslash) i += 1;
    else if (byte === space && i > start) inFields = true;
    else if (byte === quote && inFields) isOpen = !isOpen;
    else if (byte === lineFeed && !isOpen) return i;
  }
  return -1;
}
