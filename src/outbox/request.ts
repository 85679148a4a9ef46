/**
 * Lines on their way: what is still to be sent of some records, and what each answer does to it.
 *
 * Invariant: every line ends as accepted or set aside, or the whole is given back to be tried later. A line is set
 * aside only when the server said so about it alone, or about all lines it was sent with; and only by a server that
 * is seen to judge lines: one that refuses every line with words of its own takes no writes, and nothing is lost to it.
 * Pure. Not here: sending, waiting, positions.
 */

import type { SinkOutcome } from './sink.ts';

export interface Refusal {
  readonly line: string;
  readonly detail: string;
}

export interface Work {
  /** Sent one after the other; a rejected one is halved until the bad lines are found. */
  readonly chunks: (readonly string[])[];
  /** Single lines rejected with words that may not be about them. */
  readonly suspects: Refusal[];
  /** The server accepted something, or was clearly speaking of lines. */
  judged: boolean;
}

export interface Progress {
  readonly sent: number;
  readonly setAside: readonly Refusal[];
  /** The work cannot go on now: the outcome to act on. */
  readonly held?: SinkOutcome & { readonly kind: 'refused' | 'unavailable' };
}

/** So many lines rejected one by one and nothing accepted: it is not the lines. */
const suspectsAtMost = 20;

/** `chunkLines`: most lines in one request; Infinity for all in one. */
export function createWork(lines: readonly string[], chunkLines: number): Work {
  const chunks: (readonly string[])[] = [];
  for (let i = 0; i < lines.length; i += chunkLines) chunks.push(lines.slice(i, i + chunkLines));
  return { chunks, suspects: [], judged: false };
}

/** Applies the answer to the first chunk. */
export function settle(work: Work, outcome: SinkOutcome): Progress {
  const chunk = work.chunks[0]!;
  switch (outcome.kind) {
    case 'refused':
    case 'unavailable':
      return { sent: 0, setAside: [], held: outcome };
    case 'accepted':
      work.chunks.shift();
      work.judged = true;
      return { ...judge(work, []), sent: chunk.length };
    case 'too-large':
      if (chunk.length > 1) return halve(work);
      work.chunks.shift();
      return judge(work, refusalsOf(chunk, outcome.detail));
    case 'rejected':
      return reject(work, chunk, outcome);
  }
}

function reject(work: Work, chunk: readonly string[], outcome: SinkOutcome & { kind: 'rejected' }): Progress {
  if (outcome.certain) work.judged = true;
  if (chunk.length > 1 && !(outcome.certain && outcome.all)) return halve(work);
  work.chunks.shift();
  const refusals = refusalsOf(chunk, outcome.detail);
  if (outcome.certain) return judge(work, refusals);
  work.suspects.push(...refusals);
  return judge(work, []);
}

/** Once the server is known to judge lines, the suspects are refused lines like others. */
function judge(work: Work, refusals: readonly Refusal[]): Progress {
  if (work.judged) return { sent: 0, setAside: [...work.suspects.splice(0), ...refusals] };
  const isDone = work.chunks.length === 0 || work.suspects.length >= suspectsAtMost;
  if (!isDone || work.suspects.length === 0) return { sent: 0, setAside: refusals };
  const detail = work.suspects[0]!.detail;
  const remedy = 'check forward.influx: the server takes no line at all';
  return { sent: 0, setAside: refusals, held: { kind: 'refused', detail, remedy } };
}

function halve(work: Work): Progress {
  work.chunks.splice(0, 1, ...halves(work.chunks[0]!));
  return { sent: 0, setAside: [] };
}

/**
 * Two parts, cut between measurements where there are several: a conflict of types is mostly one measurement's.
 * Lines of one measurement keep their order: a later one may name the same point.
 */
export function halves(lines: readonly string[]): [readonly string[], readonly string[]] {
  const byMeasurement = Map.groupBy(lines, measurementOf);
  const sorted = [...byMeasurement.values()].flat();
  const middle = Math.ceil(lines.length / 2);
  let cut = middle;
  let end = 0;
  let nearest = lines.length;
  for (const group of byMeasurement.values()) {
    end += group.length;
    if (end < lines.length && Math.abs(end - middle) < nearest) {
      nearest = Math.abs(end - middle);
      cut = end;
    }
  }
  return [sorted.slice(0, cut), sorted.slice(cut)];
}

function measurementOf(line: string): string {
  return /^(?:\\.|[^, ])*/.exec(line)![0];
}

function refusalsOf(lines: readonly string[], detail: string): Refusal[] {
  return lines.map((line) => ({ line, detail }));
}
