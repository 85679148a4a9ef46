/** What was measured, as rows: for people as one aligned table, for programs as JSON. */

export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What else belongs to the figure: the spread of the repeats, what it was compared with. */
  readonly note?: string;
  /** The promise of docs/benchmarks.md; absent where none was made. */
  readonly floor?: { readonly atLeast: number } | { readonly atMost: number };
}

export type Verdict = 'met' | 'missed' | '';

export function verdictOf({ value, floor }: Row): Verdict {
  if (floor === undefined) return '';
  const isMet = 'atLeast' in floor ? value >= floor.atLeast : value <= floor.atMost;
  return isMet ? 'met' : 'missed';
}

/** Lines of the table, its header first. */
export function tableLines(rows: readonly Row[]): string[] {
  const cells = rows.map((row) => [row.what, measuredText(row), floorText(row), verdictOf(row)]);
  const all = [['what', 'measured', 'floor', 'verdict'], ...cells];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((line) => line[column]!.length)));
  return all.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

function measuredText({ value, unit, note }: Row): string {
  return `${numberText(value)} ${unit}${note === undefined ? '' : ` (${note})`}`;
}

function floorText({ floor, unit }: Row): string {
  if (floor === undefined) return '';
  return 'atLeast' in floor
    ? `≥ ${numberText(floor.atLeast)} ${unit}`
    : `≤ ${numberText(floor.atMost)} ${unit}`;
}

/** Three digits are more than the machine repeats. */
export function numberText(value: number): string {
  return value.toLocaleString('en-GB', { maximumSignificantDigits: 3 });
}
