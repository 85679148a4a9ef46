/** What a gateway recorded as JSON lines: the frames of its journal, or its dead letters. For people, and for other programs. */

import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { loadGatewayFiles } from '../backup/settings-files.ts';
import { displayPath } from '../config/files.ts';
import { GatewayError } from '../core/errors.ts';
import { type CopiedFrame, copyFrames } from '../journal/copy.ts';
import { systemDisk } from '../log/files.ts';
import { type StreamedKind, writeStreamed } from '../log/streamed-file.ts';
import { askCut } from './ask-cut.ts';
import type { ExportOptions } from './export.ts';
import { exitCodes, Refused, UsageError } from './failure.ts';
import { placeOf } from './gateway-place.ts';
import { isReaderGone, outputError } from './output-error.ts';
import { printable } from './text-width.ts';
import { countText } from './units-text.ts';

const jsonLines: StreamedKind = { name: 'a file of JSON lines', begins: Buffer.from('{') };

/** Gives the exit code. Throws `Refused` when there is nothing to export. */
export async function exportLines(options: ExportOptions): Promise<number> {
  const { file, journal, deadLetters, stdout, stderr } = options;
  if (journal && deadLetters) throw new UsageError('--journal and --dead-letters are two files: export one');
  if (file === undefined) {
    throw new UsageError('where to is not said', { remedy: 'name a file, or `-` for standard output' });
  }
  const place = await placeOf(options.config, options.root);
  const { config } = await loadGatewayFiles(place);
  const counts = { lines: 0 };
  const lines = journal ? frameLines(config.data, counts, stderr) : letterLines(config.data, counts);
  if (file === '-') {
    if (!(await isTaken(lines, stdout))) return exitCodes.fine;
  } else {
    await writeStreamed(resolve(file), jsonLines, (to) => pipeline(Readable.from(lines), to));
  }
  const what = journal ? 'frames' : 'dead letters';
  const where = file === '-' ? '' : `${displayPath(resolve(file))}: `;
  (file === '-' ? stderr : stdout).write(`${printable(where)}${countText(counts.lines)} ${what}\n`);
  return exitCodes.fine;
}

/** Whether all of it was wanted: who looks at the first lines leaves, as `head` does. */
async function isTaken(lines: AsyncIterable<string>, stdout: NodeJS.WriteStream): Promise<boolean> {
  try {
    await pipeline(Readable.from(lines), stdout, { end: false });
    return true;
  } catch (error) {
    if (isReaderGone(error)) return false;
    throw outputError(error);
  }
}

async function* frameLines(
  data: string,
  counts: { lines: number },
  stderr: NodeJS.WriteStream,
): AsyncGenerator<string> {
  const folder = join(data, 'journal');
  await mustBeThere(folder, 'no journal');
  const hangUp = new AbortController();
  const cut = await askCut(data, hangUp.signal).finally(() => hangUp.abort());
  const warn = (text: string): void => void stderr.write(`headgate: ${text}\n`);
  const to = cut?.logs.journal?.to;
  const range = { from: 0, ...(to !== undefined && { to }) };
  for await (const frames of copyFrames(systemDisk, folder, range, warn)) {
    counts.lines += frames.length;
    if (frames.length > 0) yield frames.map(lineOf).join('');
  }
}

function lineOf({ source, topic, payload, arrivedMs, isTimeSure }: CopiedFrame): string {
  const line = {
    time: new Date(arrivedMs).toISOString(),
    ...(isTimeSure ? {} : { time_sure: false }),
    source,
    ...(topic !== '' && { topic }),
    ...payloadOf(payload),
  };
  return `${JSON.stringify(line)}\n`;
}

/** As in dead letters: as text when it is some, else as base64. */
function payloadOf(payload: Buffer): object {
  try {
    return { payload: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload) };
  } catch {
    return { payload_base64: payload.toString('base64') };
  }
}

/** They are such lines already; one that is being written is left out. */
async function* letterLines(data: string, counts: { lines: number }): AsyncGenerator<string> {
  const folder = join(data, 'dead-letters');
  await mustBeThere(folder, 'no dead letters');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort();
  for (const name of names) {
    let rest = '';
    for await (const piece of createReadStream(join(folder, name), 'utf8') as AsyncIterable<string>) {
      const end = piece.lastIndexOf('\n') + 1;
      if (end > 0) {
        const whole = rest + piece.slice(0, end);
        counts.lines += whole.split('\n').length - 1;
        yield whole;
        rest = '';
      }
      rest += piece.slice(end);
    }
  }
}

async function mustBeThere(folder: string, nothing: string): Promise<void> {
  try {
    await systemDisk.list(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      throw new Refused(
        `there are ${nothing} in ${dirname(folder)}`.replace('are no journal', 'is no journal'),
        {
          remedy: 'name the gateway whose data folder it is: -c headgate.yaml',
        },
      );
    }
    throw new GatewayError(`cannot read ${folder}`, {
      remedy: 'export as root: sudo headgate export',
      cause: error,
    });
  }
}
