/**
 * A recorded file as blocks of rows: records, their parts, and for files without arrivals their event times.
 *
 * Invariant: every line that is not blank is either a row of a block or in the book with its reason.
 */

import { messageOf } from '../../core/errors.ts';
import type { Route } from '../../core/frame.ts';
import { type Block, createBlock } from './block.ts';
import type { EventTime, ReadEventTime } from './event-time.ts';
import type { Format, Parts } from './formats/index.ts';
import type { Input } from './input.ts';
import { cutRecords, type Stretch } from './records.ts';
import type { SetAsideBook } from './set-aside.ts';

export interface ReadSettings {
  readonly format: Format;
  /** Source of all rows. */
  readonly source: string;
  /** The first record names the columns. */
  readonly hasHeader: boolean;
  /** Of the devices that want a topic, how they read the event time; empty when none wants it. */
  readonly eventTimes: (topic: string) => readonly (ReadEventTime | undefined)[];
  readonly book: SetAsideBook;
  readonly counts: ReadCounts;
}

export interface ReadCounts {
  rows: number;
  /** Messages whose topic no device wants, in files where only a device could tell their time. */
  unrouted: number;
}

/** Blocks are never empty. */
export async function* readBlocks(input: Input, settings: ReadSettings): AsyncGenerator<Block> {
  const { format, book } = settings;
  let line = 1;
  let isHeader = settings.hasHeader;
  const reject = (at: number, reason: string, detail: string): void => {
    settings.counts.rows += 1;
    book.line(input.name, at, reason, detail);
  };
  try {
    for await (const stretch of cutRecords(input.bytes(), format.endOfRecord, reject)) {
      const block = readStretch(input.name, stretch, isHeader ? 1 : 0, settings);
      isHeader = false;
      line = stretch.lines.at(-1)! + 1;
      if (block.line.length > 0) yield block;
    }
  } catch (error) {
    if (!isReadFault(error)) throw error;
    book.line(input.name, line, 'cannot be read on', messageOf(error));
  }
}

/** A disk that fails, a gzip file that was cut short: the rest of the file is lost, what was read is not. */
function isReadFault(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return syscall === 'read' || (typeof code === 'string' && code.startsWith('Z_'));
}

function readStretch(file: string, stretch: Stretch, first: number, settings: ReadSettings): Block {
  const { format, counts } = settings;
  const { buffer, starts, ends, lines } = stretch;
  const block = createBlock(file, buffer);
  const routes = new Map<string, number>();
  const parts: Parts = { topic: '', payloadStart: 0, arrivalMs: Number.NaN };
  for (let i = first; i < starts.length; i++) {
    counts.rows += 1;
    parts.payloadStart = starts[i]!;
    const fault = format.locate?.(buffer, starts[i]!, ends[i]!, parts);
    if (fault !== undefined) {
      settings.book.line(file, lines[i]!, 'malformed', fault);
      continue;
    }
    if (Number.isNaN(parts.arrivalMs)) {
      const ms = eventMsOf(file, lines[i]!, buffer, parts, ends[i]!, settings);
      if (!Number.isNaN(ms)) push(block, routes, settings.source, parts, ends[i]!, ms, lines[i]!);
    } else {
      push(block, routes, settings.source, parts, ends[i]!, parts.arrivalMs, lines[i]!);
    }
  }
  return block;
}

function push(
  block: Block,
  routes: Map<string, number>,
  source: string,
  { topic, payloadStart }: Parts,
  end: number,
  ms: number,
  line: number,
): void {
  let route = routes.get(topic);
  if (route === undefined) {
    route = block.routes.push({ source, topic } satisfies Route) - 1;
    routes.set(topic, route);
  }
  block.route.push(route);
  block.start.push(payloadStart);
  block.end.push(end);
  block.arrivalMs.push(ms);
  block.line.push(line);
}

const found: EventTime = { ms: Number.NaN, rows: 0, problem: undefined };

/** The latest event time that any device reads in the payload; NaN, with the reason in the book, when there is none. */
function eventMsOf(
  file: string,
  line: number,
  buffer: Buffer,
  { topic, payloadStart }: Parts,
  end: number,
  { eventTimes, book, counts }: ReadSettings,
): number {
  let latest = Number.NaN;
  let problem: EventTime['problem'];
  const readers = eventTimes(topic);
  if (readers.length === 0) counts.unrouted += 1;
  for (const read of readers) {
    if (read === undefined) {
      problem ??= { reason: 'no time', detail: 'the device reads no time, and the file records no arrival' };
      continue;
    }
    read(buffer, payloadStart, end, found);
    if (!(found.ms <= latest) && !Number.isNaN(found.ms)) latest = found.ms;
    problem ??= found.problem;
  }
  if (!Number.isNaN(latest)) return latest;
  // A codec counts the lines of the payload, which is one line here.
  if (problem !== undefined) book.line(file, line, problem.reason, problem.detail.replace(/^line 1: /, ''));
  // A comment is no row.
  else if (readers.length > 0) counts.rows -= 1;
  return latest;
}
