/** `headgate replay` of a CSV export of two million rows and three columns: rows a second, and its memory. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { headgate } from '../gateway.ts';
import { residentMiB } from '../proc.ts';
import { makeSite } from '../site.ts';
import type { Row } from '../table.ts';

const rowCount = 2_000_000;
const sensors = 20;

const device = `device: logger
codec: csv
time: { path: time, format: unix_ms }
tags: { sensor: sensor }
fields: { value: {} }
`;
const rule = `rules:
  - name: logger-minute
    from: logger
    window: { tumbling: 1m }
    compute: { readings: count(), mean: avg(value), least: min(value), most: max(value) }
`;

export async function replay(): Promise<Row[]> {
  const folder = await makeSite({ batch: '1s', devices: { logger: device }, rules: { logger: rule } });
  try {
    await writeRecording(join(folder, 'export.csv'));
    const { seconds, peakMiB } = await run(folder);
    return [
      { what: 'replay of a CSV of 2 M rows and 3 columns', value: rowCount / seconds, unit: 'rows/s' },
      { what: 'replay: resident memory, the most it ever was', value: peakMiB, unit: 'MiB' },
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Every sensor once a second. */
async function writeRecording(path: string): Promise<void> {
  const file = createWriteStream(path);
  file.write('time,sensor,value\n');
  for (let i = 0; i < rowCount; ) {
    let lines = '';
    for (const end = Math.min(rowCount, i + 10_000); i < end; i++) {
      const timeMs = 1_767_225_600_000 + Math.floor(i / sensors) * 1000 + (i % sensors);
      lines += `${timeMs},s${i % sensors},${(20 + ((i * 7919) % 1000) / 100).toFixed(2)}\n`;
    }
    if (!file.write(lines)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

async function run(folder: string): Promise<{ seconds: number; peakMiB: number }> {
  const args = [
    'replay',
    '-c',
    join(folder, 'headgate.yaml'),
    '--device',
    'logger',
    join(folder, 'export.csv'),
  ];
  const startMs = performance.now();
  const child = spawn(process.execPath, headgate(...args), { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  let peakMiB = 0;
  const watch = setInterval(() => {
    // Between its end and the news of it there is no memory to be read.
    if (child.exitCode === null) peakMiB = residentMiB(child.pid!).peak || peakMiB;
  }, 100);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearInterval(watch);
  if (code !== 0) throw new Error(`replay ended with ${code}: ${said}`);
  return { seconds: (performance.now() - startMs) / 1000, peakMiB };
}
