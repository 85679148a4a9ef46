/**
 * A durable position: a small JSON file, replaced whole, at most once a second and at the end.
 *
 * Invariant: what is on disk is a value that was once set; it may be up to a second old, so its reader must bear to
 * read again what it had read. A file that cannot be read means starting from the initial value, and is logged.
 * Not here: what the value means.
 */

import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { type Disk, readWholeFile, writeFileDurably } from './files.ts';

export interface Cursor<T> {
  readonly value: T;
  set(value: T): void;
  /** Writes what was set last. Never rejects: a failure is logged and tried again with the next value. */
  flush(): Promise<void>;
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
  let writing: Promise<void> = Promise.resolve();
  let failing = false;

  async function write(): Promise<void> {
    const current = value;
    if (current === durable) return;
    try {
      await writeFileDurably(disk, path, Buffer.from(`${JSON.stringify(current)}\n`));
      durable = current;
      failing = false;
      options.onDurable?.(current);
    } catch (error) {
      if (!failing) options.logger.error({ path, error: messageOf(error) }, 'cannot store a position');
      failing = true;
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(write);
    return writing;
  }

  return {
    get value() {
      return value;
    },
    set(next) {
      value = next;
      timer ??= setTimeout(() => void flush(), everyMs);
    },
    flush,
  };
}

async function readValue<T>(options: CursorOptions<T>): Promise<T> {
  const { disk, path, parse, logger } = options;
  const content = await readWholeFile(disk, path);
  if (content === undefined) return options.initial;
  try {
    const value = parse(JSON.parse(content.toString()));
    if (value !== undefined) return value;
  } catch {
    // Said below: not JSON is as unusable as JSON of another shape.
  }
  logger.warn({ path }, 'a stored position cannot be read: delivery starts again at the oldest that is kept');
  return options.unreadable ?? options.initial;
}
