/** Real process, real disk: whatever a killed process had said was durable is there. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { silentLogger } from '../core/log.ts';
import { openLog } from './log.ts';

const options = { budgetBytes: 1 << 18, segmentBytes: 16_384, whenFull: 'drop-oldest' } as const;

/** Appends three at a time for ever; prints each sequence once it is durable. */
const script = `
  const { openLog } = await import(${JSON.stringify(new URL('./log.ts', import.meta.url).href)});
  const { silentLogger } = await import(${JSON.stringify(new URL('../core/log.ts', import.meta.url).href)});
  const options = ${JSON.stringify(options)};
  const log = await openLog(process.argv[1], { ...options, logger: silentLogger });
  const body = (sequence) => Buffer.alloc(100 + (sequence % 700), 'record ' + sequence + ' ');
  for (;;) {
    const bodies = [0, 1, 2].map((i) => body(log.next + i));
    const sequences = await Promise.all(bodies.map((bytes) => log.append(bytes)));
    process.stdout.write(sequences.join('\\n') + '\\n');
  }
`;

/** Runs until so many records are durable, kills it, gives the last sequence it told. */
async function appendAndKill(folder: string, count: number): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last = -1;
  let told = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    told += 1;
    if (told === count) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  assert.equal(child.signalCode, 'SIGKILL');
  return last;
}

test('kill -9 at any moment loses nothing that was acknowledged', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-kill-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const count of [1, 50, 333, 1000]) {
    const last = await appendAndKill(folder, count);
    const log = await openLog(folder, { ...options, logger: silentLogger });
    assert.ok(log.next > last, `record ${last} was acknowledged, the log ends at ${log.next}`);
    let expected = log.first;
    for await (const { sequence, body } of log.read(0)) {
      assert.equal(sequence, expected);
      assert.deepEqual(body, Buffer.alloc(100 + (sequence % 700), `record ${sequence} `));
      expected += 1;
    }
    assert.equal(expected, log.next);
    assert.equal(log.losses.corruptSegments, 0);
    await log.close();
  }
});
