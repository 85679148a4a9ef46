/**
 * What a user's mistake becomes: a diagnostic with a place, or an error with a remedy.
 *
 * Invariant: nothing a user wrote ever shows as a stack trace; a `GatewayError` is printed by its message
 * and remedy alone. Log or throw, never both.
 */

export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** As the user would type it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** Length of the marked text; at least 1. */
  readonly length: number;
  /** What, with the value and the limit: "unknown field `tmp` of device press". */
  readonly message: string;
  /** What to do: "did you mean `temp`?" */
  readonly remedy?: string;
  /** The line itself, for the caret. */
  readonly text: string;
}

/** A failure to show to a user: what, where, the value, the limit; and what to do about it. */
export class GatewayError extends Error {
  readonly remedy: string | undefined;

  constructor(message: string, options: { remedy?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'GatewayError';
    this.remedy = options.remedy;
  }
}

/** The files a user wrote are wrong: carries every diagnostic at once. */
export class InvalidFiles extends GatewayError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(`${diagnostics.length} mistake(s) in the configuration`);
    this.name = 'InvalidFiles';
    this.diagnostics = diagnostics;
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The same for messages that name the file themselves: "no such file or directory", without what Node.js puts around. */
export function reasonOf(error: unknown): string {
  const message = messageOf(error);
  return /^E[A-Z0-9]+: (.+?), [a-z]+(?: '.*')?$/s.exec(message)?.[1] ?? message;
}
