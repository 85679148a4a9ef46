/**
 * Which readings were seen before: same series, same event time.
 *
 * Invariants: what is remembered of a series reaches back at least `horizonMs` from its latest reading, and is at most
 * `most` times. What is older is forgotten when room is needed: then a copy is taken for new, and is late for every
 * window that could count it twice, but not for what knows no lateness. So it must be forgotten at the same reading
 * whether or not there was a restart: the room is part of the state.
 */

export interface Duplicates {
  /** Remembers the time; true when the series had it already. */
  seen(series: number, eventMs: number): boolean;
  save(): SavedDuplicates;
  load(saved: SavedDuplicates): void;
}

/** By series. */
export interface SavedDuplicates {
  /** Ascending. */
  readonly ms: readonly (Float64Array | undefined)[];
  /** Times there is room for. */
  readonly room: readonly number[];
}

/** Times of one series, ascending, in the first `n` places. */
interface Times {
  ms: Float64Array;
  n: number;
}

export const most = 65_536;

export function createDuplicates(horizonMs: number): Duplicates {
  const bySeries: (Times | undefined)[] = [];

  function makeRoom(times: Times): void {
    if (times.n < times.ms.length) return;
    const oldest = times.ms[times.n - 1]! - horizonMs;
    const quarter = Math.ceil(times.n / 4);
    let drop = lowerBound(times, oldest);
    if (drop < quarter && times.ms.length >= most) drop = quarter;
    if (drop >= quarter) {
      times.ms.copyWithin(0, drop, times.n);
      times.n -= drop;
    } else {
      const larger = new Float64Array(Math.min(most, times.ms.length * 2));
      larger.set(times.ms);
      times.ms = larger;
    }
  }

  return {
    seen(series, eventMs) {
      let times = bySeries[series];
      if (times === undefined) {
        times = { ms: new Float64Array(4), n: 0 };
        bySeries[series] = times;
      }
      const newest = times.n === 0 ? Number.NEGATIVE_INFINITY : times.ms[times.n - 1]!;
      if (eventMs === newest) return true;
      if (eventMs > newest) {
        makeRoom(times);
        times.ms[times.n++] = eventMs;
        return false;
      }
      const at = lowerBound(times, eventMs);
      if (times.ms[at] === eventMs) return true;
      insert(times, at, eventMs);
      return false;
    },
    save: () => ({
      ms: Array.from(bySeries, (times) => times?.ms.slice(0, times.n)),
      room: Array.from(bySeries, (times) => times?.ms.length ?? 0),
    }),
    load(saved) {
      for (const [series, ms] of saved.ms.entries()) {
        if (ms === undefined) continue;
        const times = { ms: new Float64Array(saved.room[series]!), n: ms.length };
        times.ms.set(ms);
        bySeries[series] = times;
      }
    },
  };

  function insert(times: Times, at: number, eventMs: number): void {
    const before = times.n;
    makeRoom(times);
    const place = Math.max(0, at - (before - times.n));
    times.ms.copyWithin(place + 1, place, times.n);
    times.ms[place] = eventMs;
    times.n += 1;
  }
}

/** The first place whose time is not before `ms`. */
function lowerBound(times: Times, ms: number): number {
  let low = 0;
  let high = times.n;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times.ms[middle]! < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
