/**
 * One lane with several readers, each with a position of its own.
 *
 * Invariant: a record is released once every reader has released it. A reader that stands still holds back no other; at the
 * budget of the lane the oldest records go, whoever still wanted them.
 */

import type { Lane } from './lane.ts';

/** A lane for each reader. They see the same records; only what they release differs. */
export function shareLane(lane: Lane, readers: number): readonly Lane[] {
  const released = new Array<number>(readers).fill(0);
  return released.map((_, reader): Lane => {
    const release = (below: number): void => {
      released[reader] = Math.max(released[reader]!, below);
      lane.release(Math.min(...released));
    };
    // Its figures change: they are asked of the lane itself each time.
    return Object.create(lane, { release: { value: release } });
  });
}
