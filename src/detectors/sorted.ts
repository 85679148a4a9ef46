/**
 * A few numbers kept in ascending order in a part of an array, and the order statistics that can be read off it.
 *
 * Time is linear in their number, which a detector bounds. Not here: NaN, which has no place in an order.
 */

/** Puts x among the `count` numbers from `from`; there must be room for one more. */
export function insertSorted(cells: Float64Array, from: number, count: number, x: number): void {
  let i = from + count;
  while (i > from && cells[i - 1]! > x) {
    cells[i] = cells[i - 1]!;
    i--;
  }
  cells[i] = x;
}

/** Takes x, which is there, out of the `count` numbers from `from`. */
export function removeSorted(cells: Float64Array, from: number, count: number, x: number): void {
  const end = from + count - 1;
  let i = placeOf(cells, from, end, x);
  for (; i < end; i++) cells[i] = cells[i + 1]!;
  cells[end] = Number.NaN;
}

/** The first place that holds x or more. */
function placeOf(cells: Float64Array, from: number, end: number, x: number): number {
  let low = from;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cells[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The middle one of `count` numbers, one at least, or the mean of the two middle ones. */
export function medianOf(cells: Float64Array, from: number, count: number): number {
  const high = cells[from + (count >> 1)]!;
  if (count % 2 === 1) return high;
  const low = cells[from + (count >> 1) - 1]!;
  return low === high ? low : low / 2 + high / 2;
}

/** The median distance of `count` numbers, one at least, from their median. */
export function medianDistance(cells: Float64Array, from: number, count: number, median: number): number {
  // Distances grow to both sides of the median: walk outwards, the nearer side first.
  let low = from + ((count - 1) >> 1);
  let high = low + 1;
  let before = 0;
  let distance = 0;
  for (let taken = 0; taken <= count >> 1; taken++) {
    const below = low >= from ? median - cells[low]! : Number.POSITIVE_INFINITY;
    const above = high < from + count ? cells[high]! - median : Number.POSITIVE_INFINITY;
    before = distance;
    distance = Math.min(below, above);
    if (below <= above) low--;
    else high++;
  }
  return count % 2 === 1 ? distance : before / 2 + distance / 2;
}

/**
 * Puts x into a ring of `size` numbers and into their order, in place of the oldest when `count` fill it. `place` is the
 * ring's next place; gives the one after it.
 */
export function replaceSorted(
  cells: Float64Array,
  ring: number,
  sorted: number,
  size: number,
  count: number,
  place: number,
  x: number,
): number {
  if (count === size) removeSorted(cells, sorted, size, cells[ring + place]!);
  insertSorted(cells, sorted, Math.min(count, size - 1), x);
  cells[ring + place] = x;
  return (place + 1) % size;
}
