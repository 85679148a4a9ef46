/**
 * Which readings were seen before: same series, same event time.
 *
 * Invariant: what is remembered of a series reaches back `horizonMs` from its latest reading, and is at most `most`
 * times; an older reading is taken for new, and is late for every window that could count it twice.
 */

export interface Duplicates {
  /** Remembers the time; true when the series had it already. */
  seen(series: number, eventMs: number): boolean;
  save(): readonly (Float64Array | undefined)[];
  load(saved: readonly (Float64Array | undefined)[]): void;
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
      if (eventMs >= newest - horizonMs) insert(times, at, eventMs);
      return false;
    },
    save: () => bySeries.map((times) => times?.ms.slice(0, times.n)),
    load(saved) {
      for (const [series, ms] of saved.entries()) {
        if (ms !== undefined) bySeries[series] = { ms: Float64Array.from(ms), n: ms.length };
      }
    },
  };

  function insert(times: Times, at: number, eventMs: number): void {
    const before = times.n;
    makeRoom(times);
    const place = at - (before - times.n);
    if (place < 0) return;
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
