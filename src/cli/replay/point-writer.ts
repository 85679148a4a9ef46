/** Points as line protocol on a stream, at the pace of its reader. */

import type { Point } from '../../core/types.ts';
import { encodePoint } from '../../outbox/line-protocol.ts';

export interface PointWriter {
  add(points: readonly Point[]): void;
  /** Resolves when the reader has room for more, or has gone. */
  flush(): Promise<void>;
  readonly points: number;
  /** Points that line protocol cannot express. */
  readonly lost: number;
  /** The reader has gone, as `head` does when it has seen enough. */
  readonly isClosed: boolean;
}

export function createPointWriter(stream: NodeJS.WritableStream): PointWriter {
  const failed = Promise.withResolvers<void>();
  let text = '';
  let points = 0;
  let lost = 0;
  let isClosed = false;
  stream.on('error', () => {
    isClosed = true;
    failed.resolve();
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
      if (text === '' || isClosed) return;
      const hasRoom = stream.write(text);
      text = '';
      if (!hasRoom) await Promise.race([drained(stream), failed.promise]);
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

function drained(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('drain', resolve);
  });
}
