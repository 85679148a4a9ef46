/** One change of an alert as one line for people. */

import type { Alert } from '../../core/types.ts';
import { keyText, severityStyle } from '../status-view.ts';
import { paint } from '../table.ts';
import { printable } from '../text-width.ts';
import { timeText } from '../units-text.ts';

/** `2026-01-05T06:04:00Z firing critical bus-load route=4735 vehicle=01211: 81 aboard`; `still` for a reminder. */
export function alertLine(alert: Alert, colours: boolean): string {
  const { state, severity, reminder } = alert;
  const style = state === 'ok' ? 'green' : severityStyle[severity];
  const what = `${(reminder === undefined ? state : 'still').padEnd(6)} ${severity.padEnd(8)}`;
  const text = printable(`${alert.rule} ${keyText(alert.key)}: ${alert.message}`);
  return `${timeText(alert.atMs)} ${colours ? paint(style, what) : what} ${text}`;
}
