/**
 * What is replayed, whatever it comes from: devices as it needs them, and its rows in blocks.
 *
 * files.ts and journal.ts make one. Not here: what becomes of the rows.
 */

import type { DeviceProfile } from '../../config/schema.ts';
import type { Block } from './block.ts';
import type { ReadCounts } from './read.ts';
import type { SetAsideBook } from './set-aside.ts';

export interface Recording {
  /** For people: "2 files", "the journal of /var/lib/headgate". */
  readonly name: string;
  readonly devices: readonly DeviceProfile[];
  /** In the order they were recorded, with their arrivals. */
  blocks(book: SetAsideBook, counts: ReadCounts): AsyncIterable<Block>;
  /** How much was read, 0 … 1; undefined when nobody knows. */
  progress(): number | undefined;
  close(): Promise<void>;
}
