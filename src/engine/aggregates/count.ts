/** `count()` counts readings; `count(cond)` those for which the condition is true. */

import type { NumberColumn } from '../../expression/rows.ts';
import type { AggregatePlan } from '../../rules/plan.ts';
import { type Aggregate, createCells } from './aggregate.ts';

export function count(plan: AggregatePlan): Aggregate {
  const cells = createCells([0]);
  const every = plan.argumentType === undefined;
  return {
    ...cells,
    fold(slots, from, to, _rows, columns) {
      const counts = cells.arrays[0]!;
      const condition = every ? undefined : (columns[0] as NumberColumn);
      for (let i = from; i < to; i++) {
        const slot = slots[i]!;
        if (slot >= 0 && (condition === undefined || condition[i] === 1)) counts[slot]! += 1;
      }
    },
    merge(into, from) {
      cells.arrays[0]![into]! += cells.arrays[0]![from]!;
    },
    result: (slot) => cells.arrays[0]![slot]!,
  };
}
