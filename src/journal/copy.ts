/** The frames of a journal that is not open here, as they can be read, for people: nothing in the folder is changed. */

import { messageOf } from '../core/errors.ts';
import { copyRecords, type Range } from '../log/copy.ts';
import type { Disk } from '../log/files.ts';
import { blockStart, noteRoute, openBlock, walkBlock } from './block.ts';
import { decodeBody } from './body.ts';

export interface CopiedFrame {
  readonly source: string;
  readonly topic: string;
  readonly payload: Buffer;
  /** The time of day, as far as it was known then. */
  readonly arrivedMs: number;
  readonly isTimeSure: boolean;
}

/** Frames block by block, in order of arrival; what is not to be read is told and passed over. */
export async function* copyFrames(
  disk: Disk,
  folder: string,
  range: Range,
  warn: (text: string) => void,
): AsyncGenerator<readonly CopiedFrame[]> {
  for await (const { sequence, body } of copyRecords(disk, folder, range)) {
    try {
      yield framesOf(await decodeBody(body));
    } catch (error) {
      warn(`block ${sequence} is left out: ${messageOf(error)}`);
    }
  }
}

function framesOf(buffer: Buffer): CopiedFrame[] {
  const block = openBlock(buffer);
  const { offsetMs, trust } = block.clock;
  const frames: CopiedFrame[] = [];
  walkBlock(
    block,
    blockStart(block),
    Number.POSITIVE_INFINITY,
    block.frames,
    (route, bytes, from, to, ms) => {
      const { source, topic } = block.routes[route]!;
      if (source === noteRoute.source) return;
      const payload = bytes.subarray(from, to);
      frames.push({ source, topic, payload, arrivedMs: ms + offsetMs, isTimeSure: trust === 'sure' });
    },
  );
  return frames;
}
