/** Readings of a rule that came after their windows had closed: set aside with the reason, and told apart by input. */

import type { Rows, SeriesTable } from '../expression/rows.ts';
import { type Output, setAside } from './output.ts';

export interface LateReadings {
  setAside(rows: Rows, i: number, key: number, watermarkMs: number): void;
  /** By the table of the input's rows; undefined before the first one. */
  byTable(): ReadonlyMap<SeriesTable, number> | undefined;
}

export function createLateReadings(
  rule: string,
  tagsOf: (key: number) => Readonly<Record<string, string>>,
  output: Output,
): LateReadings {
  let byTable: Map<SeriesTable, number> | undefined;
  return {
    setAside(rows, i, key, watermarkMs) {
      byTable ??= new Map();
      byTable.set(rows.table, (byTable.get(rows.table) ?? 0) + 1);
      setAside(output, 'late', () => ({
        detail: `its window had closed; the watermark of the key is ${new Date(watermarkMs).toISOString()}`,
        rule,
        key: tagsOf(key),
        eventMs: rows.eventMs[i]!,
        arrivalMs: rows.arrivalMs[i]! + output.clock.offsetMs,
      }));
    },
    byTable: () => byTable,
  };
}
