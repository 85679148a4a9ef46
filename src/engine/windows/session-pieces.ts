/**
 * Runs of readings by key, each with a slot in every aggregate: what open sessions are made of.
 *
 * Invariants: a key's pieces are disjoint in time and linked in its order; a piece is named by its slot.
 * Not here: which readings make a piece, and which pieces a session.
 */

import type { Aggregate } from '../aggregates/aggregate.ts';
import { grown } from '../grown.ts';
import { combined, createSlots, noSlot } from './slots.ts';

export interface SessionPieces {
  /** Room for keys below this number. */
  growKeys(capacity: number): void;
  /** A key's first and last piece, or `noSlot`. */
  earliest(key: number): number;
  latest(key: number): number;
  /** The piece before and after one of the same key, or `noSlot`. */
  older(piece: number): number;
  newer(piece: number): number;
  /** Its first and last reading. */
  firstMs(piece: number): number;
  lastMs(piece: number): number;
  /** Lets a piece reach to a reading that is nearer to it than to any other of the key. */
  reach(piece: number, timeMs: number): void;
  /** A new piece of one reading, behind another of the key; behind none: as its earliest. */
  insert(key: number, behind: number, timeMs: number): number;
  remove(key: number, piece: number): void;
  /** Joins the piece that follows another to it. */
  mergeNext(key: number, piece: number): void;
  /** The slot with the readings of pieces that follow each other; valid until the next call. */
  combine(first: number, last: number): number;
  countOf(key: number): number;
  count(): number;
  save(): SavedPieces;
  load(saved: SavedPieces): void;
}

export interface SavedPieces {
  /** By piece, each key's in the order of their time. */
  readonly key: Int32Array;
  readonly firstMs: Float64Array;
  readonly lastMs: Float64Array;
  readonly aggregates: readonly unknown[];
}

export function createSessionPieces(aggregates: readonly Aggregate[]): SessionPieces {
  // By key.
  let earliest = new Int32Array(0);
  let latest = new Int32Array(0);
  let counts = new Int32Array(0);
  // By slot.
  let firstMs = new Float64Array(0);
  let lastMs = new Float64Array(0);
  let older = new Int32Array(0);
  let newer = new Int32Array(0);

  const slots = createSlots(aggregates, (capacity) => {
    firstMs = grown(firstMs, capacity, 0);
    lastMs = grown(lastMs, capacity, 0);
    older = grown(older, capacity, noSlot);
    newer = grown(newer, capacity, noSlot);
  });

  function insert(key: number, behind: number, timeMs: number): number {
    const piece = slots.take();
    const next = behind === noSlot ? earliest[key]! : newer[behind]!;
    firstMs[piece] = timeMs;
    lastMs[piece] = timeMs;
    link(key, behind, piece);
    link(key, piece, next);
    counts[key]! += 1;
    return piece;
  }

  function remove(key: number, piece: number): void {
    link(key, older[piece]!, newer[piece]!);
    counts[key]! -= 1;
    slots.giveBack(piece);
  }

  /** Makes two pieces neighbours; without one, the other is the key's earliest or latest. */
  function link(key: number, before: number, next: number): void {
    if (before === noSlot) earliest[key] = next;
    else newer[before] = next;
    if (next === noSlot) latest[key] = before;
    else older[next] = before;
  }

  /** The key of every piece, in the order of `save`. */
  function keysOf(pieces: Int32Array): Int32Array {
    const keys = new Int32Array(pieces.length);
    let i = 0;
    for (const [key, count] of counts.entries()) {
      keys.fill(key, i, i + count);
      i += count;
    }
    return keys;
  }

  return {
    growKeys(capacity) {
      earliest = grown(earliest, capacity, noSlot);
      latest = grown(latest, capacity, noSlot);
      counts = grown(counts, capacity, 0);
    },
    earliest: (key) => earliest[key]!,
    latest: (key) => latest[key]!,
    older: (piece) => older[piece]!,
    newer: (piece) => newer[piece]!,
    firstMs: (piece) => firstMs[piece]!,
    lastMs: (piece) => lastMs[piece]!,
    reach(piece, timeMs) {
      firstMs[piece] = Math.min(firstMs[piece]!, timeMs);
      lastMs[piece] = Math.max(lastMs[piece]!, timeMs);
    },
    insert,
    remove,
    mergeNext(key, piece) {
      const next = newer[piece]!;
      for (const aggregate of aggregates) aggregate.merge(piece, next);
      lastMs[piece] = lastMs[next]!;
      remove(key, next);
    },
    combine(first, last) {
      if (first === last) return first;
      for (const aggregate of aggregates) {
        aggregate.reset(combined);
        for (let piece = first; piece !== newer[last]; piece = newer[piece]!)
          aggregate.merge(combined, piece);
      }
      return combined;
    },
    countOf: (key) => counts[key]!,
    count: slots.count,
    save() {
      const saved: number[] = [];
      for (const first of earliest) {
        for (let piece = first; piece !== noSlot; piece = newer[piece]!) saved.push(piece);
      }
      const pieces = Int32Array.from(saved);
      return {
        key: keysOf(pieces),
        firstMs: Float64Array.from(pieces, (piece) => firstMs[piece]!),
        lastMs: Float64Array.from(pieces, (piece) => lastMs[piece]!),
        aggregates: aggregates.map((aggregate) => aggregate.save(pieces)),
      };
    },
    load(saved) {
      const pieces = saved.key.map((key, i) => {
        const piece = insert(key, latest[key]!, saved.firstMs[i]!);
        lastMs[piece] = saved.lastMs[i]!;
        return piece;
      });
      for (const [a, aggregate] of aggregates.entries()) aggregate.load(saved.aggregates[a], pieces);
    },
  };
}
