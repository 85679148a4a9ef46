/**
 * Bytes cut into records: lines, or what a format says is one when quotes may hold line ends.
 *
 * Invariant: memory is bounded by one piece of the file and one record; a record that is too long, or a quote that is
 * never closed, costs that line and no other.
 */

/** Where the record that begins at `start` ends: the offset of its line feed, or -1 when that is not in the buffer. */
export type EndOfRecord = (buffer: Buffer, start: number) => number;

/** Records `i` of `n`: `buffer[starts[i], ends[i])` without its line end, beginning on line `lines[i]` (from 1). */
export interface Stretch {
  readonly buffer: Buffer;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly lines: readonly number[];
}

export type RejectLine = (line: number, reason: string, detail: string) => void;

/** A payload of MQTT has at most 256 MiB; nobody's reading has 16. */
export const maxLineBytes = 16 * 1024 * 1024;
/** A record of several lines beyond this is a quote that was never closed. */
export const maxRecordBytes = 64 * 1024;

export const endOfLine: EndOfRecord = (buffer, start) => buffer.indexOf(10, start);

/** Cuts the pieces of one file. Blank records are left out. */
export async function* cutRecords(
  pieces: AsyncIterable<Buffer>,
  endOfRecord: EndOfRecord,
  reject: RejectLine,
): AsyncGenerator<Stretch> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  let skipping = false;
  let first = true;
  for await (const piece of pieces) {
    let buffer = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    if (first && buffer.length < 3) {
      rest = buffer;
      continue;
    }
    if (first) buffer = withoutMark(buffer);
    first = false;
    if (skipping) {
      const end = buffer.indexOf(10);
      rest = Buffer.alloc(0);
      if (end < 0) continue;
      buffer = buffer.subarray(end + 1);
      line += 1;
      skipping = false;
    }
    const cut = cutBuffer(buffer, line, endOfRecord, reject);
    if (cut.stretch.starts.length > 0) yield cut.stretch;
    line = cut.line;
    rest = buffer.subarray(cut.end);
    if (rest.length > maxLineBytes) {
      reject(line, 'too long', `the line has more than ${maxLineBytes / 1024 / 1024} MiB`);
      rest = Buffer.alloc(0);
      skipping = true;
    }
  }
  if (skipping || rest.length === 0) return;
  // The last line may lack its line feed.
  const last = cutBuffer(Buffer.concat([rest, lineFeed]), line, endOfRecord, reject, true);
  if (last.stretch.starts.length > 0) yield last.stretch;
}

const lineFeed = Buffer.from('\n');

/** UTF-8 byte order mark. */
function withoutMark(buffer: Buffer): Buffer {
  return buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf ? buffer.subarray(3) : buffer;
}

interface Cut {
  readonly stretch: Stretch;
  /** Number of the line at `end`. */
  readonly line: number;
  readonly end: number;
}

function cutBuffer(
  buffer: Buffer,
  firstLine: number,
  endOfRecord: EndOfRecord,
  reject: RejectLine,
  isLast = false,
): Cut {
  const stretch = { buffer, starts: [] as number[], ends: [] as number[], lines: [] as number[] };
  let line = firstLine;
  let start = 0;
  while (start < buffer.length) {
    let end = endOfRecord(buffer, start);
    const lineEnd = endOfRecord === endOfLine ? end : buffer.indexOf(10, start);
    const unclosed =
      end < 0
        ? isLast || (lineEnd >= 0 && buffer.length - start > maxRecordBytes)
        : end - start > maxRecordBytes && lineEnd < end;
    if (unclosed) {
      reject(line, 'malformed', `a quote is not closed within ${maxRecordBytes / 1024} KiB`);
      line += 1;
      start = lineEnd + 1;
      continue;
    }
    if (end < 0) break;
    const next = end + 1;
    if (end > start && buffer[end - 1] === 13) end -= 1;
    if (!isBlank(buffer, start, end)) {
      stretch.starts.push(start);
      stretch.ends.push(end);
      stretch.lines.push(line);
    }
    line += lineEnd === next - 1 ? 1 : countLines(buffer, start, next);
    start = next;
  }
  return { stretch, line, end: start };
}

function isBlank(buffer: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (buffer[i] !== 32 && buffer[i] !== 9) return false;
  return true;
}

function countLines(buffer: Buffer, start: number, end: number): number {
  let lines = 0;
  for (let at = buffer.indexOf(10, start); at >= 0 && at < end; at = buffer.indexOf(10, at + 1)) lines += 1;
  return lines;
}
