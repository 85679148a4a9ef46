/** Where lines go: one request at a time, and what became of it. Not here: what to do about it. */

export type SinkOutcome =
  | { readonly kind: 'accepted' }
  /**
   * The server judged the lines and did not take some of them; those it took stay taken.
   * `all`: it says it took none. `certain`: its words are about the lines, not about the request.
   */
  | { readonly kind: 'rejected'; readonly detail: string; readonly all: boolean; readonly certain: boolean }
  /** The request as a whole is larger than the server takes. */
  | { readonly kind: 'too-large'; readonly detail: string }
  /** Nothing about the lines: a person has to change something (access, database, address). Keep and try rarely. */
  | {
      readonly kind: 'refused';
      readonly detail: string;
      readonly remedy: string;
      readonly cause?: 'credentials' | 'database';
    }
  /** It will pass: no connection, overload, maintenance. `retryAfterMs` is the server's own wish. */
  | { readonly kind: 'unavailable'; readonly detail: string; readonly retryAfterMs?: number };

export interface Sink {
  /** Never rejects. When the signal aborts: `unavailable`. */
  send(lines: readonly string[], signal: AbortSignal): Promise<SinkOutcome>;
  /** For a sink in which sending again would double: how far it has got, kept with the read position. */
  mark?(): string;
  /** Called once before the first `send`: back to that mark. */
  resume?(mark: string | undefined): Promise<void>;
  close(): Promise<void>;
}
