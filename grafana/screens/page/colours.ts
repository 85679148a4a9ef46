/** Colours by name, as in Grafana's dark theme, and which of them a value has. */

import type { FieldJson } from '../../../test/grafana/dashboard-json.ts';
import type { Value } from './scene.ts';

const named: Readonly<Record<string, string>> = {
  green: '#73bf69',
  orange: '#ff9830',
  red: '#f2495c',
  blue: '#5794f2',
  text: '#ccccdc',
  transparent: 'transparent',
};

const palette = [
  '#7eb26d',
  '#eab839',
  '#6ed0e0',
  '#ef843c',
  '#e24d42',
  '#1f78c1',
  '#ba43a9',
  '#705da0',
  '#508642',
  '#cca300',
  '#447ebc',
  '#c15c17',
  '#b7dbab',
  '#f4d598',
  '#70dbed',
  '#f9ba8f',
];

export function colour(name: string): string {
  return named[name] ?? name;
}

/** The same series has the same colour wherever it is drawn. `names`: of all series of the dashboard. */
export function paletteColour(name: string, names: readonly string[]): string {
  return palette[names.toSorted().indexOf(name) % palette.length]!;
}

type Steps = NonNullable<FieldJson['thresholds']>['steps'];

/** That of the highest threshold the value has reached. */
export function stepColour(value: number, steps: Steps): string {
  const reached = steps.filter((step) => step.value === null || value >= step.value);
  return colour(reached.at(-1)?.color ?? 'text');
}

export interface Shown {
  readonly text: string | undefined;
  readonly colour: string;
}

/** What a field's mappings and thresholds make of a value. */
export function shownAs(
  value: Value,
  { mappings, thresholds }: Pick<FieldJson, 'mappings' | 'thresholds'>,
): Shown {
  const mapped = mappings?.map(({ options }) => options[String(value)]).find((one) => one !== undefined);
  const byStep =
    typeof value === 'number' && thresholds !== undefined
      ? stepColour(value, thresholds.steps)
      : colour('text');
  return { text: mapped?.text, colour: mapped?.color === undefined ? byStep : colour(mapped.color) };
}
