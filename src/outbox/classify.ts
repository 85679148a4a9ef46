/**
 * What an HTTP answer of an InfluxDB (1.x, 2.x, 3.x, or something that passes for one) means for the lines sent.
 *
 * Invariant: `accepted` only when the server said so in InfluxDB's way; a login page that answers 200 loses nothing.
 * Pure. Not here: sending, waiting, finding the bad line.
 */

import { retryAfterMs } from '../core/retry-after.ts';
import type { SinkOutcome } from './sink.ts';

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

const maxDetailLength = 500;

/** Words that InfluxDB 1.x, 2.x and 3.x use when lines, not the request, are at fault. */
const aboutLines =
  /partial write|unable to parse|pars(?:e|ing) (?:error|failed)|field type conflict|retention policy dropped|limit exceeded/i;

/**
 * The outcome of a write of `lineCount` lines.
 * Sources: InfluxDB 1.x `services/httpd/handler.go` (204; 400 "partial write: … dropped=N"; 404 "database not found"),
 * the /api/v2/write and /api/v3/write_lp references (413, 422, 429 and 503 with Retry-After).
 */
export function classify(answer: Answer, lineCount: number, nowMs: number): SinkOutcome {
  const { status } = answer;
  const detail = `${status} ${wordsOf(answer)}`.trimEnd();
  if (status >= 200 && status < 300) return success(answer, detail);
  if (/retention policy not found/i.test(detail)) {
    return refused(detail, 'create the retention policy, or correct forward.influx.retention_policy');
  }
  if (status === 400 || status === 422) {
    const certain = status === 422 || aboutLines.test(detail);
    return { kind: 'rejected', detail, certain, all: droppedCount(detail) >= lineCount };
  }
  if (status === 413) return { kind: 'too-large', detail };
  if (status >= 500 || status === 408 || status === 425 || status === 429) {
    return { kind: 'unavailable', detail, ...retryAfter(answer, nowMs) };
  }
  return refusal(answer, detail);
}

function success(answer: Answer, detail: string): SinkOutcome {
  // InfluxDB answers 204. A body is somebody else speaking.
  if (answer.body.trim() === '') return { kind: 'accepted' };
  return refused(
    `${detail} (a text where InfluxDB answers nothing)`,
    'check forward.influx.url: a proxy or a login page seems to answer',
  );
}

function refusal(answer: Answer, detail: string): SinkOutcome {
  const { status } = answer;
  if (status === 401 || status === 403) {
    const remedy =
      'check the user, password or token of forward.influx and its right to write to the database';
    return { ...refused(detail, remedy), ...(status === 401 ? { cause: 'credentials' as const } : {}) };
  }
  if (status === 404 && /database not found/i.test(detail)) {
    return {
      ...refused(detail, 'create the database, or correct forward.influx.database'),
      cause: 'database',
    };
  }
  if (status >= 300 && status < 400) {
    const target = headerOf(answer, 'location') ?? 'elsewhere';
    return refused(
      `${detail} (redirects to ${target})`,
      'write the address it redirects to as forward.influx.url',
    );
  }
  return refused(detail, 'check forward.influx.url and database: this address does not take writes');
}

function refused(detail: string, remedy: string): SinkOutcome & { kind: 'refused' } {
  return { kind: 'refused', detail, remedy };
}

/** What versions say to a write that holds no line, from somebody who may write there. */
const aboutNoLines = /writing requires points|incoming write was empty/i;

/**
 * Whether only lines were missing. Sources: InfluxDB 2 `http/points/points_parser.go`, 3 `influxdb3_write` (`EmptyWrite`);
 * 1.x answers 204.
 */
export function isAboutNoLines(answer: Answer): boolean {
  return answer.status === 400 && aboutNoLines.test(wordsOf(answer));
}

/** The server's own words, on one line, cut. */
export function wordsOf(answer: Answer): string {
  const words = jsonWords(answer.body) ?? headerOf(answer, 'x-influxdb-error') ?? textOf(answer.body);
  const line = words.replace(/\s+/g, ' ').trim();
  if (line.length <= maxDetailLength) return line;
  // 1.x quotes whole lines and says last how many it dropped.
  return `${line.slice(0, maxDetailLength - 100)} … ${line.slice(-100)}`;
}

function jsonWords(body: string): string | undefined {
  if (!body.trimStart().startsWith('{')) return undefined;
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    const { error, message, data } = parsed as { error?: unknown; message?: unknown; data?: unknown };
    const first = [error, message].find((value) => typeof value === 'string') as string | undefined;
    return first === undefined ? undefined : `${first}${lineErrors(data)}`;
  } catch {
    return undefined;
  }
}

/** 3.x lists what was wrong with each line. */
function lineErrors(data: unknown): string {
  const first: unknown = Array.isArray(data) ? data[0] : data;
  const message = (first as { error_message?: unknown } | undefined | null)?.error_message;
  return typeof message === 'string' ? `: ${message}` : '';
}

/** A page is recognised by its title. */
function textOf(body: string): string {
  const title = /<title[^>]*>([^<]*)/i.exec(body)?.[1];
  return title ?? body.replace(/<[^>]*>/g, ' ');
}

/** 1.x: "partial write: … dropped=N"; 0 when the words do not say. */
function droppedCount(detail: string): number {
  return Number(/\bdropped=(\d+)\s*$/.exec(detail)?.[1] ?? 0);
}

function headerOf(answer: Answer, name: string): string | undefined {
  const value = answer.headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

function retryAfter(answer: Answer, nowMs: number): { retryAfterMs?: number } {
  const ms = retryAfterMs(headerOf(answer, 'retry-after'), headerOf(answer, 'date'), nowMs);
  return ms === undefined ? {} : { retryAfterMs: ms };
}
