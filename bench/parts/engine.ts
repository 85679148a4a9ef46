/**
 * The engine alone, on one core: decoded columns through a compiled rule (`where`, tumbling window, four aggregates).
 *
 * Timed is what the rule does with each chunk, the closing of its windows, and the points it gives; not the filling of
 * the columns, which is the decoder's. Each key sends once a second, in an order that is no order of memory.
 */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { loadSetup } from '../../src/cli/setup.ts';
import { createOutput } from '../../src/engine/output.ts';
import { createRule, type RunningRule } from '../../src/engine/run-rule.ts';
import { createSeriesIndex } from '../../src/engine/series.ts';
import { chunkRows, type Rows } from '../../src/expression/rows.ts';
import type { RulePlan } from '../../src/rules/plan.ts';
import { createRandom } from '../load/messages.ts';
import { makeSite } from '../site.ts';
import { median, spread } from '../statistics.ts';
import { numberText, type Row } from '../table.ts';

const repeats = 5;

const device = `device: sensor
topic: sensor/{id}
codec: json
time: { path: ts, format: unix_ms }
fields: { value: {} }
lateness: 5s
`;
const rule = `rules:
  - name: minute
    from: sensor
    where: value > -1000 && value < 1000
    by: [id]
    window: { tumbling: 1m }
    compute: { readings: count(), mean: avg(value), least: min(value), most: max(value) }
`;

export async function engine(): Promise<Row[]> {
  const plan = await compiled();
  measure(plan, 1000, 4_000_000);
  const rates = Array.from({ length: repeats }, () => 1e9 / measure(plan, 1000, 8_000_000));
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
  const plan = await compiled();
  measure(plan, 1000, 4_000_000);
  const sizes = [10, 100, 1000, 10_000, 100_000];
  const costs = sizes.map((keys) =>
    median(Array.from({ length: 3 }, () => measure(plan, keys, Math.max(6_000_000, keys * 70)))),
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

async function compiled(): Promise<RulePlan> {
  const folder = await makeSite({ batch: '1s', devices: { sensor: device }, rules: { minute: rule } });
  try {
    return (await loadSetup(join(folder, 'headgate.yaml'))).plan.rules[0]!;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** ns a reading. */
function measure(plan: RulePlan, keys: number, readings: number): number {
  const output = createOutput();
  const running = createRule(plan, 'bench', output);
  const fill = createReadings(keys);
  let spentUs = 0;
  for (let i = 0; i < readings; i += chunkRows) {
    const rows = fill(i);
    const startUs = usedUs();
    running.run(0, rows);
    running.pass(rows.arrivalMs[chunkRows - 1]!);
    output.points.length = 0;
    spentUs += usedUs() - startUs;
  }
  expectAll(running, Math.ceil(readings / chunkRows) * chunkRows);
  return (spentUs * 1000) / readings;
}

/** Processor time of this thread: what others do on the machine at the same time is not in it. */
function usedUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

function expectAll(running: RunningRule, readings: number): void {
  const { readings: seen, filtered, late, overLimit } = running.status();
  if (seen !== readings || filtered + late + overLimit > 0) throw new Error('readings were lost');
}

/** Gives the chunk that begins with reading i; the same columns each time, as the decoder does. */
function createReadings(keys: number): (i: number) => Rows {
  const table = createSeriesIndex(1, keys);
  for (let key = 0; key < keys; key++) table.idOf([`s${key}`]);
  const order = shuffled(keys);
  const rows: Rows = {
    n: chunkRows,
    columns: [new Float64Array(chunkRows)],
    series: new Int32Array(chunkRows),
    eventMs: new Float64Array(chunkRows),
    arrivalMs: new Float64Array(chunkRows),
    table,
  };
  const values = rows.columns[0] as Float64Array;
  const startMs = 1_767_225_600_000;
  return (from) => {
    for (let k = 0; k < chunkRows; k++) {
      const i = from + k;
      const second = Math.floor(i / keys);
      values[k] = 20 + ((i * 7919) % 1000) / 100;
      rows.series[k] = order[i % keys]!;
      rows.eventMs[k] = startMs + second * 1000 + (i % keys) / keys;
      rows.arrivalMs[k] = rows.eventMs[k]! + 20;
    }
    return rows;
  };
}

function shuffled(n: number): Int32Array {
  const random = createRandom(11);
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
