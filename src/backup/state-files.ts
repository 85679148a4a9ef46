/**
 * The state of a gateway, as entries of a backup: the checkpoint, the journal behind it, what was not sent, and what people said.
 *
 * Invariant: a data folder with these files is one that the gateway itself could have left behind; nothing in it is changed here.
 * Not in it: what is no state: frames that are processed, points that were sent to files, dead letters.
 */

import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { decodeCheckpoint } from '../engine/checkpoint.ts';
import { copyRecords, lastSequence, type Range, segmentsOf } from '../log/copy.ts';
import { decodePosition, encodePosition } from '../log/cursor.ts';
import { diskError, isDenied } from '../log/disk-error.ts';
import { isMissing, readWholeFile, systemDisk } from '../log/files.ts';
import type { Cut } from './cut.ts';
import type { Entry } from './format.ts';

export interface StateSource {
  readonly data: string;
  /** Asks the gateway for a cut, once the checkpoint is read; undefined: none is running. */
  readonly cut: () => Promise<Cut | undefined>;
  /** What is said of records that cannot be read. */
  readonly warn: (text: string) => void;
}

export interface Checkpoints {
  readonly entries: readonly Entry[];
  /** Where the journal goes on; undefined when there is none that this version can read. */
  readonly sequence: number | undefined;
}

/** Throws `GatewayError` when the folder cannot be read. Nothing is given for a folder without state. */
export async function* stateEntries({ data, cut: ask, warn }: StateSource): AsyncGenerator<Entry> {
  const read = (path: string): Promise<Buffer | undefined> => readIfPossible(join(data, path), warn);
  const { entries, sequence } = await checkpointEntries(read);
  const cut = await ask();
  yield* entries;
  const files = {
    ...(await contents(['starts.json'], read)),
    ...(cut?.files ?? (await smallFiles(data, read))),
  };
  for (const [path, content] of Object.entries(files)) yield fileEntry(path, withoutMark(path, content));
  const { journal = { from: 0 }, ...lanes } = cut?.logs ?? (await lanesIn(data));
  for (const [folder, range] of Object.entries(lanes))
    yield* logEntries(data, folder, withNeeded(range), warn);
  yield* logEntries(data, 'journal', await journalRange(data, sequence, journal), warn);
}

type Read = (path: string) => Promise<Buffer | undefined>;

/** A disk that fails gives what it still can; the gateway goes without the rest, as it would here. */
async function readIfPossible(path: string, warn: (text: string) => void): Promise<Buffer | undefined> {
  try {
    return await readWholeFile(systemDisk, path);
  } catch (error) {
    if (isDenied(error)) throw error;
    warn(`${messageOf(error)}: it is left out`);
    return undefined;
  }
}

/** The one that can be read; both as they are when this version reads neither. */
async function checkpointEntries(read: Read): Promise<Checkpoints> {
  const kept: Entry[] = [];
  for (const name of ['checkpoint', 'checkpoint.previous']) {
    const content = await read(name);
    if (content === undefined) continue;
    const checkpoint = decodeCheckpoint(content);
    if (checkpoint !== undefined) {
      return { entries: [fileEntry('checkpoint', content)], sequence: checkpoint.position.sequence };
    }
    kept.push(fileEntry(name, content));
  }
  return { entries: kept, sequence: undefined };
}

/** With the last block before the checkpoint: it says what time of day it was. */
async function journalRange(data: string, sequence: number | undefined, { to }: Partial<Range>) {
  const until = to !== undefined && { to };
  if (sequence === undefined) return { from: 0, ...until };
  const last = to === undefined ? await lastSequence(systemDisk, join(data, 'journal')) : to - 1;
  return { from: Math.max(0, Math.min(sequence - 1, last ?? sequence)), needed: sequence, ...until };
}

/** Of a cut all of it is needed; where the log of a stopped gateway begins is not known. */
function withNeeded(range: Range) {
  return { ...range, needed: range.to === undefined ? undefined : range.from };
}

/** `needed`: records from this one on are missed when they are not there; default: none before the first that is. */
async function* logEntries(
  data: string,
  folder: string,
  { needed, ...range }: Range & { readonly needed?: number | undefined },
  warn: (text: string) => void,
): AsyncGenerator<Entry> {
  let expected = needed;
  let missing = 0;
  for await (const segment of segmentsOf(copyRecords(systemDisk, join(data, folder), range))) {
    if (expected !== undefined) missing += Math.max(0, segment.first - expected);
    expected = segment.next;
    yield fileEntry(`${folder}/${segment.name}`, segment.content);
  }
  if (range.to !== undefined && expected !== undefined) missing += Math.max(0, range.to - expected);
  if (missing > 0)
    warn(`${folder}: ${missing} records cannot be read; if the gateway runs, export once more`);
}

function fileEntry(path: string, content: string | Buffer): Entry {
  return { name: `data/${path}`, mode: 0o600, content: Buffer.from(content) };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await systemDisk.list(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw diskError('read', folder, error);
  }
}

async function smallFiles(data: string, read: Read): Promise<Record<string, string>> {
  const outbox = await namesIn(join(data, 'outbox'));
  const positions = outbox.filter((name) => name.endsWith('.position.json')).map((name) => `outbox/${name}`);
  return contents([...positions, 'settings.json', 'settings.json.bak'], read);
}

async function contents(paths: readonly string[], read: Read): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const path of paths) {
    const content = await read(path);
    if (content !== undefined) files[path] = content.toString();
  }
  return files;
}

async function lanesIn(data: string): Promise<Record<string, Range>> {
  const names = await namesIn(join(data, 'outbox'));
  const folders = names.filter((name) => /^(points(-\d+m)?|alerts|health)$/.test(name)).sort();
  return Object.fromEntries(folders.map((name) => [`outbox/${name}`, { from: 0 }]));
}

/** How far the files of points reach, which are not in the backup, must not be looked for elsewhere. */
function withoutMark(path: string, content: string): string {
  if (!path.endsWith('.position.json')) return content;
  try {
    const value = decodePosition(Buffer.from(content));
    if (typeof value !== 'object' || value === null || !('mark' in value)) return content;
    const { mark: _, ...rest } = value;
    return encodePosition(rest).toString();
  } catch {
    return content;
  }
}
