/** Settings for tests. */

import type { Acknowledgement, Silence } from './settings.ts';

export const nowMs = Date.parse('2026-01-05T06:00:00Z');

export function silenceOf(changes: Partial<Silence> = {}): Silence {
  return { id: 's1', rule: 'bus-load', key: {}, untilMs: nowMs + 1000, createdMs: nowMs, ...changes };
}

export function acknowledgementOf(changes: Partial<Acknowledgement> = {}): Acknowledgement {
  return {
    ...{ episode: 'e1', rule: 'bus-load', key: { vehicle: '01029' } },
    ...{ severity: 'warning', atMs: nowMs, by: 'aino' },
    ...changes,
  };
}
