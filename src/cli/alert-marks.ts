/** What people have said of an alert, and whether it flaps, in words. */

import type { FiringAlert } from '../core/status.ts';
import { timeText } from './units-text.ts';

export const noMarks = '–';

/** `acknowledged by aino: belt ordered, silenced until 2026-01-05T08:00:00Z`; `–` for none of it. */
export function stateText({ flapping, acknowledged, silencedUntilMs }: FiringAlert): string {
  const parts = [
    ...(flapping ? ['flapping'] : []),
    ...(acknowledged ? [`acknowledged${said(acknowledged.by, acknowledged.note)}`] : []),
    ...(silencedUntilMs !== undefined ? [`silenced until ${untilText(silencedUntilMs)}`] : []),
  ];
  return parts.length === 0 ? noMarks : parts.join(', ');
}

function said(by: string | undefined, note: string | undefined): string {
  const who = by === undefined ? '' : ` by ${by}`;
  return note === undefined ? who : `${who}: ${note}`;
}

/** To the second: nobody silences to the millisecond. */
export function untilText(ms: number): string {
  return timeText(Math.round(ms / 1000) * 1000);
}
