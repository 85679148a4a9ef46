import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { GatewayError } from '../core/errors.ts';
import { ask, follow } from './status-client.ts';
import { claimDataFolder } from './status-socket.ts';

const root = mkdtempSync(join(tmpdir(), 'headgate-socket-'));
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function folder(name = String(folders++)): string {
  return join(root, name, 'data');
}

test('a question and its answer; the socket is this user\u2019s alone and goes away', async () => {
  const data = folder();
  const claim = await claimDataFolder(data);
  const path = join(data, 'headgate.sock');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(await ask(data, 'status'), {
    ok: false,
    pid: process.pid,
    error: 'the gateway is still starting',
  });
  const huge = 'x'.repeat(1_000_000);
  claim.answer({ status: () => ({ huge }), broken: () => assert.fail('out of order') });
  assert.deepEqual(await ask(data, 'status'), { ok: true, pid: process.pid, result: { huge } });
  assert.deepEqual(await ask(data, 'broken'), { ok: false, pid: process.pid, error: 'out of order' });
  assert.deepEqual(await ask(data, 'toString'), {
    ok: false,
    pid: process.pid,
    error: 'unknown command; known: status, broken',
  });
  await claim.release();
  assert.equal(existsSync(path), false);
  await assert.rejects(ask(data, 'status'), { code: 'ENOENT' });
});

test('questions in one go are answered in order, junk among them too', async () => {
  const data = folder();
  await using ends = new AsyncDisposableStack();
  const claim = await claimDataFolder(data);
  ends.defer(() => claim.release());
  claim.answer({ a: () => 1, b: () => 2 });
  const socket = createConnection(join(data, 'headgate.sock'));
  ends.defer(() => void socket.destroy());
  socket.write('{"command":"a"}\n{"comma');
  socket.write('nd":"b"}\nnull\n[]\n{"command":7}\n');
  let text = '';
  for await (const piece of socket.setEncoding('utf8')) {
    text += piece;
    if (text.split('\n').length > 5) break;
  }
  const replies = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    replies.map(({ ok, result }) => [ok, result]),
    [
      [true, 1],
      [true, 2],
      [false, undefined],
      [false, undefined],
      [false, undefined],
    ],
  );
});

test('a question with arguments; answers may take their time, and refuse', async () => {
  const data = folder();
  await using ends = new AsyncDisposableStack();
  const claim = await claimDataFolder(data);
  ends.defer(() => claim.release());
  claim.answer({
    add: async ({ a, b }) => (a as number) + (b as number),
    nothing: () => undefined,
    refuse: () => Promise.reject(new GatewayError('no such rule', { remedy: 'did you mean `a`?' })),
  });
  const { pid } = process;
  assert.deepEqual(await ask(data, 'add', { args: { a: 1, b: 2 } }), { ok: true, pid, result: 3 });
  assert.deepEqual(await ask(data, 'nothing'), { ok: true, pid, result: null });
  assert.deepEqual(await ask(data, 'refuse'), {
    ...{ ok: false, pid, refused: true },
    ...{ error: 'no such rule', remedy: 'did you mean `a`?' },
  });
  for (const args of [[1], null as unknown as object])
    assert.match((await ask(data, 'add', { args })).error!, /`args` is not a map/);
});

test('who asks and hangs up at once is answered', async () => {
  const data = folder();
  await using ends = new AsyncDisposableStack();
  const claim = await claimDataFolder(data);
  ends.defer(() => claim.release());
  claim.answer({ slow: () => new Promise((resolve) => setTimeout(resolve, 5, 'done')) });
  const socket = createConnection(join(data, 'headgate.sock'));
  socket.end('{"command":"slow"}\n{"command":"slow"}\n');
  const text = Buffer.concat(await socket.toArray()).toString();
  assert.equal(text.match(/"result":"done"/g)?.length, 2);
});

test('a question without an end is hung up on', async () => {
  const data = folder();
  const claim = await claimDataFolder(data);
  const socket = createConnection(join(data, 'headgate.sock'));
  socket.on('error', () => {});
  socket.write('x'.repeat(100_000));
  await once(socket, 'close');
  await claim.release();
});

test('a second gateway is refused, with the process of the first', async () => {
  const data = folder();
  const claim = await claimDataFolder(data);
  await assert.rejects(claimDataFolder(data), {
    message: `another gateway (process ${process.pid}) is running on the data folder ${data}`,
    remedy: 'stop it first, or give this one its own `data:` in headgate.yaml',
  });
  assert.equal((await ask(data, 'ping')).pid, process.pid);
  await claim.release();
  await (await claimDataFolder(data)).release();
});

