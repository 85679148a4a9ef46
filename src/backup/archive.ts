/**
 * Writes a backup: entries as they come, compressed, with their checksums at the end.
 *
 * Invariant: the file has its name once it is whole and on disk, and can be read by its owner alone.
 */

import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Pack, pack } from 'tar-stream';
import { type StreamedKind, writeStreamed } from '../log/streamed-file.ts';
import { type Entry, sumsName } from './format.ts';

export interface Written {
  readonly files: number;
  /** Of the content, before it is compressed. */
  readonly bytes: number;
}

const backup: StreamedKind = { name: 'a backup', begins: Uint8Array.of(0x1f, 0x8b) };

/** Throws `GatewayError`, and what the entries throw: nothing is left then. */
export async function writeArchive(path: string, entries: AsyncIterable<Entry>): Promise<Written> {
  return writeStreamed(path, backup, (to) => writeTo(to, entries));
}

/** The same to a stream, such as standard output. */
export async function writeTo(output: Writable, entries: AsyncIterable<Entry>): Promise<Written> {
  const tar = pack();
  const flow = pipeline(tar, createGzip(), output);
  // Whoever waits for the entries sees the failure of the output, not one that nobody handles.
  flow.catch(() => {});
  try {
    const written = await addAll(tar, entries);
    tar.finalize();
    await flow;
    return written;
  } catch (error) {
    tar.destroy();
    await flow.catch((first: unknown) => {
      if (isOfOutput(first)) throw first;
    });
    throw error;
  }
}

/** The end of the tar before its time is only what follows from the failure. */
function isOfOutput(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE';
}

async function addAll(tar: Pack, entries: AsyncIterable<Entry>): Promise<Written> {
  const sums: string[] = [];
  let bytes = 0;
  for await (const entry of entries) {
    sums.push(`${createHash('sha256').update(entry.content).digest('hex')}  ${entry.name}\n`);
    bytes += entry.content.length;
    await add(tar, entry);
  }
  await add(tar, { name: sumsName, mode: 0o600, content: Buffer.from(sums.join('')) });
  return { files: sums.length, bytes };
}

/** Resolves when there is room for more. */
function add(tar: Pack, { name, mode, content }: Entry): Promise<void> {
  return new Promise((resolve, reject) => {
    const header = { name, mode, size: content.length, type: 'file' as const };
    const sink = tar.entry(header, (error) => (error ? reject(error) : resolve()));
    sink.on('error', reject);
    sink.end(content);
  });
}
