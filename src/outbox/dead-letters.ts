/**
 * The dead-letter file: what could not be used, one JSON object a line, with its reason.
 *
 * Invariant: `write` never throws, never waits and never grows memory beyond a bound: a device that sends garbage
 * all day is counted in full and written as a sample. Files are bounded together; the oldest go first.
 * Not durable against a power cut: these lines explain, they are not the data path.
 */

import { appendFile, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { makeFolder } from '../core/make-folder.ts';
import type { SetAside } from '../core/types.ts';
import { diskError, isDiskFailure } from '../log/disk-error.ts';

export interface DeadLetters {
  write(entries: readonly SetAside[]): void;
  /** How many were set aside, by reason, and how many of all are only counted. */
  readonly counts: { readonly byReason: Readonly<Record<string, number>>; readonly unwritten: number };
  /** Writes what waits. */
  close(): Promise<void>;
}

export interface DeadLetterOptions {
  readonly budgetBytes: number;
  readonly logger: Logger;
  /** Wall time in ms. */
  readonly now?: () => number;
  /** Written at most so often, and so much each time: memory, and wear of a card. */
  readonly everyMs?: number;
  readonly bytesEach?: number;
}

/** Of a payload, a line and a detail. */
const maxTextBytes = 4096;
/** The budget is shared by so many files; at least that many times the newest fits. */
const fileCount = 4;
const namePattern = /^dead-letters-(\d{8})\.jsonl$/;

/** Opens the folder, made when missing. Throws `GatewayError` only here. */
export async function openDeadLetters(folder: string, options: DeadLetterOptions): Promise<DeadLetters> {
  const { logger, now = Date.now, everyMs = 1000, bytesEach = 256 * 1024 } = options;
  const files = await openFiles(folder, options.budgetBytes).catch((error: unknown) => {
    throw diskError('open', folder, error);
  });
  const byReason: Record<string, number> = Object.create(null);
  let unwritten = 0;
  let waiting: string[] = [];
  let waitingBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let failing = false;

  async function append(lines: readonly string[]): Promise<void> {
    try {
      await files.append(lines.join(''));
      failing = false;
    } catch (error) {
      unwritten += lines.length;
      if (!failing)
        logger.error({ folder, error: messageOf(error) }, 'cannot write dead letters: only counted');
      failing = true;
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const lines = waiting;
    waiting = [];
    waitingBytes = 0;
    if (lines.length > 0) writing = writing.then(() => append(lines));
    return writing;
  }

  return {
    counts: {
      byReason,
      get unwritten() {
        return unwritten;
      },
    },
    write(entries) {
      for (const entry of entries) {
        byReason[entry.reason] = (byReason[entry.reason] ?? 0) + 1;
        if (waitingBytes >= bytesEach) {
          unwritten += 1;
          continue;
        }
        const line = `${JSON.stringify(letterOf(entry, now()))}\n`;
        waiting.push(line);
        waitingBytes += line.length;
      }
      if (waiting.length > 0) timer ??= setTimeout(() => void flush(), everyMs);
    },
    close: flush,
  };
}

function letterOf(entry: SetAside, nowMs: number): object {
  const { reason, source, topic, device, rule, key, eventMs, arrivalMs, payload, line } = entry;
  return {
    time: new Date(nowMs).toISOString(),
    reason,
    detail: cut(entry.detail),
    source,
    topic: topic === undefined ? undefined : cut(topic),
    device,
    rule,
    key,
    event_ms: finite(eventMs),
    arrival_ms: finite(arrivalMs),
    line: line === undefined ? undefined : cut(line),
    ...(payload === undefined ? {} : payloadOf(payload)),
  };
}

function finite(ms: number | undefined): number | undefined {
  return Number.isFinite(ms) ? ms : undefined;
}

function cut(text: string): string {
  return text.length <= maxTextBytes ? text : `${text.slice(0, maxTextBytes)}…`;
}

/** As text when it is some, else as base64; `payload_bytes` is the length before cutting. */
function payloadOf(payload: Buffer): object {
  const bytes = payload.length > maxTextBytes ? { payload_bytes: payload.length } : {};
  const head = payload.subarray(0, maxTextBytes);
  const text = textOf(head, payload.length > maxTextBytes);
  return text === undefined
    ? { payload_base64: head.toString('base64'), ...bytes }
    : { payload: text, ...bytes };
}

/** Undefined when it is not UTF-8. A character halved by cutting is left out. */
function textOf(bytes: Buffer, isCut: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut });
  } catch {
    return undefined;
  }
}

/** Numbered files; a new one is begun when the newest has its share of the budget. */
async function openFiles(
  folder: string,
  budgetBytes: number,
): Promise<{ append(text: string): Promise<void> }> {
  await makeFolder(folder, 0o700);
  const shareBytes = Math.max(1, Math.floor(budgetBytes / fileCount));
  const numbers = (await readdir(folder))
    .flatMap((name) => namePattern.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  const pathOf = (number: number): string =>
    join(folder, `dead-letters-${String(number).padStart(8, '0')}.jsonl`);
  let bytes = numbers.length === 0 ? 0 : (await stat(pathOf(numbers.at(-1)!))).size;

  return {
    async append(text) {
      const length = Buffer.byteLength(text);
      if (numbers.length === 0 || (bytes > 0 && bytes + length > shareBytes)) {
        numbers.push((numbers.at(-1) ?? 0) + 1);
        bytes = 0;
        while (numbers.length > fileCount) await unlink(pathOf(numbers.shift()!)).catch(() => {});
      }
      await appendFile(pathOf(numbers.at(-1)!), text, { mode: 0o600 }).catch(async (error: unknown) => {
        if (!isDiskFailure(error)) throw error;
        // A folder, or a file of another user's: the next number may be free.
        numbers.push(numbers.at(-1)! + 1);
        bytes = 0;
        await appendFile(pathOf(numbers.at(-1)!), text, { mode: 0o600 });
      });
      bytes += length;
    },
  };
}
