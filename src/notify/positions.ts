/**
 * How far each notifier has got in the alerts lane, and what it was not told on the way, in one durable file.
 *
 * Invariant: a notifier that is configured no more has no position, a new one begins with the alerts to come. Records
 * are released below the slowest position that is on disk.
 */

import type { Logger } from '../core/log.ts';
import { type Cursor, openCursor } from '../log/cursor.ts';
import type { Disk } from '../log/files.ts';
import type { Lane } from '../log/lane.ts';
import { createWithheld, readWithheld, type Withheld } from './withheld.ts';

/** The next alert: the sequence of its record or of one before, and the alerts of the lane before it. */
export interface Mark {
  readonly sequence: number;
  readonly line: number;
}

export interface Position extends Mark {
  /** What it was not told before there. */
  readonly withheld: Withheld;
}

export interface Positions {
  readonly notifiers: Readonly<Record<string, Position>>;
  /** The stored positions could not be read: everything kept is delivered again. */
  readonly unreadable?: boolean;
}

export interface PositionOptions {
  readonly lane: Lane;
  readonly names: readonly string[];
  readonly disk: Disk;
  readonly path: string;
  readonly logger: Logger;
}

/** Opens the positions of the named notifiers: on disk when this resolves. Throws `GatewayError`. */
export async function openPositions(options: PositionOptions): Promise<Cursor<Positions>> {
  const { lane, disk, path, logger, names } = options;
  const cursor = await openCursor<Positions>({
    disk,
    path,
    // Written before the first alert: beside alerts it was there.
    initial: lane.next > 0 ? { notifiers: {}, unreadable: true } : { notifiers: {} },
    unreadable: { notifiers: {}, unreadable: true },
    parse: parsePositions,
    logger,
    onDurable: (positions) => {
      const marks = Object.values(positions.notifiers);
      if (marks.length > 0) lane.release(Math.min(...marks.map((mark) => mark.sequence)));
    },
  });
  const known = cursor.value;
  if (known.unreadable === true) logger.warn({ path }, 'alerts that are still kept are delivered again');
  const start = { sequence: lane.next, line: lane.lineCount };
  const isBehind = ({ sequence }: Mark): boolean => sequence > lane.next;
  if (Object.values(known.notifiers).some(isBehind)) {
    logger.error({ path }, 'alerts of the outbox are gone: what was not delivered of them is lost');
  }
  const marks = names.map((name) => {
    const oldest = { sequence: 0, line: 0, withheld: createWithheld() };
    const unknown = known.unreadable === true ? oldest : { ...start, withheld: createWithheld() };
    const mark = Object.hasOwn(known.notifiers, name) ? known.notifiers[name]! : unknown;
    // A position the lane never gave: its files were removed.
    return [name, isBehind(mark) ? oldest : mark] as const;
  });
  // Durable before the first alert: one that a crash overtakes must not find its notifier new again.
  cursor.set({ notifiers: Object.fromEntries(marks) });
  await cursor.flush();
  return cursor;
}

function parsePositions(value: unknown): Positions | undefined {
  const notifiers: unknown = (value as { notifiers?: unknown } | null)?.notifiers;
  if (typeof notifiers !== 'object' || notifiers === null) return undefined;
  const entries = Object.entries(notifiers).map(([name, value]) => [name, parsePosition(value)] as const);
  if (!entries.every((entry): entry is [string, Position] => entry[1] !== undefined)) return undefined;
  return { notifiers: Object.fromEntries(entries) };
}

function parsePosition(value: unknown): Position | undefined {
  const stored = (value ?? {}) as Partial<Record<keyof Position, unknown>>;
  const { sequence, line } = stored as Partial<Mark>;
  const withheld = readWithheld(stored.withheld);
  if (!Number.isSafeInteger(sequence) || !Number.isSafeInteger(line) || !withheld) return undefined;
  return { sequence: sequence!, line: line!, withheld };
}
