/** One JSON payload of a device in each line (JSON Lines, NDJSON). */

import { endOfLine } from '../records.ts';
import type { Format } from './format.ts';

export const jsonl: Format = {
  about: 'one JSON payload of the device in each line',
  extensions: ['jsonl', 'ndjson'],
  looksLike: (line) => /^\s*[{[]/.test(line),
  holds: 'readings',
  endOfRecord: endOfLine,
};
