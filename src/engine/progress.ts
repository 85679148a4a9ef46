/**
 * How far a rule that reads rules may go on: a key waits for the results that are still to come for it.
 *
 * A key's watermark would be the furthest of what its readings and the rules it reads have come to. It is held below the
 * end of the earliest open window of any key whose results it gets: so no result comes late as long as no reading did,
 * and the windows of a key close as soon as the last result for them is there.
 * Invariant: what is remembered but `wantedMs` follows from the rules that are read; it is no state.
 */

import type { SeriesTable } from '../expression/rows.ts';
import type { RulePlan } from '../rules/plan.ts';
import { grown } from './grown.ts';
import { momentMs } from './readers.ts';
import type { SeriesIndex } from './series.ts';
import type { Hold } from './windows/windows.ts';

/** A rule as those see it that read it; keys are its own. */
export interface Upstream {
  readonly table: SeriesTable;
  /** The keys in `table`, after those were met that get results of readings which came already. */
  keyCount(): number;
  /** No result to come, of readings that came already, has an earlier end; Infinity when none is to come. */
  openFromMs(key: number): number;
  watermarkMs(key: number): number;
}

export interface Link {
  readonly upstream: Upstream;
  /** How far a key's watermark stays behind that of the key that is read. */
  readonly latenessMs: number;
  /** The key that gets the results of a key of the rule that is read; negative when there is no room for it. */
  readonly keyOf: (upstreamKey: number) => number;
}

/** By input of a rule; undefined where it is a device's. */
export function linksTo(
  upstreams: readonly (Upstream | undefined)[],
  { inputs }: RulePlan,
  latenessMs: readonly number[],
  keys: SeriesIndex,
): (Link | undefined)[] {
  return upstreams.map((upstream, i) => {
    if (upstream === undefined) return undefined;
    const { keyTags } = inputs[i]!;
    const keyOf = (key: number): number => keys.idOf(keyTags.map((tag) => upstream.table.tags[tag]![key]!));
    return { upstream, latenessMs: latenessMs[i]!, keyOf };
  });
}

export interface Progress extends Hold {
  /** Meets the keys that get results of readings which came already. */
  meetKeys(): void;
  /** The watermark a key has come to. */
  reachedMs(key: number): number;
  /** Takes in what a key of a rule that is read has come to; gives the key that gets its results, negative for none. */
  follow(link: number, upstreamKey: number): number;
  /** Keys that would be further than `fromMs` would be at `toMs`. */
  leaveFuture(fromMs: number, toMs: number): void;
  save(): SavedProgress;
  load(saved: SavedProgress): void;
}

export interface SavedProgress {
  /** By key: where its watermark would be if nothing held it. */
  readonly wantedMs: Float64Array;
}

export function createProgress(links: readonly (Link | undefined)[]): Progress {
  const sources = links.map((link) => link && createSource(link));
  let wantedMs = new Float64Array(0);
  /** Where each key's watermark was let to go last. */
  let reached = new Float64Array(0);

  function meet(key: number): void {
    if (key < wantedMs.length) return;
    const capacity = Math.max(4, wantedMs.length * 2, key + 1);
    wantedMs = grown(wantedMs, capacity, Number.NEGATIVE_INFINITY);
    reached = grown(reached, capacity, Number.NEGATIVE_INFINITY);
  }

  function heldMs(key: number): number {
    let heldFromMs = Number.POSITIVE_INFINITY;
    const knownMs = key < reached.length ? reached[key]! : Number.NEGATIVE_INFINITY;
    for (const source of sources) {
      if (source !== undefined) heldFromMs = Math.min(heldFromMs, source.openFromMs(key, knownMs + momentMs));
    }
    return heldFromMs - momentMs;
  }

  function raise(key: number, markMs: number): number {
    meet(key);
    if (markMs > wantedMs[key]!) wantedMs[key] = markMs;
    reached[key] = Math.min(wantedMs[key]!, heldMs(key));
    return reached[key];
  }

  return {
    heldMs,
    raise,
    meetKeys() {
      for (const source of sources) source?.meetMembers();
    },
    reachedMs: (key) => raise(key, Number.NEGATIVE_INFINITY),
    follow(link, upstreamKey) {
      const { upstream, latenessMs } = links[link]!;
      const key = sources[link]!.keyOf(upstreamKey);
      if (key >= 0) raise(key, upstream.watermarkMs(upstreamKey) - latenessMs);
      return key;
    },
    leaveFuture(fromMs, toMs) {
      for (let key = 0; key < wantedMs.length; key++) {
        if (wantedMs[key]! <= fromMs) continue;
        wantedMs[key] = toMs;
        reached[key] = Number.NEGATIVE_INFINITY;
      }
    },
    save: () => ({ wantedMs: wantedMs.slice() }),
    load(saved) {
      meet(saved.wantedMs.length - 1);
      wantedMs.set(saved.wantedMs);
    },
  };
}

interface Source {
  meetMembers(): void;
  /** The end of the earliest open window for a key; any one that is not above `knownMs`, if there is one. */
  openFromMs(key: number, knownMs: number): number;
  keyOf(upstreamKey: number): number;
}

/** The keys of a rule that is read, by the keys of the rule that reads it. */
function createSource({ upstream, keyOf }: Link): Source {
  const keys: number[] = [];
  const members: number[][] = [];
  /** By key, the member that held it when it was last looked at: mostly it still does. */
  const holder: number[] = [];

  /** Also keys without a result so far: theirs is to come. */
  function meetMembers(): void {
    const count = upstream.keyCount();
    while (keys.length < count) {
      const key = keyOf(keys.length);
      if (key >= 0) {
        members[key] ??= [];
        members[key].push(keys.length);
      }
      keys.push(key);
    }
  }

  function findHolder(all: readonly number[]): number {
    let found = all[0]!;
    let leastMs = upstream.openFromMs(found);
    for (let i = 1; i < all.length; i++) {
      const ms = upstream.openFromMs(all[i]!);
      // Of equals any one: not the first, for windows mostly close in the order of keys, and the next would be sought each time.
      if (ms > leastMs || (ms === leastMs && scattered(all[i]!) < scattered(found))) continue;
      found = all[i]!;
      leastMs = ms;
    }
    return found;
  }

  return {
    meetMembers,
    openFromMs(key, knownMs) {
      meetMembers();
      const all = members[key];
      if (all === undefined) return Number.POSITIVE_INFINITY;
      const before = holder[key];
      if (before !== undefined) {
        const ms = upstream.openFromMs(before);
        if (ms <= knownMs) return ms;
      }
      holder[key] = findHolder(all);
      return upstream.openFromMs(holder[key]);
    },
    keyOf(upstreamKey) {
      meetMembers();
      return keys[upstreamKey]!;
    },
  };
}

/** Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4). */
function scattered(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> 0;
}
