/**
 * The open sessions of a rule's keys, held as pieces: runs of readings that no later reading can part.
 *
 * Without a longest length a piece is a session: what touches is merged. With one (`maxMs`) a session's end depends on its
 * first reading, and an earlier one may still come; so readings share a piece only when no end that is still possible
 * lies between them. Possible ends are that of the key's earliest session as it is known, and everything from
 * `watermark − gap + max` on: a reading that may still come and begin a session is later than `watermark − gap`.
 * A key's sessions are then read off its pieces from the earliest on; which readings each has does not depend on
 * the order they came in.
 *
 * Not here: watermarks, lateness, and when a session closes.
 */

import type { Aggregate } from '../aggregates/aggregate.ts';
import { createSessionPieces, type SavedPieces } from './session-pieces.ts';
import { noSlot } from './slots.ts';

export interface SessionLimits {
  readonly gapMs: number;
  readonly maxMs: number | undefined;
}

export interface Session {
  readonly startMs: number;
  /** Its latest reading. */
  readonly lastMs: number;
  readonly endMs: number;
  /** It ended because it was too long, not for want of readings: the next may begin at its end. */
  readonly wasCut: boolean;
  /** Its readings in the aggregates; valid until the next call. */
  readonly slot: number;
}

export interface OpenSessions {
  /** Room for keys below this number. */
  growKeys(capacity: number): void;
  /** The slot to fold a reading into. What was placed before must be folded when `beforeMerge` returns. */
  place(key: number, timeMs: number, watermarkMs: number): number;
  /** End of the key's earliest session; Infinity without one. */
  earliestEndMs(key: number): number;
  /** Ends of the key's sessions up to a time, ascending. */
  endsUntil(key: number, untilMs: number): number[];
  earliest(key: number): Session | undefined;
  takeEarliest(key: number): Session & { readonly readings: number };
  /** The key's latest reading that is open; -Infinity without one. */
  latestMs(key: number): number;
  /** Every session of the key, the earliest first. */
  visit(key: number, visit: (session: Session) => void): void;
  /** Pieces of the key, and of all. */
  countOf(key: number): number;
  count(): number;
  /** Of all keys below this number. */
  readings(keys: number): number;
  save(): SavedPieces;
  load(saved: SavedPieces): void;
}

export function createOpenSessions(
  { gapMs, maxMs = Number.POSITIVE_INFINITY }: SessionLimits,
  aggregates: readonly Aggregate[],
  readingsIn: (slot: number) => number,
  beforeMerge: () => void,
): OpenSessions {
  const isBounded = maxMs !== Number.POSITIVE_INFINITY;
  const pieces = createSessionPieces(aggregates);
  const { earliest, latest, older, newer, firstMs, lastMs } = pieces;

  const touch = (earlierMs: number, laterMs: number): boolean => laterMs <= earlierMs + gapMs;

  /** Whether readings at these times, and those between them, can share a piece. */
  function canShare(key: number, fromMs: number, toMs: number, watermarkMs: number): boolean {
    if (!isBounded) return true;
    const cutMs = firstMs(earliest(key)) + maxMs;
    return toMs < watermarkMs - gapMs + maxMs && !(fromMs < cutMs && cutMs <= toMs);
  }

  function canJoinNext(key: number, piece: number, watermarkMs: number): boolean {
    const next = newer(piece);
    if (next === noSlot || !touch(lastMs(piece), firstMs(next))) return false;
    return canShare(key, firstMs(piece), lastMs(next), watermarkMs);
  }

  function joinNext(key: number, piece: number): void {
    beforeMerge();
    pieces.mergeNext(key, piece);
  }

  /** What could be parted before may be one piece now: so there are no more of them than the lateness holds. */
  function joinEarliest(key: number, watermarkMs: number): void {
    const piece = earliest(key);
    while (canJoinNext(key, piece, watermarkMs)) joinNext(key, piece);
  }

  /** The last piece that begins at or before a time, or `noSlot`. */
  function pieceBefore(key: number, timeMs: number): number {
    let piece = latest(key);
    while (piece !== noSlot && firstMs(piece) > timeMs) piece = older(piece);
    return piece;
  }

  function place(key: number, timeMs: number, watermarkMs: number): number {
    if (isBounded && earliest(key) !== latest(key)) joinEarliest(key, watermarkMs);
    const before = pieceBefore(key, timeMs);
    if (before !== noSlot) {
      if (timeMs <= lastMs(before)) return before;
      if (touch(lastMs(before), timeMs) && canShare(key, firstMs(before), timeMs, watermarkMs)) {
        pieces.reach(before, timeMs);
        if (canJoinNext(key, before, watermarkMs)) joinNext(key, before);
        return before;
      }
    }
    const next = before === noSlot ? earliest(key) : newer(before);
    if (next === noSlot || !touch(timeMs, firstMs(next)) || !canShare(key, timeMs, lastMs(next), watermarkMs))
      return pieces.insert(key, before, timeMs);
    pieces.reach(next, timeMs);
    return next;
  }

  /** The last piece of the session that begins with a piece. */
  function lastOf(first: number): number {
    const cutMs = firstMs(first) + maxMs;
    let last = first;
    for (let next = newer(last); next !== noSlot; next = newer(next)) {
      if (!touch(lastMs(last), firstMs(next)) || firstMs(next) >= cutMs) break;
      last = next;
    }
    return last;
  }

  const endOf = (first: number, last: number): number =>
    Math.min(lastMs(last) + gapMs, firstMs(first) + maxMs);

  function sessionOf(first: number, last: number): Session {
    const endMs = endOf(first, last);
    return {
      startMs: firstMs(first),
      lastMs: lastMs(last),
      endMs,
      wasCut: endMs < lastMs(last) + gapMs,
      slot: pieces.combine(first, last),
    };
  }

  return {
    growKeys: pieces.growKeys,
    place,
    earliestEndMs(key) {
      const first = earliest(key);
      return first === noSlot ? Number.POSITIVE_INFINITY : endOf(first, lastOf(first));
    },
    endsUntil(key, untilMs) {
      const ends: number[] = [];
      for (let first = earliest(key); first !== noSlot; ) {
        const last = lastOf(first);
        if (endOf(first, last) > untilMs) break;
        ends.push(endOf(first, last));
        first = newer(last);
      }
      return ends;
    },
    earliest(key) {
      const first = earliest(key);
      return first === noSlot ? undefined : sessionOf(first, lastOf(first));
    },
    takeEarliest(key) {
      const first = earliest(key);
      const last = lastOf(first);
      const session = sessionOf(first, last);
      const next = newer(last);
      let readings = 0;
      // A slot given back keeps what it holds until it is taken again.
      while (earliest(key) !== next) {
        readings += readingsIn(earliest(key));
        pieces.remove(key, earliest(key));
      }
      return { ...session, readings };
    },
    latestMs(key) {
      const piece = latest(key);
      return piece === noSlot ? Number.NEGATIVE_INFINITY : lastMs(piece);
    },
    visit(key, visit) {
      for (let first = earliest(key); first !== noSlot; ) {
        const last = lastOf(first);
        visit(sessionOf(first, last));
        first = newer(last);
      }
    },
    countOf: pieces.countOf,
    count: pieces.count,
    readings(keys) {
      let readings = 0;
      for (let key = 0; key < keys; key++) {
        for (let piece = earliest(key); piece !== noSlot; piece = newer(piece)) readings += readingsIn(piece);
      }
      return readings;
    },
    save: pieces.save,
    load: pieces.load,
  };
}
