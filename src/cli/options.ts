/** What the definitions of commands share: options that several have, and values with their own words when they are wrong. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../config/duration.ts';
import { GatewayError } from '../core/errors.ts';

export interface Outcome {
  exitCode: number;
}

export type Define = (program: Command, outcome: Outcome) => void;

export function command(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(new Option('--debug', 'show the stack trace of a failure (also HEADGATE_DEBUG=1)'));
}

export function configOption(): Option {
  return new Option(
    '-c, --config <file>',
    'the gateway file (default: headgate.yaml here, else all defaults)',
  ).env('HEADGATE_CONFIG');
}

export function formatOption(): Option {
  return new Option('--format <format>', 'for people or for programs')
    .choices(['text', 'json'])
    .default('text');
}

/** For options that may be given several times. */
export function collect(one: string, all: string[] | undefined): string[] {
  return [...(all ?? []), one];
}

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`it is a whole number from ${min} to ${max}.`);
  };
}

export function positiveNumber(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0) return value;
  throw new InvalidArgumentError('it is a number greater than 0.');
}

/** A day stands for its first moment; a time without an offset would mean another moment on another machine. */
export function instant(text: string): number {
  const day = /^\d{4}-\d\d-\d\d$/.test(text);
  const ms = day || /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/i.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new InvalidArgumentError('write a day or a time with its offset: 2026-01-05, 2026-01-05T06:00:00Z.');
}

/** Milliseconds, written as in files: `2h`; at least a second. */
export function duration(text: string): number {
  try {
    const ms = parseDuration(text);
    if (ms >= 1000) return ms;
    throw new GatewayError(`\`${text}\` is too short`, { remedy: 'write at least 1s' });
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    throw new InvalidArgumentError(`${error.message}: ${error.remedy ?? 'write 30m, 2h, 7d'}.`);
  }
}
