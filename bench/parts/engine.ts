/** What one rule costs a reading, and how that grows with the number of keys. */

import { compileRules, measure, ruleYaml } from '../kernel.ts';
import { median, spread } from '../statistics.ts';
import { numberText, type Row } from '../table.ts';

const repeats = 5;

export async function engine(): Promise<Row[]> {
  const plans = await compiled();
  measure(plans, 1000, 4_000_000);
  const rates = Array.from({ length: repeats }, () => 1e9 / measure(plans, 1000, 8_000_000));
  return [
    {
      what: 'engine alone, where + tumbling avg/min/max/count, 1,000 keys',
      value: median(rates) / 1e6,
      unit: 'M readings/s',
      note: spread(rates.map((rate) => rate / 1e6)),
      floor: { atLeast: 20 },
    },
  ];
}

export async function series(): Promise<Row[]> {
  const plans = await compiled();
  measure(plans, 1000, 4_000_000);
  const sizes = [10, 100, 1000, 10_000, 100_000];
  const costs = sizes.map((keys) =>
    median(Array.from({ length: 3 }, () => measure(plans, keys, Math.max(6_000_000, keys * 70)))),
  );
  const steps = sizes.map((keys, i) => `${numberText(keys)}: ${numberText(costs[i]!)} ns`);
  return [
    {
      what: 'cost per reading, 100,000 series against 10, engine alone',
      value: costs.at(-1)! / costs[0]!,
      unit: '×',
      note: steps.join(', '),
      floor: { atMost: 1.5 },
    },
  ];
}

function compiled() {
  return compileRules(`rules:\n${ruleYaml('minute', '{ tumbling: 1m }')}`);
}
