/**
 * Rules alone, on one core: decoded columns through compiled rules, without decoder, journal and outbox.
 *
 * Timed is what the rules do with each chunk, the closing of their windows, and the points they give; not the filling of
 * the columns, which is the decoder's. Each key sends once a second, in an order that is no order of memory.
 */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { loadSetup } from '../src/cli/setup.ts';
import { createOutput } from '../src/engine/output.ts';
import { createRule } from '../src/engine/run-rule.ts';
import type { RunningRule } from '../src/engine/running-rule.ts';
import { createSeriesIndex } from '../src/engine/series.ts';
import { chunkRows, type Rows } from '../src/expression/rows.ts';
import type { RulePlan } from '../src/rules/plan.ts';
import { createRandom } from './load/messages.ts';
import { makeSite } from './site.ts';

const device = `device: sensor
topic: sensor/{id}
codec: json
time: { path: ts, format: unix_ms }
fields: { value: {} }
lateness: 5s
`;

/** Compiles rules over readings with a tag `id` and a number `value`. */
export async function compileRules(rules: string): Promise<readonly RulePlan[]> {
  const folder = await makeSite({ batch: '1s', devices: { sensor: device }, rules: { bench: rules } });
  try {
    return (await loadSetup(join(folder, 'headgate.yaml'))).plan.rules;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What an ordinary rule computes; `where` lets every reading pass. */
export function ruleYaml(name: string, window: string): string {
  return `  - name: ${name}
    from: sensor
    where: value > -1000 && value < 1000
    by: [id]
    window: ${window}
    compute: { readings: count(), mean: avg(value), least: min(value), most: max(value) }
`;
}

/** ns a reading that all of the rules see. */
export function measure(plans: readonly RulePlan[], keys: number, readings: number): number {
  const output = createOutput();
  const running = plans.map((plan) => createRule(plan, 'bench', output));
  const fill = createReadings(keys);
  let spentUs = 0;
  for (let i = 0; i < readings; i += chunkRows) {
    const rows = fill(i);
    const startUs = usedUs();
    for (const rule of running) {
      rule.run(0, rows);
      rule.pass(rows.arrivalMs[chunkRows - 1]!);
    }
    output.points.length = 0;
    spentUs += usedUs() - startUs;
  }
  for (const rule of running) expectAll(rule, Math.ceil(readings / chunkRows) * chunkRows);
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
