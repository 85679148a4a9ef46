/**
 * How a failure reaches the person at the terminal, and which exit code it is.
 *
 * Invariant: a user's mistake shows as its message and remedy; a stack trace shows only with `--debug`.
 */

import { GatewayError, InvalidFiles, messageOf } from '../core/errors.ts';
import { printDiagnostics } from './print-diagnostics.ts';
import { printable } from './text-width.ts';

export const exitCodes = { fine: 0, wrong: 1, usage: 2, cannotStart: 3 } as const;

/** The command line itself is wrong: exit code 2. */
export class UsageError extends GatewayError {}

/** What was asked for is not to be had, as the gateway says: exit code 1. */
export class Refused extends GatewayError {}

export interface FailureOptions {
  readonly debug: boolean;
  readonly stderr: NodeJS.WriteStream;
}

/** Prints whatever was thrown; returns the exit code. */
export function explainFailure(error: unknown, { debug, stderr }: FailureOptions): number {
  if (error instanceof InvalidFiles) {
    printDiagnostics(error.diagnostics, stderr);
  } else if (error instanceof GatewayError) {
    stderr.write(`headgate: ${printable(error.message)}\n`);
    if (error.remedy !== undefined) stderr.write(`  remedy: ${printable(error.remedy)}\n`);
  } else {
    stderr.write(`headgate: unexpected: ${printable(messageOf(error))}\n`);
    stderr.write('  this is a bug, please report it with the output of the same command and --debug\n');
  }
  if (debug) stderr.write(`${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
  if (error instanceof Refused) return exitCodes.wrong;
  return error instanceof UsageError ? exitCodes.usage : exitCodes.cannotStart;
}
