/** Alerts as lines of the gateway's own log. */

import type { Alert } from '../core/types.ts';
import type { Notifier, NotifierContext } from './notifier.ts';

/** A critical alert is logged as an error, a warning as a warning, everything else as information. */
export function createLogNotifier(
  _config: Readonly<Record<string, never>>,
  context: NotifierContext,
): Notifier {
  return async (alert) => {
    context.logger[levelOf(alert)](
      {
        alert: alert.id,
        rule: alert.rule,
        key: alert.key,
        state: alert.state,
        severity: alert.severity,
        at: new Date(alert.atMs).toISOString(),
        ...(alert.reminder !== undefined && { reminder: alert.reminder }),
      },
      alert.message,
    );
  };
}

function levelOf({ state, severity }: Alert): 'info' | 'warn' | 'error' {
  if (state === 'ok' || severity === 'info') return 'info';
  return severity === 'critical' ? 'error' : 'warn';
}
