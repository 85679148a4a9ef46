/** Random numbers that follow from a seed: Numerical Recipes' generator. */

import { crc32 } from 'node:zlib';

/** Numbers in [0, 1); another purpose of the same seed has numbers of its own. */
export type Random = () => number;

export function createRandom(seed: number, purpose: string): Random {
  let state = crc32(`${seed} ${purpose}`);
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
