/**
 * `npm run bench [-- NAME…] [--json FILE] [--svg FILE]`: measures what docs/benchmarks.md promises, prints one table and
 * draws the curves of the part of that name.
 *
 * Each part is a file in parts/. A part measures the package as it ships, built first, as the process that
 * users run, under a load from another process. Exit code 1 when a part could not be measured; a floor that is missed is a result, not a failure.
 */

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { drawCurves, rowsOf } from './parts/curves.ts';
import { disk } from './parts/disk.ts';
import { engine, series } from './parts/engine.ts';
import { latency } from './parts/latency.ts';
import { memory } from './parts/memory.ts';
import { replay } from './parts/replay.ts';
import { rules300, rules8000 } from './parts/rules.ts';
import { recovery, start } from './parts/start.ts';
import { qos0, qos1 } from './parts/throughput.ts';
import { svgOf } from './svg.ts';
import { type Row, tableLines, verdictOf } from './table.ts';

const parts: Readonly<Record<string, () => Promise<Row[]>>> = {
  qos0,
  qos1,
  engine,
  series,
  curves,
  rules300,
  rules8000,
  latency,
  memory,
  disk,
  start,
  recovery,
  replay,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    svg: { type: 'string', default: join(import.meta.dirname, '../docs/curves.svg') },
  },
});
const unknown = positionals.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  process.stderr.write(`no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}\n`);
  process.exit(2);
}

if (process.env.HEADGATE_BENCH_MAIN === undefined) {
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, '../build.ts')], {
    stdio: 'inherit',
  });
  if (status !== 0) {
    process.stderr.write('not built; HEADGATE_BENCH_MAIN=src/main.ts measures the source as it is\n');
    process.exit(1);
  }
}

const rows: Row[] = [];
for (const name of positionals.length > 0 ? positionals : Object.keys(parts)) {
  process.stderr.write(`${name} …\n`);
  try {
    rows.push(...(await parts[name]!()));
  } catch (error) {
    process.stderr.write(`${name} could not be measured: ${error}\n`);
    process.exitCode = 1;
  }
}
process.stdout.write(`${machine()}\n\n${tableLines(rows).join('\n')}\n`);
if (values.json !== undefined) {
  const measured = rows.map((row) => ({ ...row, verdict: verdictOf(row) }));
  writeFileSync(values.json, `${JSON.stringify({ machine: machine(), rows: measured }, null, 2)}\n`);
}

async function curves(): Promise<Row[]> {
  const drawn = await drawCurves();
  writeFileSync(values.svg, svgOf(drawn));
  return rowsOf(drawn);
}

function machine(): string {
  const model = cpus()[0]?.model.trim() || 'unknown processor';
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${availableParallelism()} × ${model}, ${arch()}, ${memory}, Linux ${release()}, Node ${process.version}`;
}
