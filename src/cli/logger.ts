/**
 * The process's logger: pino, in the form that the reader of stdout wants.
 *
 * A terminal gets one-liners for people; journald (JOURNAL_STREAM is set) JSON lines with the `<N>` priority prefix of
 * sd-daemon(3); anything else plain JSON lines.
 * Invariant: no stack traces unless asked for, and a reader that does not read never holds the gateway up: beyond
 * `maxWaitingBytes` lines are dropped.
 */

import { pino } from 'pino';
import type { Logger } from '../core/log.ts';
import { type LogLevel, logLevels } from './log-levels.ts';
import { paint, type Style, wantsColours } from './table.ts';
import { escapeUnsafe, printable } from './text-width.ts';

export type LogForm = 'people' | 'journald' | 'json';

const maxWaitingBytes = 4 * 1024 * 1024;

/** Which form suits the reader of this process's stdout. */
export function logForm(env: NodeJS.ProcessEnv, isTerminal: boolean): LogForm {
  if (isTerminal) return 'people';
  return env.JOURNAL_STREAM ? 'journald' : 'json';
}

export interface OpenLogger {
  readonly logger: Logger;
  /** Writes out what waits; to be called before the process exits. */
  flush(): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Errors with their stack traces. */
  readonly debug: boolean;
}

/** A logger to stdout. */
export function openLogger(options: LoggerOptions, form: LogForm): OpenLogger {
  const colours = wantsColours(process.stdout);
  const stdout = pino.destination({ dest: 1, sync: false, maxLength: maxWaitingBytes });
  // The reader of a pipe may be gone; the gateway works on without one.
  stdout.on('error', () => {});
  const shape = shapes[form];
  const stream = { write: (line: string) => void stdout.write(shape(line, colours)) };
  return {
    logger: createLogger(options, stream),
    flush() {
      try {
        stdout.flushSync();
      } catch {
        // Nobody reads; there is nowhere left to say so.
      }
    },
  };
}

/** A logger whose JSON lines go to `stream`. */
export function createLogger({ level, debug }: LoggerOptions, stream: { write(line: string): void }): Logger {
  const describe = debug ? withStack : withoutStack;
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describe, error: describe },
  };
  return pino(options, stream);
}

function withoutStack(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  const cause = error.cause instanceof Error ? { cause: error.cause.message } : {};
  const remedy = 'remedy' in error && error.remedy !== undefined ? { remedy: error.remedy } : {};
  return { message: error.message, ...(code !== undefined && { code }), ...cause, ...remedy };
}

function withStack(error: unknown): unknown {
  return error instanceof Error ? { ...(withoutStack(error) as object), stack: error.stack } : error;
}

/** From a line of JSON to what is written; both end in a newline. */
type Shape = (line: string, colours: boolean) => string;

export const shapes: Readonly<Record<LogForm, Shape>> = {
  json: escapeUnsafe,
  journald: (line) => `<${priorities[levelOf(line)]}>${escapeUnsafe(line)}`,
  people: lineForPeople,
};

/** syslog(3). */
const priorities: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warn: 4, error: 3 };

/** pino writes the level first. */
function levelOf(line: string): LogLevel {
  const level = /^\{"level":"(\w+)"/.exec(line)?.[1];
  return logLevels.find((known) => known === level) ?? 'error';
}

const styles: Readonly<Record<LogLevel, Style>> = {
  debug: 'dim',
  info: 'green',
  warn: 'yellow',
  error: 'red',
};

/** `06:12:03.120 warn   no such database  database=fleet`, in local time. */
function lineForPeople(line: string, colours: boolean): string {
  const { level, time, msg, ...details } = JSON.parse(line) as Record<string, unknown>;
  const name = levelOf(`{"level":"${level}"`);
  const at = new Date(String(time));
  const clock = `${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, '0')}`;
  const pairs = Object.entries(details).map(([key, value]) => `${key}=${detailText(value)}`);
  const tail = pairs.length === 0 ? '' : `  ${printable(pairs.join(' '))}`;
  const parts = [clock, name.padEnd(5), printable(String(msg ?? ''))];
  if (!colours) return `${parts.join(' ')}${tail}\n`;
  const dimTail = tail === '' ? '' : paint('dim', tail);
  return `${paint('dim', clock)} ${paint(styles[name], parts[1]!)} ${parts[2]}${dimTail}\n`;
}

function detailText(value: unknown): string {
  if (typeof value === 'string') return /[\s="]/.test(value) ? JSON.stringify(value) : value;
  if (typeof value === 'object' && value !== null && 'message' in value) return JSON.stringify(value.message);
  return JSON.stringify(value) ?? 'undefined';
}
