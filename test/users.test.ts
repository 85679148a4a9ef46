/** Users of the broker of a whole gateway: written by `headgate passwd`, taken over while it runs. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { headgateIn, mainPath } from './peers/command.ts';
import { freePort } from './peers/free-port.ts';
import { type GatewayProcess, makeGateway } from './peers/gateway.ts';
import { mosquittoPub, mosquittoSub } from './peers/mosquitto.ts';
import { until } from './peers/until.ts';

let gateway: GatewayProcess;
let port: number;
let users: string;

before(async () => {
  port = await freePort();
  const broker = `{ listen: [{ port: ${port} }], users: ./users.yaml }`;
  gateway = await makeGateway({
    'headgate.yaml': `batch: 50ms\nsources: { mqtt: { broker: ${broker} } }\n`,
    'devices/tank.yaml':
      'device: tank\nsource: mqtt\ntopic: tanks/{tank}\ncodec: json\nfields: { level: {} }\n',
  });
  users = join(gateway.folder, 'users.yaml');
});
after(() => gateway.remove());

const passwd = (input: string, ...args: string[]) =>
  headgateIn(['passwd', ...args], { cwd: gateway.folder, input });

async function publish(user: string, password: string, topic: string): Promise<void> {
  await mosquittoPub(port, ['-u', user, '-P', password, '-t', topic, '-q', '1'], ['{"level": 1}']);
}
const readings = async (): Promise<number> => (await gateway.status()).fates.readings;
const reloads = (): number => gateway.logLines.filter((line) => /took over|have mistakes/.test(line)).length;

/** Edits, and waits until the gateway has taken it over or has refused it. */
async function edit(change: () => Promise<unknown>): Promise<void> {
  await change();
  const before = reloads();
  const { pid } = await gateway.status();
  // One load may have begun before the edit; the second began after it.
  for (let loads = 1; loads <= 2; loads++) {
    process.kill(pid, 'SIGHUP');
    await until(() => reloads() >= before + loads, 'the edit to be seen', 30_000);
  }
}

test('without the file the gateway does not start, and says what to do', async () => {
  await assert.rejects(gateway.start(), /there is no users file .*users\.yaml/);
  const { code, stdout } = await headgateIn(['check'], { cwd: gateway.folder });
  assert.equal(code, 1);
  assert.match(stdout, /headgate\.yaml:2:\d+ error: there is no users file/);
  assert.match(stdout, /remedy: make it with `headgate passwd NAME`/);
});

test('passwd makes the file, for its owner only; the user gets in', async () => {
  const made = await passwd('s3cret\n', 'fleet', '--publish', 'tanks/#');
  assert.deepEqual(made, { code: 0, stdout: 'fleet added to users.yaml\n', stderr: '' });
  assert.equal((await stat(users)).mode & 0o777, 0o600);
  assert.ok(!(await readFile(users, 'utf8')).includes('s3cret'));
  await gateway.start();
  await publish('fleet', 's3cret', 'tanks/a');
  await until(async () => (await readings()) === 1, 'the reading');
  await assert.rejects(publish('fleet', 'wrong', 'tanks/a'), /not authori[sz]ed|bad user/i);
});

test('a new user and a new password take over; who has neither stays connected', async (t) => {
  // Seen without being told: a user's edit needs no signal.
  const before = reloads();
  await passwd('desk', 'desk', '--subscribe', 'tanks/#');
  await until(() => reloads() > before, 'the edit to be seen', 30_000);
  const desk = await mosquittoSub(port, ['-u', 'desk', '-P', 'desk', '-t', 'tanks/#']);
  t.after(() => desk.stop());
  const comment = '# kept by hand\n';
  await edit(async () => {
    await writeFile(users, comment + (await readFile(users, 'utf8')));
    await passwd('other', 'fleet');
  });
  assert.ok((await readFile(users, 'utf8')).startsWith(comment));
  await assert.rejects(publish('fleet', 's3cret', 'tanks/a'));
  await publish('fleet', 'other', 'tanks/a');
  await until(() => desk.lines.length === 1, 'the message, on the connection of before');
});

test('a broken file leaves the last good one running, and is told with its place', async () => {
  const good = await readFile(users, 'utf8');
  await edit(() => writeFile(users, good.replace('publish:', 'publihs:')));
  const { files } = await gateway.status();
  assert.equal(files!.state, 'broken');
  assert.match(files!.detail, /users\.yaml:\d+:\d+ unknown key `publihs`/);
  await publish('fleet', 'other', 'tanks/a');
  await edit(() => truncate(users));
  assert.match((await gateway.status()).files!.detail, /users\.yaml:1:1 `users` is missing/);
  await publish('fleet', 'other', 'tanks/a');
  await edit(() => writeFile(users, good));
  assert.equal((await gateway.status()).files!.state, 'current');
});

test('an edit is seen also when the file is as large and as old as before', async () => {
  const good = await readFile(users, 'utf8');
  const seen = async (change: () => Promise<unknown>): Promise<void> => {
    const before = reloads();
    await change();
    await utimes(users, 1_700_000_000, 1_700_000_000);
    await until(() => reloads() > before, 'the edit to be seen', 30_000);
  };
  await seen(() => writeFile(users, good));
  await seen(() => writeFile(users, good.replace('publish:', 'publihs:')));
  assert.equal((await gateway.status()).files!.state, 'broken');
  await seen(() => writeFile(users, good));
  assert.equal((await gateway.status()).files!.state, 'current');
});

test('a deleted user is refused; nobody can publish what is not permitted', async () => {
  const before = await readings();
  await edit(() => passwd('', 'desk', '--delete'));
  await assert.rejects(publish('desk', 'desk', 'tanks/a'));
  await publish('fleet', 'other', 'elsewhere/a');
  const { counters } = (await gateway.status()).sources[0]!;
  assert.equal(counters.publishesDenied, 1);
  assert.ok(counters.loginsRefused! >= 3);
  assert.equal(await readings(), before);
});

test('a file that everybody may read is warned of', async () => {
  await chmod(users, 0o644);
  const { code, stdout } = await headgateIn(['check'], { cwd: gateway.folder });
  assert.equal(code, 0);
  assert.match(stdout, /warning: this file may be read by every user of this machine/);
  await passwd('other', 'fleet');
  assert.equal((await stat(users)).mode & 0o777, 0o640);
});

/** Runs it on a terminal of its own, and types each answer when it is asked for. */
async function onTerminal(...answers: string[]): Promise<{ code: number | null; shown: string }> {
  const command = `${process.execPath} ${mainPath} passwd typed --subscribe x`;
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: gateway.folder });
  let shown = '';
  child.stdout.on('data', (part: Buffer) => (shown += part.toString()));
  for (const [i, answer] of answers.entries()) {
    const prompt = ['Password of typed: ', 'The same again: '][i]!;
    await until(() => shown.endsWith(prompt), prompt);
    child.stdin.write(answer);
  }
  const [code] = await once(child, 'close');
  return { code, shown };
}

test('on a terminal it asks twice and shows nothing of what is typed', async () => {
  const first = await onTerminal('hidden\r', 'hiddem\r');
  assert.equal(first.code, 1, first.shown);
  assert.match(first.shown, /the two passwords are not the same/);
  const second = await onTerminal('wrong\x15hiddenö\x7f\r', 'hidden\r');
  assert.equal(second.code, 0, second.shown);
  assert.match(second.shown, /typed added/);
  for (const { shown } of [first, second]) assert.doesNotMatch(shown, /hid|wrong/);
  const third = await onTerminal('x\x03');
  assert.match(third.shown, /given up/);
});
