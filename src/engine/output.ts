/**
 * What one step gives out.
 *
 * Invariant: everything set aside is counted; of one batch the first `keptPerBatch` are kept with their payload, so a
 * flood of bad data cannot fill memory or disk.
 */

import type { Alert, Point, SetAside } from '../core/types.ts';
import type { Rows } from '../expression/rows.ts';
import type { DevicePlan } from '../rules/plan.ts';
import type { TimeOfDay } from './time-of-day.ts';

export interface Output {
  readonly points: Point[];
  readonly alerts: Alert[];
  readonly setAside: SetAside[];
  setAsideCount: number;
  /** Of the readings that are being processed. */
  readonly clock: TimeOfDay;
  /** Sees the readings themselves; see `watchReadings`. */
  watch: ((device: DevicePlan, rows: Rows, offsetMs: number) => void) | undefined;
}

export const keptPerBatch = 1000;

export function createOutput(): Output {
  return {
    points: [],
    alerts: [],
    setAside: [],
    setAsideCount: 0,
    clock: { offsetMs: 0, isSure: true },
    watch: undefined,
  };
}

export function setAside(output: Output, reason: string, entry: () => Omit<SetAside, 'reason'>): void {
  output.setAsideCount += 1;
  if (output.setAside.length < keptPerBatch) output.setAside.push({ reason, ...entry() });
}

/** What was kept; a last entry says how many more there were. */
export function takeSetAside(output: Output): SetAside[] {
  const kept = output.setAside.splice(0);
  const more = output.setAsideCount - kept.length;
  output.setAsideCount = 0;
  if (more > 0)
    kept.push({ reason: 'too many', detail: `${more} more in this batch were counted but not kept` });
  return kept;
}
