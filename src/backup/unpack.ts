/**
 * Reads a backup: every file to where it is told, checked against the checksums at the end.
 *
 * Invariant: nothing is written but plain files under names that `partOf` allows, within the bounds; what resolves was whole. Whoever
 * made the archive may have been anybody.
 * Not here: where files go (restore.ts).
 */

import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Headers } from 'tar-stream';
import { GatewayError, messageOf, reasonOf } from '../core/errors.ts';
import { type DiskFile, systemDisk } from '../log/files.ts';
import { type About, aboutName, parseAbout, partOf, refused, sumsName } from './format.ts';

export interface UnpackOptions {
  /** Of all files together; asked for before each. */
  readonly roomBytes: () => number;
  /** Called with the first file. */
  readonly begin: (about: About) => void | Promise<void>;
  /** The path to write a file to; its folder is there. Undefined: it is only checked. Called in the order of the archive. */
  readonly pathFor: (name: string, mode: number) => Promise<string | undefined>;
}

export interface Unpacked {
  readonly about: About;
  readonly names: ReadonlySet<string>;
}

const mostFiles = 100_000;
const largestFileBytes = 4 * 1024 ** 3;
/** Of the two files about the others. */
const largestListBytes = 32 * 1024 * 1024;
/** Long names and the like, which stand between the files and are held in memory. */
const mostBetweenBytes = 16 * 1024 * 1024;

/** Throws `GatewayError` for whatever is wrong with the file. */
export async function unpack(path: string, options: UnpackOptions): Promise<Unpacked> {
  const tar = extract();
  const seen = { between: 0 };
  const flow = pipeline(createReadStream(path), createGunzip(), boundBetween(seen), tar);
  // Told by the loop over the files, which ends with it.
  flow.catch(() => {});
  const read = createReading(options, seen);
  try {
    for await (const entry of tar) await read.file(entry.header, entry);
    await flow;
  } catch (error) {
    const cause = await flow
      .then(() => error)
      .catch((first: unknown) => (first instanceof GatewayError ? first : error));
    tar.destroy();
    throw cause instanceof GatewayError ? cause : damaged(path, cause);
  }
  return read.finished();
}

function damaged(path: string, error: unknown): GatewayError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (/^E(NOENT|ACCES|PERM|ISDIR)$/.test(code)) {
    return new GatewayError(`cannot read ${path}: ${reasonOf(error)}`, {
      remedy: 'check the path',
      cause: error,
    });
  }
  return refused(`${path} is no backup of headgate, or it is damaged: ${messageOf(error)}`);
}

/** What passes beside the files is bounded: `between` is set back with each file, and lowered by what it brings. */
function boundBetween(seen: { between: number }): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      seen.between += chunk.length;
      if (seen.between > mostBetweenBytes) done(refused('it is no backup: its headers are too long'));
      else done(null, chunk);
    },
  });
}

function createReading(options: UnpackOptions, seen: { between: number }) {
  const sums = new Map<string, string>();
  let about: About | undefined;
  let listed: string | undefined;

  async function file(header: Headers, content: AsyncIterable<Buffer>): Promise<void> {
    const { name, type, size = 0, mode = 0o600 } = header;
    if (listed !== undefined) throw refused('something stands behind its end');
    if (type !== 'file') throw refused(`\`${name}\` in it is a ${type}: only files are taken`);
    if (sums.has(name)) throw refused(`\`${name}\` is in it twice`);
    if (sums.size >= mostFiles) throw refused(`it has more than ${mostFiles} files`);
    const isList = name === aboutName || name === sumsName;
    if (size > (isList ? largestListBytes : largestFileBytes))
      throw refused(`\`${name}\` in it is too large`);
    if (isList) {
      const text = await textOf(name, content);
      if (name === sumsName) listed = text;
      else await begin(text);
      return;
    }
    partOf(name);
    if (about === undefined) throw refused(`it does not begin with ${aboutName}`);
    if (size > options.roomBytes()) {
      throw refused(`there is no room for \`${name}\`, ${size} bytes`, 'free space, or use a larger disk');
    }
    await write(name, await options.pathFor(name, mode & 0o755), content);
  }

  async function begin(text: string): Promise<void> {
    if (sums.size > 1) throw refused(`${aboutName} is not its first file`);
    about = parseAbout(text);
    if (about === undefined) throw refused(`its ${aboutName} cannot be understood`);
    await options.begin(about);
  }

  async function textOf(name: string, content: AsyncIterable<Buffer>): Promise<string> {
    const pieces: Buffer[] = [];
    const hash = createHash('sha256');
    for await (const piece of counted(content, hash)) pieces.push(piece);
    sums.set(name, hash.digest('hex'));
    return Buffer.concat(pieces).toString();
  }

  async function write(
    name: string,
    path: string | undefined,
    content: AsyncIterable<Buffer>,
  ): Promise<void> {
    const hash = createHash('sha256');
    const target = path === undefined ? undefined : await systemDisk.open(path, 'create');
    try {
      await copy(counted(content, hash), target);
      await target?.sync();
    } finally {
      await target?.close();
    }
    sums.set(name, hash.digest('hex'));
  }

  async function* counted(content: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
    seen.between = 0;
    for await (const piece of content) {
      seen.between = 0;
      hash.update(piece);
      yield piece;
    }
    seen.between = 0;
  }

  return {
    file,
    finished(): Unpacked {
      if (about === undefined || listed === undefined) throw refused('it is not whole: its end is missing');
      sums.delete(sumsName);
      const expected = new Set(listed.split('\n').filter((line) => line !== ''));
      const found = new Set([...sums].map(([name, sum]) => `${sum}  ${name}`));
      const [wrong] = found.symmetricDifference(expected);
      if (wrong !== undefined) {
        throw refused(`it is damaged: the checksum of \`${wrong.slice(66)}\` does not fit`);
      }
      sums.delete(aboutName);
      return { about, names: new Set(sums.keys()) };
    },
  };
}

async function copy(content: AsyncIterable<Buffer>, target: DiskFile | undefined): Promise<void> {
  let at = 0;
  for await (const piece of content) {
    await target?.write([piece], at);
    at += piece.length;
  }
}
