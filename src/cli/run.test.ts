import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { headgateIn } from '../../test/peers/command.ts';
import { until } from '../../test/peers/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-run-'));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function config(name: string, port: number): string {
  const listen = `{ broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } }`;
  writeFileSync(
    join(folder, name),
    `gateway: depot-7\nbatch: 100ms\ndata: data-${name}\nsources: { mqtt: ${listen} }\n`,
  );
  return name;
}

interface Running {
  readonly child: ChildProcess;
  readonly log: () => string;
}

/** Resolves once it says that it is running. */
async function run(name: string, ...args: string[]): Promise<Running> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, '../main.ts'), 'run', '-c', name, ...args],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.push(child);
  let log = '';
  for await (const [text] of on(child)) {
    log += text;
    if (log.includes('is running')) break;
  }
  child.stdout!.on('data', (text: string) => {
    log += text;
  });
  return { child, log: () => log };
}

async function* on(child: ChildProcess): AsyncGenerator<[string]> {
  child.stdout!.setEncoding('utf8');
  for (;;) yield (await once(child.stdout!, 'data')) as [string];
}

test('runs, answers, refuses a second on its data, and stops in order within 5 s', async () => {
  const name = config('gateway.yaml', 0);
  const { child, log } = await run(name);
  const text = await headgateIn(['status', '-c', name], { cwd: folder });
  assert.match(text.stdout, new RegExp(`^depot-7 {2}headgate \\S+, process ${child.pid}, up `));
  assert.match(text.stdout, /\n {2}mqtt {2}broker {2}listening/);
  const json = await headgateIn(['status', '-c', name, '--format', 'json'], { cwd: folder });
  assert.equal(JSON.parse(json.stdout).pid, child.pid);
  const second = await headgateIn(['run', '-c', name], { cwd: folder });
  assert.equal(second.code, 3);
  assert.match(second.stderr, new RegExp(`another gateway \\(process ${child.pid}\\) is running`));

  const askedMs = performance.now();
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  assert.ok(performance.now() - askedMs < 5000);
  const lines = log()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.slice(-2).map(({ level, msg }) => [level, msg]),
    [
      ['info', 'stopping'],
      ['info', 'stopped'],
    ],
  );
  assert.ok(!readdirSync(join(folder, `data-${name}`)).includes('headgate.sock'));
});

test('a gateway without devices says so', async () => {
  const { child, log } = await run(config('bare.yaml', 0));
  child.kill('SIGTERM');
  await once(child, 'exit');
  const lines = log()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const running = lines.findIndex(({ msg }) => msg === 'gateway depot-7 is running');
  assert.deepEqual([lines[running].devices, lines[running].rules], [0, 0]);
  const { level, msg, folder: devices } = lines[running + 1];
  assert.deepEqual([level, msg], ['warn', 'no devices: what arrives is kept, but not decoded']);
  assert.equal(devices, join(folder, 'devices'));
});

test('Ctrl-C stops it too', async () => {
  const { child } = await run(config('interrupted.yaml', 0), '--log-level', 'info');
  child.kill('SIGINT');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('a port in use is exit code 3, says which, and leaves the data folder free', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const name = config('taken.yaml', port);
  const { code, stderr } = await headgateIn(['run', '-c', name], { cwd: folder });
  server.close();
  assert.equal(code, 3);
  assert.match(stderr, new RegExp(`headgate: .*${port}.*\n {2}remedy: `));
  assert.doesNotMatch(stderr, /\n {4}at /);
  assert.ok(!readdirSync(join(folder, `data-${name}`)).includes('headgate.sock'));
});

/** Opens a pipe that somebody reads; undefined while nobody does. */
function openForReader(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

test('told to stop while it still starts, it ends without starting', async () => {
  const name = config('starting.yaml', 0);
  const data = join(folder, `data-${name}`);
  const checkpoint = join(data, 'checkpoint');
  mkdirSync(data);
  execFileSync('mkfifo', [checkpoint]);
  const child = spawn(process.execPath, [join(import.meta.dirname, '../main.ts'), 'run', '-c', name], {
    cwd: folder,
  });
  children.push(child);
  let log = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  // Reading the checkpoint lasts as long as this end of the pipe is open.
  let pipe: number | undefined;
  await until(() => {
    pipe = openForReader(checkpoint);
    return pipe !== undefined;
  }, 'the start to read the checkpoint');
  child.kill('SIGTERM');
  closeSync(pipe!);
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  assert.doesNotMatch(log, /is running/);
});
