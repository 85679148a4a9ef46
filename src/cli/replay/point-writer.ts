/** Points as line protocol on a stream, at the pace of its reader. */

import type { Point } from '../../core/types.ts';
import { encodePoint } from '../../outbox/line-protocol.ts';

export interface PointWriter {
  add(points: readonly Point[]): void;
  /** Resolves when the reader has room for more, or has gone. */
  flush(): Promise<void>;
  /** So much waits that it should be flushed before more is added. */
  readonly isFull: boolean;
  readonly points: number;
  /** Points that line protocol cannot express. */
  readonly lost: number;
  /** The reader has gone, as `head` does when it has seen enough. */
  readonly isClosed: boolean;
}

const flushCharacters = 256 * 1024;

/** Writes to a stream whose reader may be slow, or leave. */
export function createPointWriter(stream: NodeJS.WritableStream): PointWriter {
  let text = '';
  let points = 0;
  let lost = 0;
  let isClosed = false;
  let goOn = (): void => {};
  stream.on('drain', () => goOn());
  stream.on('error', () => {
    isClosed = true;
    goOn();
  });
  return {
    add(more) {
      for (const point of more) {
        const { line } = encodePoint(point);
        if (line === undefined) lost += 1;
        else {
          points += 1;
          text += `${line}\n`;
        }
      }
    },
    async flush() {
      const ready = text;
      text = '';
      if (ready === '' || isClosed || stream.write(ready)) return;
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
    },
    get isFull() {
      return text.length >= flushCharacters;
    },
    get points() {
      return points;
    },
    get lost() {
      return lost;
    },
    get isClosed() {
      return isClosed;
    },
  };
}
