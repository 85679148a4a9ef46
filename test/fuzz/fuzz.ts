/**
 * Tries a target with many inputs, and makes the first one that fails as small as it can.
 *
 * Invariant: seed and number of an input are all that is needed to make it again.
 */

import { randomOf } from './random.ts';
import type { Target } from './target.ts';

export interface Failure {
  readonly input: number;
  readonly bytes: Buffer;
  readonly error: unknown;
}

export interface FuzzOptions {
  readonly seed: number;
  /** Inputs `from` to `from + runs - 1`. */
  readonly from?: number;
  readonly runs: number;
  /** Called before each try. */
  readonly onInput?: (input: number) => void;
}

/** The first failure, shrunk; undefined when there is none. */
export async function fuzz(target: Target, options: FuzzOptions): Promise<Failure | undefined> {
  const { seed, from = 0, runs, onInput } = options;
  for (let input = from; input < from + runs; input++) {
    onInput?.(input);
    const bytes = target.make(randomOf(seed, input));
    const error = await failureOf(target, bytes);
    if (error === undefined) continue;
    const smallest = await shrunk(target, bytes, () => onInput?.(input));
    return { input, bytes: smallest, error: (await failureOf(target, smallest)) ?? error };
  }
  return undefined;
}

async function failureOf({ check }: Target, bytes: Buffer): Promise<unknown> {
  try {
    await check(bytes);
    return undefined;
  } catch (error) {
    return error ?? new Error('nothing was thrown');
  }
}

/** Tries of shrinking. */
const mostTries = 2000;

/** Takes pieces away as long as it fails, large ones first. */
async function shrunk(target: Target, bytes: Buffer, onTry: () => void): Promise<Buffer> {
  let smallest = bytes;
  let tries = 0;
  for (
    let piece = Math.ceil(bytes.length / 2);
    piece >= 1 && tries < mostTries;
    piece = Math.floor(piece / 2)
  ) {
    for (let at = 0; at < smallest.length && tries < mostTries; tries++) {
      onTry();
      const shorter = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + piece)]);
      if ((await failureOf(target, shorter)) === undefined) at += piece;
      else smallest = shorter;
    }
  }
  return smallest;
}
