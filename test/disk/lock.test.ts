/**
 * One gateway a data folder: a second one is refused with the owner's pid, however it is started, whatever the owner does.
 *
 * Pairs that start at the same moment only claim the folder, as `run` does before it opens a log: that is quick enough for
 * many of them.
 */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { mainPath } from '../peers/command.ts';
import { until } from '../peers/until.ts';

const root = mkdtempSync(join(tmpdir(), 'headgate-lock-'));
chmodSync(root, 0o755);
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

interface Started {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it wrote so far. */
  text(): string;
  /** `running` or the exit code. */
  outcome(): Promise<'running' | number>;
}

const isRunning = /is running|claimed/;

function start(command: string, args: readonly string[], uid?: number): Started {
  const options = { stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'] };
  const child = spawn(command, args, uid === undefined ? options : { ...options, uid });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
  }
  let code: number | null | undefined;
  child.on('close', (exit) => {
    code = exit;
  });
  return {
    pid: child.pid!,
    child,
    text: () => text,
    async outcome() {
      await until(
        () => code !== undefined || (!/another gateway/.test(text) && isRunning.test(text)),
        'an end',
        30_000,
      );
      return code === undefined ? 'running' : (code ?? -1);
    },
  };
}

let folders = 0;
function site(data = 'data'): { config: string; data: string } {
  const folder = join(root, String(folders++));
  mkdirSync(join(folder, 'devices'), { recursive: true });
  const config = join(folder, 'headgate.yaml');
  writeFileSync(
    config,
    `gateway: g\ndata: ${data}\nsources: { mqtt: { broker: { listen: [{ port: 0 }] } } }\n`,
  );
  return { config, data: join(folder, 'data') };
}

const runOn = (config: string): Started => start(process.execPath, [mainPath, 'run', '-c', config]);

const socketModule = new URL('../../src/cli/status-socket.ts', import.meta.url).href;
const claimScript = `const { claimDataFolder } = await import(${JSON.stringify(socketModule)});
try { await claimDataFolder(process.argv[1]); console.log('claimed'); setInterval(() => {}, 1000); }
catch (error) { console.error(error.message); process.exit(3); }`;
const claimArgs = (data: string): string[] => ['--input-type=module', '-e', claimScript, data];
const claim = (data: string, uid?: number): Started => start(process.execPath, claimArgs(data), uid);

async function end({ child }: Started): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

test('a second gateway is refused with the pid of the first, by any spelling of the path, also when that hangs', async () => {
  const { config, data } = site();
  const owner = runOn(config);
  assert.equal(await owner.outcome(), 'running');
  const link = join(root, 'link');
  symlinkSync(data, link);
  const others = [config, site(link).config, site(`${data}/../data/`).config];
  const refused = new RegExp(`another gateway \\(process ${owner.pid}\\) is running on the data folder`);
  for (const signal of [undefined, 'SIGSTOP'] as const) {
    if (signal !== undefined) owner.child.kill(signal);
    for (const other of signal === undefined ? others : [config]) {
      const second = runOn(other);
      assert.equal(await second.outcome(), 3, second.text());
      assert.match(second.text(), refused);
    }
  }
  // Gone without a word: the next one starts at once.
  await end(owner);
  const next = runOn(config);
  assert.equal(await next.outcome(), 'running', next.text());
  await end(next);
});

async function race(data: string, startOne: readonly (() => Started)[]): Promise<void> {
  const pair = startOne.map((one) => one());
  const outcomes = await Promise.all(pair.map((one) => one.outcome()));
  const said = pair.map((one) => one.text()).join('\n');
  assert.deepEqual([...outcomes].sort(), [3, 'running'], said);
  const winner = pair[outcomes.indexOf('running')]!;
  const loser = pair[outcomes.indexOf(3)]!;
  assert.match(loser.text(), new RegExp(`another gateway \\(process ${winner.pid}\\)`), data);
  await Promise.all(pair.map(end));
}

test('of two that start at the same moment, beside a dead one’s socket or none, one runs', async () => {
  for (let pair = 0; pair < 12; pair++) {
    const { data } = site();
    const isAfterCrash = pair % 2 === 1;
    if (isAfterCrash) {
      const dead = claim(data);
      assert.equal(await dead.outcome(), 'running', dead.text());
      await end(dead);
    }
    await race(data, [() => claim(data), () => claim(data)]);
  }
});

const canUnshare = process.platform === 'linux' && spawnSync('unshare', ['--net', 'true']).status === 0;
const skipNetworks = canUnshare ? false : 'needs root and unshare(1)';

test('also of two in different network namespaces, as two containers with one volume', {
  skip: skipNetworks,
}, async () => {
  const elsewhere = (data: string): Started =>
    start('unshare', ['--net', process.execPath, ...claimArgs(data)]);
  const { data } = site();
  const owner = claim(data);
  assert.equal(await owner.outcome(), 'running', owner.text());
  const second = elsewhere(data);
  assert.equal(await second.outcome(), 3);
  assert.match(second.text(), new RegExp(`process ${owner.pid}`));
  owner.child.kill('SIGSTOP');
  const third = elsewhere(data);
  assert.equal(await third.outcome(), 3);
  assert.match(third.text(), new RegExp(`process ${owner.pid}`));
  await end(owner);
  for (let pair = 0; pair < 6; pair++) await race(data, [() => claim(data), () => elsewhere(data)]);
});

const skipUsers = process.getuid?.() === 0 ? false : 'needs root';

test('another user is refused while the owner lives, and is not kept out by its remains', {
  skip: skipUsers,
}, async () => {
  const nobody = 65_534;
  const { data } = site();
  mkdirSync(data);
  chmodSync(data, 0o777);
  const owner = claim(data);
  assert.equal(await owner.outcome(), 'running', owner.text());
  const second = claim(data, nobody);
  assert.equal(await second.outcome(), 3);
  assert.match(second.text(), new RegExp(`process ${owner.pid}`));
  await end(owner);
  const next = claim(data, nobody);
  assert.equal(await next.outcome(), 'running', next.text());
  await end(next);
});
