/**
 * How the cost of a reading grows: with the rules that see it, with the keys it may belong to, with the windows it lies
 * in. Each curve is a row for each of its points, and a panel of the drawing.
 */

import { compileRules, measure, ruleYaml } from '../kernel.ts';
import { median } from '../statistics.ts';
import type { Row } from '../table.ts';

export interface Curve {
  readonly title: string;
  /** What grows to the right. */
  readonly axis: string;
  /** ns a reading. */
  readonly points: readonly { readonly x: number; readonly ns: number }[];
}

const ruleCounts = [1, 3, 10, 30, 100];
const keyCounts = [10, 100, 1000, 10_000, 100_000];
const overlaps = [1, 6, 30, 60, 180, 360];
const everyS = 10;

export async function drawCurves(): Promise<Curve[]> {
  return [await overRules(), await overKeys(), await overOverlaps()];
}

export function rowsOf(curves: readonly Curve[]): Row[] {
  return curves.flatMap(({ title, axis, points }) =>
    points.map(({ x, ns }) => ({
      what: `${title}, ${axis}: ${x.toLocaleString('en-GB')}`,
      value: ns,
      unit: 'ns/reading',
    })),
  );
}

async function overRules(): Promise<Curve> {
  const points = [];
  for (const count of ruleCounts) {
    const rules = Array.from({ length: count }, (_, i) => ruleYaml(`rule-${i}`, '{ tumbling: 1m }'));
    points.push({ x: count, ns: await cost(rules, 200, Math.ceil(6_000_000 / count)) });
  }
  return { title: 'one stream, 200 keys, tumbling 1m', axis: 'rules', points };
}

async function overKeys(): Promise<Curve> {
  const points = [];
  for (const keys of keyCounts) {
    const ns = await cost([ruleYaml('rule', '{ tumbling: 1m }')], keys, Math.max(6_000_000, keys * 70));
    points.push({ x: keys, ns });
  }
  return { title: 'one rule, tumbling 1m', axis: 'keys', points };
}

/** The same number of results whatever the overlap: one for each ten readings of a key. */
async function overOverlaps(): Promise<Curve> {
  const points = [];
  for (const overlap of overlaps) {
    const window =
      overlap === 1 ? `{ tumbling: ${everyS}s }` : `{ sliding: ${overlap * everyS}s, every: ${everyS}s }`;
    // Two lengths of the longest window and more: most of the time it is full.
    points.push({ x: overlap, ns: await cost([ruleYaml('rule', window)], 100, 100 * 10_000) });
  }
  return { title: 'one rule, 100 keys, sliding, every 10s', axis: 'overlaps', points };
}

async function cost(rules: readonly string[], keys: number, readings: number): Promise<number> {
  const plans = await compileRules(`rules:\n${rules.join('')}`);
  measure(plans, keys, Math.min(readings, 1_000_000));
  return median(Array.from({ length: 3 }, () => measure(plans, keys, readings)));
}