test('of many that start together one gets the folder', async () => {
  const data = folder();
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => claimDataFolder(data)));
  const claims = results.filter((result) => result.status === 'fulfilled');
  assert.equal(claims.length, 1);
  for (const result of results) {
    if (result.status === 'rejected') assert.ok(result.reason instanceof GatewayError, String(result.reason));
  }
  await claims[0]!.value.release();
});

test('the socket of a gateway that was killed is replaced', async () => {
  const data = folder();
  const module = join(import.meta.dirname, 'status-socket.ts');
  const script = `const { claimDataFolder } = await import(${JSON.stringify(module)});
    await claimDataFolder(${JSON.stringify(data)}); console.log('claimed'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await assert.rejects(claimDataFolder(data), { message: new RegExp(`\\(process ${child.pid}\\)`) });
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.deepEqual(readdirSync(data), ['headgate.pid', 'headgate.sock']);
  await assert.rejects(ask(data, 'status'), { code: 'ECONNREFUSED' });
  const claim = await claimDataFolder(data);
  assert.equal((await ask(data, 'ping')).pid, process.pid);
  await claim.release();
});

test('a turn that was left by a gateway of a later time, as a clock of 1970 sees it, is not waited for for ever', async () => {
  const data = folder();
  const turn = join(data, 'headgate.sock.turn');
  mkdirSync(turn, { recursive: true });
  writeFileSync(join(data, 'headgate.sock'), 'left');
  const laterS = Date.now() / 1000 + 1_000_000;
  utimesSync(turn, laterS, laterS);
  const claim = await claimDataFolder(data);
  assert.deepEqual([existsSync(turn), (await ask(data, 'ping')).pid], [false, process.pid]);
  await claim.release();
});

test('what stands in the place of the socket is no reason not to start', async () => {
  for (const stand of [
    (path: string) => writeFileSync(path, 'no socket'),
    (path: string) => void mkdirSync(path),
  ]) {
    const data = folder();
    mkdirSync(data, { recursive: true });
    stand(join(data, 'headgate.sock'));
    const claim = await claimDataFolder(data);
    assert.equal((await ask(data, 'ping')).pid, process.pid);
    await claim.release();
  }
});

test('a folder whose path is too long for a socket', { skip: process.platform !== 'linux' }, async () => {
  const data = join(root, 'x'.repeat(100), 'y'.repeat(100));
  const claim = await claimDataFolder(data);
  claim.answer({ status: () => 'fine' });
  assert.ok(existsSync(join(data, 'headgate.sock')));
  assert.equal((await ask(data, 'status')).result, 'fine');
  await assert.rejects(claimDataFolder(data), { message: /another gateway/ });
  await claim.release();
  assert.deepEqual(readdirSync(data), []);
});

test('a data folder that cannot be made', async () => {
  const parent = join(root, 'file');
  writeFileSync(parent, '');
  await assert.rejects(claimDataFolder(join(parent, 'data')), {
    message: /^cannot make the data folder .*file\/data: /,
    remedy: 'give `data:` in headgate.yaml a folder that this user may write to',
  });
});

test('a data folder that may not be written to', { skip: process.getuid?.() === 0 }, async () => {
  const data = folder();
  mkdirSync(data, { recursive: true });
  chmodSync(data, 0o500);
  await assert.rejects(claimDataFolder(data), { message: /cannot make the socket/ });
});

test('a stream goes on until the asker hangs up; who reads slowly misses some and is told how many', async () => {
  const data = folder();
  await using ends = new AsyncDisposableStack();
  const claim = await claimDataFolder(data);
  ends.defer(() => claim.release());
  let send: (line: object) => void = () => {};
  const ended = Promise.withResolvers<void>();
  claim.answer({
    pour: () => (given: (line: object) => void) => {
      send = given;
      return ended.resolve;
    },
  });
  const leaving = new AbortController();
  const lines = follow(data, 'pour', {}, leaving.signal);
  assert.deepEqual((await lines.next()).value, { ok: true, pid: process.pid, result: 'stream' });
  const big = 'x'.repeat(100_000);
  for (let i = 0; i < 1000; i++) send({ i, big });
  let shown = 0;
  let missed = 0;
  while (shown + missed < 1000) {
    const line = (await lines.next()).value as { i: number } | { missed: number };
    if ('missed' in line) missed += line.missed;
    else shown += 1;
  }
  assert.equal(shown + missed, 1000);
  assert.ok(missed > 900, `${missed} missed`);
  const next = lines.next();
  leaving.abort();
  assert.equal((await next).done, true);
  await ended.promise;
});
