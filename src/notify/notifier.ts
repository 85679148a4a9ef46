/** What a notifier is: one function that hands one alert to the world. Retrying, order and positions: deliver.ts. */

import type { Logger } from '../core/log.ts';
import type { Alert } from '../core/types.ts';

/**
 * Resolves when the alert has arrived. Throws `Rejected` when it never will, anything else when it may later;
 * ends soon after the signal aborts. The same alert may come again: its id says so to the receiver.
 */
export type Notifier = (alert: Alert, signal: AbortSignal) => Promise<void>;

export interface NotifierContext {
  readonly gateway: string;
  readonly logger: Logger;
  /** Publishes through a source; rejects when the message was not taken. */
  readonly publish: (
    source: string,
    topic: string,
    payload: string,
    options: { readonly qos: 0 | 1 | 2; readonly retain: boolean },
  ) => Promise<void>;
}

/** The receiver will not take this alert, ever: it is set aside. */
export class Rejected extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Rejected';
  }
}

/** Not now; `afterMs` is the receiver's wish. */
export class TryLater extends Error {
  readonly afterMs: number;

  constructor(message: string, afterMs: number) {
    super(message);
    this.name = 'TryLater';
    this.afterMs = afterMs;
  }
}

/** An alert as receivers get it: times in RFC 3339, names in snake case; `reminder` is 0 for a change. */
export function messageBody(alert: Alert, gateway: string): string {
  const { id, episode, rule, key, state, severity, firedAtMs, atMs, message, values } = alert;
  return JSON.stringify({
    id,
    episode,
    rule,
    key,
    state,
    severity,
    fired_at: rfc3339(firedAtMs),
    at: rfc3339(atMs),
    message,
    values,
    reminder: alert.reminder ?? 0,
    gateway,
  });
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
