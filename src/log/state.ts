/** What an open log knows; shared by the parts that write, read, make room and set damaged segments aside. */

import type { GatewayError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { LogLosses } from '../core/status.ts';
import type { Disk, DiskFile } from './files.ts';
import type { Segment } from './segment.ts';

export interface LogState {
  readonly folder: string;
  readonly disk: Disk;
  readonly logger: Logger;
  readonly budgetBytes: number;
  readonly segmentBytes: number;
  readonly whenFull: 'refuse' | 'drop-oldest';
  readonly keepReleased: boolean;
  /** Oldest first; the one being written is the last. */
  readonly segments: Segment[];
  /** Retired files to be used again, oldest first. Their names are old ones: after a crash they are segments again. */
  readonly spares: Segment[];
  readonly losses: LogLosses;
  /** The last segment, open for writing; undefined: the next append begins a new one. */
  active: { readonly segment: Segment; readonly file: DiskFile } | undefined;
  /** The segment before it while none of the active one's records is durable: its end is not marked yet. */
  unsealed: LogState['active'];
  /** Sequence after the last durable record. */
  next: number;
  /** Records below are no longer needed by the owner. */
  released: number;
  /** Records from these on are being copied: they are not freed before the budget asks for their room. */
  readonly holds: Set<{ readonly from: number }>;
  /** After a failed sync nothing is known of the file any more: every append is refused with this. */
  failed: GatewayError | undefined;
  /** Removals under way. */
  housekeeping: Promise<void>;
}

/** The segment whose range holds the sequence or ends before it; the first one when it is older than all. */
export function segmentAt(state: LogState, sequence: number): Segment | undefined {
  return state.segments.findLast((segment) => segment.first <= sequence) ?? state.segments[0];
}

/** The oldest sequence kept. */
export function firstSequence(state: LogState): number {
  return state.segments[0]?.first ?? state.next;
}

/** Bytes of the files that the log may fill: the active segment counts in full. */
export function heldBytes(state: LogState): number {
  let bytes = 0;
  for (const segment of state.segments) {
    bytes += segment === state.active?.segment ? Math.max(segment.size, state.segmentBytes) : segment.size;
  }
  for (const spare of state.spares) bytes += spare.size;
  return bytes;
}
