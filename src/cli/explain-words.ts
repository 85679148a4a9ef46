/** Times, values and conditions in the words of `explain`. */

import type { ExplainedCondition, Values } from '../core/explained.ts';
import type { FieldValue } from '../core/types.ts';
import { durationText, timeText } from './units-text.ts';

const dayMs = 86_400_000;

/** Time of day in UTC, with its date when that is another day than `nowMs`. */
export function clockText(ms: number, nowMs: number): string {
  const text = timeText(ms);
  return Math.floor(ms / dayMs) === Math.floor(nowMs / dayMs) ? text.slice(11).replace('Z', '') : text;
}

/** A duration that somebody wrote: `2 s`, not `2.0 s`. */
export function spanText(ms: number): string {
  return durationText(ms).replace('.0 s', ' s');
}

/** At most six digits; text in quotes; `–` for a value that is missing. */
export function valueText(value: FieldValue | null): string {
  if (value === null) return '–';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'boolean' || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(6)));
}

/** `load 81`, one for each. */
export function valueTexts(values: Values): string[] {
  return Object.entries(values).map(([name, value]) => `${name} ${valueText(value)}`);
}

const truth = new Map<boolean | null, string>([
  [true, 'true'],
  [false, 'false'],
  [null, 'not known: a value is missing'],
]);

export function truthText(holds: boolean | null): string {
  return truth.get(holds)!;
}

/** A condition of one part in one line, else with a line for each of its parts. */
export function conditionLines(label: string, { text, holds, parts }: ExplainedCondition): string[] {
  if (parts.length === 0)
    return [`${label} ${text}: nothing was judged since the gateway started or its files were edited`];
  if (parts.length === 1) return [`${label} ${parts[0]!.text}: ${truthText(holds)}`];
  return [
    `${label} ${text}: ${truthText(holds)}`,
    ...parts.map((part) => `  ${part.text}: ${truthText(part.holds)}`),
  ];
}

/** Comma-separated pieces in lines of at most `width` columns, if the pieces allow it. */
export function wrapped(pieces: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const [i, piece] of pieces.entries()) {
    const next = i < pieces.length - 1 ? `${piece},` : piece;
    if (line !== '' && line.length + 1 + next.length > width) {
      lines.push(line);
      line = next;
    } else line = line === '' ? next : `${line} ${next}`;
  }
  return line === '' ? lines : [...lines, line];
}
