/** The recorded formats by name, and how a file's format is told. */

import { extname } from 'node:path';
import { UsageError } from '../../failure.ts';
import { csv } from './csv.ts';
import type { Format } from './format.ts';
import { influx } from './influx.ts';
import { jsonl } from './jsonl.ts';
import { mosquitto, timed } from './mosquitto.ts';

export type { Format, Parts } from './format.ts';

/** In the order in which a file's content is tried: the most particular first. */
export const formats = { jsonl, timed, influx, mosquitto, csv } satisfies Record<string, Format>;

export type FormatName = keyof typeof formats;
export const formatNames = Object.keys(formats) as FormatName[];

/** By the extension, else by the first line that is not blank. Undefined for a file without any. */
export function detectFormat(file: string, start: Buffer): FormatName | undefined {
  refuseUtf16(file, start);
  const extension = extname(file.replace(/\.gz$/i, '')).slice(1).toLowerCase();
  const byExtension = formatNames.find((name) => formats[name].extensions.includes(extension));
  if (byExtension !== undefined) return byExtension;
  const line = firstLine(start);
  if (line === undefined) return undefined;
  const byContent = formatNames.find((name) => formats[name].looksLike(line));
  if (byContent !== undefined) return byContent;
  throw new UsageError(
    `cannot tell the format of ${file} from its first line: ${JSON.stringify(line.slice(0, 60))}`,
    {
      remedy: `name it: --format ${formatNames.join('|')}`,
    },
  );
}

/** The first line that is not blank, without a byte order mark. */
export function firstLine(start: Buffer): string | undefined {
  const text = start.toString('utf8').replace(/^\ufeff/, '');
  return text.split(/\r?\n/).find((line) => line.trim() !== '');
}

function refuseUtf16(file: string, start: Buffer): void {
  const mark = start.length >= 2 ? start.readUInt16BE(0) : 0;
  if (mark !== 0xfeff && mark !== 0xfffe) return;
  throw new UsageError(`${file} is UTF-16 text`, { remedy: `convert it: iconv -f UTF-16 -t UTF-8 ${file}` });
}
