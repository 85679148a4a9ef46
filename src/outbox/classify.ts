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
  /partial write|(?:unable|failed) to parse|pars(?:e|ing) (?:error|failed)|field type conflict|retention policy dropped|limit exceeded/i;

/** What a person has to change although the status is one that lines may have: words, remedy, and what it is about. */
const aboutSettings: readonly (readonly [RegExp, string, 'credentials'?])[] = [
  [/retention policy not found/i, 'create the retention policy, or correct forward.influx.retention_policy'],
  [/please provide either orgid or org/i, 'write the organization of the bucket as forward.influx.org'],
  [/authorization header was malformed/i, 'copy the token again: forward.influx.token_file', 'credentials'],
  [
    /\b(?:db|database) name\b|InvalidNamespaceName|namespace name/i,
    'choose another name for the database: letters, digits, - and _',
  ],
  [
    /adding a new database would exceed/i,
    'delete a database of the server, or write one that is there as forward.influx.bucket',
  ],
  [/HTTP request to an HTTPS server/i, 'write https:// in forward.influx.url'],
];

/**
 * The outcome of a write of `lineCount` lines.
 * Sources, in github.com/influxdata/influxdb: 1.x `services/httpd/handler.go` (204; 400 "partial write: … dropped=N"; 404
 * "database not found"); 2 `http/write_handler.go` and `http/points/points_parser.go` (400 "unable to parse", 422 "failure
 * writing points to database: partial write: …", which before 2.3 was a 500, 413); 3 `influxdb3_server/src/http.rs` (400
 * "partial write of line protocol occurred" with the lines, 422 for limits, 500 for what is too large). Of the cloud:
 * docs.influxdata.com/influxdb3/cloud-serverless/write-data/troubleshoot (400 "failed to parse line protocol: errors
 * encountered on line(s)", 413, 429 and 503 with Retry-After).
 */
export function classify(answer: Answer, lineCount: number, nowMs: number): SinkOutcome {
  const { status } = answer;
  const detail = `${status} ${wordsOf(answer)}`.trimEnd();
  if (status >= 200 && status < 300) return success(answer, detail);
  if (status === 413 || /max request size \(\d+ bytes\) exceeded/.test(detail))
    return { kind: 'too-large', detail };
  if (status === 400 || status === 422 || (status === 500 && /partial write/i.test(detail))) {
    return settingsRefusal(detail) ?? rejected(answer, detail, lineCount);
  }
  if (status >= 500 || status === 408 || status === 425 || status === 429) {
    return settingsRefusal(detail) ?? { kind: 'unavailable', detail, ...retryAfter(answer, nowMs) };
  }
  return refusal(answer, detail);
}

function rejected(answer: Answer, detail: string, lineCount: number): SinkOutcome {
  const certain = answer.status !== 400 || aboutLines.test(detail);
  const all = Math.max(droppedCount(detail), listedCount(answer.body)) >= lineCount;
  return { kind: 'rejected', detail, certain, all };
}

/** Of words that quote lines nothing is concluded but that they are about lines: a line may hold anything. */
function settingsRefusal(detail: string): (SinkOutcome & { kind: 'refused' }) | undefined {
  if (aboutLines.test(detail)) return undefined;
  const known = aboutSettings.find(([words]) => words.test(detail));
  if (known === undefined) return undefined;
  const [, remedy, cause] = known;
  return { ...refused(detail, remedy), ...(cause === undefined ? {} : { cause }) };
}

function success(answer: Answer, detail: string): SinkOutcome {
  // InfluxDB answers 204. A body is somebody else speaking.
  if (answer.body.trim() === '') return { kind: 'accepted' };
  return refused(
    `${detail} (a text where InfluxDB answers nothing)`,
    'check forward.influx.url: a proxy or a login page seems to answer',
  );
}

/** What 2 does not find: `tenant/error.go`, `http/legacy/write_handler.go`. */
const missingThings: readonly (readonly [RegExp, string])[] = [
  [/bucket .*not found/i, 'create the bucket, or correct forward.influx.bucket'],
  [/organization .*not found/i, 'correct forward.influx.org'],
  [/dbrp/i, 'write `bucket` and `org` in place of `database`, or map the database to a bucket'],
];

function refusal(answer: Answer, detail: string): SinkOutcome {
  const { status } = answer;
  if (status === 401 || status === 403) {
    const remedy =
      'check the user, password or token of forward.influx and its right to write to the database';
    return { ...refused(detail, remedy), cause: 'credentials' };
  }
  if (status === 404 && /database not found/i.test(detail)) {
    return {
      ...refused(detail, 'create the database, or correct forward.influx.database'),
      cause: 'database',
    };
  }
  const missing = missingThings.find(([words]) => words.test(detail));
  if (status === 404 && missing !== undefined) return refused(detail, missing[1]);
  if (status >= 300 && status < 400) {
    const target = headerOf(answer, 'location') ?? 'elsewhere';
    return refused(
      `${detail} (redirects to ${target})`,
      'write the address it redirects to as forward.influx.url',
    );
  }
  return refused(detail, 'check forward.influx.url: this address does not take writes');
}

function refused(detail: string, remedy: string): SinkOutcome & { kind: 'refused' } {
  return { kind: 'refused', detail, remedy };
}

/** What versions say to a write that holds no line, from somebody who may write there. */
const aboutNoLines = /writing requires points|incoming write was empty/i;

/**
 * Whether only lines were missing. Sources: early InfluxDB 2 `http/points/points_parser.go`, 3 `influxdb3_write`
 * (`EmptyWrite`); 1.x and 2.7 answer 204.
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
  const { error, message, data } = jsonOf(body) ?? {};
  const first = [error, message].find((value) => typeof value === 'string') as string | undefined;
  return first === undefined ? undefined : `${first}${lineErrors(data)}`;
}

function jsonOf(body: string): { error?: unknown; message?: unknown; data?: unknown } | undefined {
  if (!body.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(body);
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

/** 1.x and 2: "partial write: … dropped=N", in 2.7 followed by what was written to; 0 when the words do not say. */
function droppedCount(detail: string): number {
  return Number(
    /\bdropped=(\d+)(?: for database: \S+)?(?: for retention policy: \S+)?\s*$/.exec(detail)?.[1] ?? 0,
  );
}

/** 3 names the lines it did not take; 0 when it does not. */
function listedCount(body: string): number {
  const data = jsonOf(body)?.data;
  return Array.isArray(data) ? data.length : 0;
}

function headerOf(answer: Answer, name: string): string | undefined {
  const value = answer.headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

function retryAfter(answer: Answer, nowMs: number): { retryAfterMs?: number } {
  const ms = retryAfterMs(headerOf(answer, 'retry-after'), headerOf(answer, 'date'), nowMs);
  return ms === undefined ? {} : { retryAfterMs: ms };
}
