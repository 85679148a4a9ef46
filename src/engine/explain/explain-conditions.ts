/** Conditions of a rule over one row: what each part of them says now. For `headgate explain`; changes nothing. */

import type { ExplainedCondition, ExplainedPart } from '../../core/explained.ts';
import type { FieldValue, ValueType } from '../../core/types.ts';
import type { Column, Compiled, Rows, SeriesTable } from '../../expression/rows.ts';
import type { ConditionText, PartText } from '../../rules/rule-texts.ts';
import { cellOf } from '../verdict.ts';

export interface RowMade {
  readonly cells: readonly (number | string | null)[];
  readonly types: readonly ValueType[];
  readonly firstSlot?: number;
  readonly table: SeriesTable;
  readonly series: number;
  readonly eventMs: number;
  readonly arrivalMs: number;
}

/** One row as rows. Cells that are left out are missing values. */
export function rowsOfOne({ cells, types, firstSlot = 0, table, series, eventMs, arrivalMs }: RowMade): Rows {
  const columns: Column[] = Array.from({ length: firstSlot }, () => Float64Array.of(Number.NaN));
  for (const [i, type] of types.entries()) {
    const cell = cells[i] ?? null;
    columns.push(
      type === 'string' ? [cell as string | null] : Float64Array.of((cell as number | null) ?? Number.NaN),
    );
  }
  return {
    ...{ n: 1, columns, table },
    series: Int32Array.of(series),
    eventMs: Float64Array.of(eventMs),
    arrivalMs: Float64Array.of(arrivalMs),
  };
}

/** What a condition says of a row; without a row nothing is known, and there are no parts. */
export function explainCondition(
  { text, whole, parts }: ConditionText,
  rows: Rows | undefined,
): ExplainedCondition {
  return {
    text,
    holds: holdsIn(whole, rows),
    parts: rows ? parts.map((part) => explainPart(part, rows)) : [],
  };
}

function explainPart({ text, compiled, values }: PartText, rows: Rows): ExplainedPart {
  const known = values.map(({ name, end, compiled: one }) => ({ name, end, value: valueIn(one, rows) }));
  let shown = '';
  let from = 0;
  for (const { end, value } of known) {
    shown += `${text.slice(from, end)} ${written(value)}`;
    from = end;
  }
  return {
    text: `${shown}${text.slice(from)}`.replace(/\s+/g, ' ').trim(),
    values: Object.fromEntries(known.map(({ name, value }) => [name, value])),
    holds: holdsIn(compiled, rows),
  };
}

function holdsIn(compiled: Compiled, rows: Rows | undefined): boolean | null {
  const value = valueIn(compiled, rows);
  return typeof value === 'boolean' ? value : null;
}

export function valueIn({ kernel, type }: Compiled, rows: Rows | undefined): FieldValue | null {
  return rows === undefined ? null : cellOf(kernel(rows), type, 0);
}

/** As it stands behind a name: at most six digits, text in quotes. */
function written(value: FieldValue | null): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'number') return String(value);
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(6)));
}
