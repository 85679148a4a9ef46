/**
 * Finds what can be read in the whole content of a segment: when the log is opened, and for damaged segments.
 *
 * Invariant: what cannot be read is damage when something written by a later write stands behind it (writes never
 * overlap in time, so it had reached the disk), else the torn end of the last write.
 */

import { findRecord, findRecordOfAnyEpoch, isEnd, isSeal, type RecordPlace, recordAt } from './record.ts';
import { decodeSegmentHeader, isHeaderStart, segmentHeaderBytes } from './segment.ts';

export interface SegmentScan {
  /** Undefined: nothing of this use of the file can be read. */
  readonly epoch: number | undefined;
  /** All that can be read, in order; ends left out. */
  readonly records: readonly RecordPlace[];
  /** Where what can be read from the front without a gap ends, and the sequence expected there. */
  readonly end: number;
  readonly endSequence: number;
  /** Sequence after the last record known to have existed. */
  readonly next: number;
  readonly damaged: boolean;
  /** The last thing before `end` is a clean end. */
  readonly cleanEnd: boolean;
  /** The last thing is a seal: there was a segment behind this one, with records. `end` is before it. */
  readonly sealed: boolean;
  /** What lies behind the records is a hole or of an earlier use. */
  readonly tailIsOld: boolean;
  /** Bytes of an unfinished write after `end`, as far as they can be told from what an earlier use left there. */
  readonly tornBytes: number;
}

/** Scans the content of the segment that begins with sequence `first`. */
export function scanSegment(content: Buffer, first: number): SegmentScan {
  const header = decodeSegmentHeader(content);
  // A recycled file whose new header was never written: all it holds is of its earlier use.
  if (header !== undefined && header.first !== first) return nothing(first, 0);
  const epoch = header?.epoch ?? epochWithoutHeader(content, first);
  if (epoch === undefined) return nothing(first, content.length);
  const places = walk(content, epoch, first);
  const { end, endSequence, count, seal } = unbroken(places, first);
  const behind = places.slice(count);
  const proven = behind.some((place) => place.group > end || isEnd(place));
  const damaged = proven || (header === undefined && count > 0);
  // Not even the header of the first write is whole, and nothing says that write was completed.
  if (header === undefined && !damaged) return nothing(first, content.length);
  const last = places.at(-1);
  return {
    epoch,
    records: places.filter((place) => !isEnd(place)),
    end,
    endSequence,
    next: last === undefined ? first : last.sequence + (isEnd(last) ? 0 : 1),
    damaged,
    cleanEnd: seal === undefined && count > 0 && isEnd(places[count - 1]!),
    sealed: seal !== undefined,
    tailIsOld: header?.tailIsOld ?? false,
    tornBytes: tornAfter(content, seal?.end ?? end, endSequence, header?.tailIsOld ?? false, epoch),
  };
}

/**
 * Whether a file of which nothing can be read is what a crash leaves of one just begun: nothing, zeros, the start of a
 * header, or the whole of an earlier use. Anything else was written by nobody here.
 */
export function isUnbegun(content: Buffer): boolean {
  const head = content.subarray(0, segmentHeaderBytes);
  return (
    decodeSegmentHeader(content) !== undefined || head.every((byte) => byte === 0) || isHeaderStart(head)
  );
}

function nothing(first: number, tornBytes: number): SegmentScan {
  const place = { end: 0, endSequence: first, next: first };
  return {
    epoch: undefined,
    records: [],
    ...place,
    damaged: false,
    cleanEnd: false,
    tailIsOld: false,
    sealed: false,
    tornBytes,
  };
}

/** The header cannot be read: the records know the epoch too. */
function epochWithoutHeader(content: Buffer, first: number): number | undefined {
  return findRecordOfAnyEpoch(content, segmentHeaderBytes, first)?.epoch;
}

/** All sound records and ends with rising sequences, whatever lies between them. */
function walk(content: Buffer, epoch: number, first: number): RecordPlace[] {
  const places: RecordPlace[] = [];
  let at = segmentHeaderBytes;
  let sequence = first;
  for (;;) {
    const straight = recordAt(content, at, epoch);
    const place = straight?.sequence === sequence ? straight : findRecord(content, at, epoch, sequence);
    if (place === undefined) return places;
    places.push(place);
    at = place.end;
    sequence = place.sequence + (isEnd(place) ? 0 : 1);
  }
}

function unbroken(places: readonly RecordPlace[], first: number) {
  let end = segmentHeaderBytes;
  let endSequence = first;
  let count = 0;
  for (const place of places) {
    if (place.start !== end || place.sequence !== endSequence) break;
    end = place.end;
    endSequence += isEnd(place) ? 0 : 1;
    count += 1;
  }
  const last = places.length === count ? places.at(-1) : undefined;
  const seal = last !== undefined && isSeal(last) ? last : undefined;
  return { end: seal?.start ?? end, endSequence, count, seal };
}

function tornAfter(
  content: Buffer,
  end: number,
  sequence: number,
  tailIsOld: boolean,
  epoch: number,
): number {
  const rest = content.length - end;
  if (!tailIsOld || rest < 20) return rest;
  // One of the two may be what has rotted; what an earlier use left has lower numbers.
  const begun =
    content.readUInt32LE(end + 16) === epoch || content.readBigUInt64LE(end + 8) === BigInt(sequence);
  return begun ? Math.min(rest, 24 + content.readUInt32LE(end)) : 0;
}
