/** Calendar windows: from one instant of a schedule to the next, one pane each. */

import type { Schedule } from '../../schedule/schedule.ts';
import type { WindowGrid } from './grid.ts';

export function calendarGrid({ previous, next }: Schedule): WindowGrid {
  const startOf = (endMs: number): number => previous(endMs - 1);
  return {
    paneStartOf: previous,
    paneEndOf: next,
    lastEndOf: next,
    endAfter: (t, closedMs) => next(Math.max(t, closedMs)),
    startOf,
    sinceOf: startOf,
    nextEndOf: next,
  };
}
