/** `alerts`: what fires, what is about to, and which silences there are. */

import type { FiringAlert, PendingAlert } from '../../core/status.ts';
import type { Gateway } from '../../gateway.ts';
import type { Silence } from '../../settings/settings.ts';
import { current } from '../../settings/silences.ts';

export interface AlertsAnswer {
  readonly nowMs: number;
  /** The most severe first. */
  readonly firing: readonly FiringAlert[];
  readonly pending: readonly PendingAlert[];
  readonly silences: readonly Silence[];
}

export function answerAlerts(
  gateway: Pick<Gateway, 'status' | 'settings' | 'pending' | 'now'>,
): AlertsAnswer {
  const nowMs = gateway.now();
  return {
    nowMs,
    firing: gateway.status().alerts,
    pending: gateway.pending(),
    silences: current(gateway.settings.settings(), nowMs),
  };
}
