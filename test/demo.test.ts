/** `headgate demo` as a process: every shipped rule fires and clears, and the points are where it says. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { mainPath } from './peers/command.ts';
import { type Influxd, startInfluxd } from './peers/influxd.ts';
import { until } from './peers/until.ts';

const rules = ['bearing-drift', 'bus-delay', 'bus-fleet', 'bus-load', 'bus-silent', 'probe-level'];
const measured = rules.filter((rule) => rule !== 'bus-silent');
let folder = '';
let running: ChildProcess[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-test-'));
});
after(async () => {
  for (const child of running) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

/** Starts a demo in the temporary folder, faster than usual, on any free port. */
function startDemo(...args: string[]) {
  const child = spawn(process.execPath, [mainPath, 'demo', '--port', '0', '--speed', '400', ...args], {
    cwd: folder,
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  const out = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      out.text += text;
    });
  }
  const ended = once(child, 'close').then(([code]) => {
    running = running.filter((one) => one !== child);
    return code as number | null;
  });
  return { child, out, ended };
}

/** The number of points that the last words speak of. */
function pointsSent(text: string): number {
  const words = /readings gave ([\d,]+) points, now in /.exec(text);
  assert.ok(words, text);
  return Number(words[1]!.replaceAll(',', ''));
}

test('each shipped rule fires and clears, and Ctrl-C leaves the points in files', {
  timeout: 90_000,
}, async () => {
  const { child, out, ended } = startDemo('--data', 'here');
  const shows = (state: string, rule: string): boolean => new RegExp(`  ${state} +${rule} `).test(out.text);
  const proven = (rule: string): boolean => shows('(critical|warning)', rule) && shows('cleared', rule);
  await until(() => child.exitCode !== null || rules.every(proven), `all rules:\n${out.text}`, 60_000);
  child.kill('SIGINT');
  assert.equal(await ended, 0, out.text);
  assert.match(out.text, /^Each of the 6 rules has fired and cleared\.$/m);
  assert.match(out.text, /now in here\/points\/\*\.lp$/m);

  const files = (await readdir(join(folder, 'here/points'))).filter((name) => name.endsWith('.lp'));
  const texts = await Promise.all(files.map((name) => readFile(join(folder, 'here/points', name), 'utf8')));
  const lines = texts.join('').trimEnd().split('\n');
  assert.equal(lines.length, pointsSent(out.text));
  assert.deepEqual([...new Set(lines.map((line) => line.split(',')[0]!))].toSorted(), measured);
});

test('with --influx the points are in that InfluxDB, and no folder is left', {
  timeout: 60_000,
}, async () => {
  const influxd: Influxd = await startInfluxd();
  try {
    const { out, ended } = startDemo('--influx', influxd.url, '--seconds', '4');
    assert.equal(await ended, 0, out.text);
    const counts = await Promise.all(
      measured.map(async (name) => {
        const [series] = await influxd.query(`SELECT count(*) FROM "${name}"`, 'headgate');
        const counted = (series?.values[0] ?? []).slice(1).filter((value) => typeof value === 'number');
        return Math.max(0, ...counted);
      }),
    );
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      pointsSent(out.text),
    );
    const left = (await readdir(folder)).filter((name) => name.startsWith('headgate-demo-'));
    assert.deepEqual(left, []);
  } finally {
    await influxd.stop();
  }
});

test('what cannot be is said in words', async () => {
  const { out, ended } = startDemo('--influx', 'nonsense');
  assert.equal(await ended, 2);
  assert.match(out.text, /^headgate: the value of --influx is not a URL\n {2}remedy: write --influx http:/);
});
