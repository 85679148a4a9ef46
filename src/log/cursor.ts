/**
 * A durable position: a small JSON file, replaced whole, at most once a second and at the end.
 *
 * Invariant: what is on disk is a value that was once set; it may be up to a second old, so its reader must bear to
 * read again what it had read. A file that cannot be read is set aside, which is logged, and means starting from the
 * initial value. It has a checksum: one wrong digit would be a position too.
 * Not here: what the value means.
 */

import { crc32 } from 'node:zlib';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { type Disk, readWholeFile, setFileAside, writeFileDurably } from './files.ts';

export interface Cursor<T> {
  readonly value: T;
  set(value: T): void;
  /** What its file holds once this value is written. */
  content(): Buffer;
  /**
   * Writes what was set last, and says whether it is on disk. Never rejects: a failure is logged and tried again with the
   * next value.
   */
  flush(): Promise<boolean>;
}

export interface CursorOptions<T> {
  readonly disk: Disk;
  readonly path: string;
  /** When there is no file. */
  readonly initial: T;
  /** When the file cannot be read; default `initial`. */
  readonly unreadable?: T;
  /** The value, checked; undefined when it is none. */
  readonly parse: (value: unknown) => T | undefined;
  readonly logger: Logger;
  /** Called with each value once it is on disk. */
  readonly onDurable?: (value: T) => void;
  readonly everyMs?: number;
}

export async function openCursor<T>(options: CursorOptions<T>): Promise<Cursor<T>> {
  const { disk, path, everyMs = 1000 } = options;
  let value: T = await readValue(options);
  let durable: T | undefined = value;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<boolean> = Promise.resolve(true);
  let failing = false;

  async function write(): Promise<boolean> {
    const current = value;
    if (current === durable) return true;
    try {
      await writeFileDurably(disk, path, encodePosition(current));
      durable = current;
      failing = false;
      options.onDurable?.(current);
    } catch (error) {
      const remedy = error instanceof GatewayError ? error.remedy : undefined;
      if (!failing)
        options.logger.error({ path, error: messageOf(error), remedy }, 'cannot store a position');
      failing = true;
    }
    return current === durable;
  }

  function flush(): Promise<boolean> {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(write);
    return writing;
  }

  return {
    get value() {
      return value;
    },
    content: () => encodePosition(value),
    set(next) {
      value = next;
      timer ??= setTimeout(() => void flush(), everyMs);
    },
    flush,
  };
}

/** `{"checksum":"1c2d3e4f","value":…}`: CRC-32 of the value's text. */
export function encodePosition(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify({ checksum: checksumOf(value), value })}\n`);
}

function checksumOf(value: unknown): string {
  return crc32(JSON.stringify(value)).toString(16).padStart(8, '0');
}

/** Undefined when it is not what was written, or throws. Until version 0.1 the value stood alone. */
export function decodePosition(content: Buffer): unknown {
  const stored = JSON.parse(content.toString()) as { checksum?: unknown; value?: unknown } | null;
  if (stored === null || !Object.hasOwn(stored, 'value')) return stored;
  return stored.checksum === checksumOf(stored.value) ? stored.value : undefined;
}

async function readValue<T>(options: CursorOptions<T>): Promise<T> {
  const { disk, path, parse, logger } = options;
  try {
    const content = await readWholeFile(disk, path);
    if (content === undefined) return options.initial;
    const value = parse(decodePosition(content));
    if (value !== undefined) return value;
  } catch {
    // Said below: not to be read, or not JSON, is as unusable as JSON of another shape.
  }
  const file = await setFileAside(disk, path);
  logger.warn(
    { file },
    'a stored position cannot be read: set aside; delivery starts again at the oldest that is kept',
  );
  return options.unreadable ?? options.initial;
}
