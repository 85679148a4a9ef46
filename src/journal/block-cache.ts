/**
 * The latest committed blocks, uncompressed, so that live batches need not read the disk; and buffers to use again.
 *
 * Invariant: a buffer is used again only after its block was forgotten and if it was never lent to a reader that may
 * hold it longer.
 */

import type { Block } from './block.ts';

export interface BlockCache {
  get(sequence: number): Block | undefined;
  put(sequence: number, block: Block): void;
  /** The block's memory will not be used again, however long a reader holds it. */
  lend(block: Block): void;
  /** Blocks below are no longer looked at by the one reader that follows the journal. */
  forget(below: number): void;
  /** A buffer of at least `bufferBytes`. */
  takeBuffer(): Buffer;
  giveBack(buffer: Buffer): void;
}

/** As many as a one-second batch of a few hundred thousand small frames a second fills. */
const buffersKept = 16;

export function createBlockCache(maxBytes: number, bufferBytes: number): BlockCache {
  const blocks = new Map<number, Block>();
  const lent = new WeakSet<Block>();
  const free: ArrayBufferLike[] = [];
  let bytes = 0;

  function drop(sequence: number, block: Block): void {
    blocks.delete(sequence);
    bytes -= block.buffer.length;
  }

  function giveBack({ buffer }: Buffer): void {
    if (buffer.byteLength === bufferBytes && free.length < buffersKept) free.push(buffer);
  }

  return {
    get: (sequence) => blocks.get(sequence),
    put(sequence, block) {
      blocks.set(sequence, block);
      bytes += block.buffer.length;
      for (const [oldest, old] of blocks) {
        if (bytes <= maxBytes) break;
        drop(oldest, old);
      }
    },
    lend: (block) => lent.add(block),
    forget(below) {
      for (const [sequence, block] of blocks) {
        if (sequence >= below) break;
        drop(sequence, block);
        if (!lent.has(block)) giveBack(block.buffer);
      }
    },
    takeBuffer() {
      const buffer = free.pop();
      return buffer === undefined ? Buffer.allocUnsafeSlow(bufferBytes) : Buffer.from(buffer);
    },
    giveBack,
  };
}
