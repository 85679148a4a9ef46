/**
 * Chance that repeats itself: a number for every combination of integers, always the same one.
 *
 * Invariant: no state, so what the simulation says of a moment does not depend on what was asked before.
 * Not here: anything fit for secrets.
 */

/** A number in [0, 1), evenly spread over different `parts`; parts are taken as 32-bit integers. */
export function chance(seed: number, ...parts: readonly number[]): number {
  let hash = mix(seed ^ 0x51ed270b);
  for (const part of parts) hash = mix(Math.imul(hash ^ (part | 0), 0x9e3779b1) + 0x6d2b79f5);
  return (mix(hash) >>> 0) / 2 ** 32;
}

/** The finaliser of MurmurHash3 (Austin Appleby, public domain). */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
