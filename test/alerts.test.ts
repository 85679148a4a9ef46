/**
 * Reminders, acknowledgements and silences of a gateway as people use it: its process, a webhook, the command line.
 *
 * Time is not waited for but seen to pass: by reminders that reach the webhook, or by those counted as not told.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AlertsAnswer } from '../src/cli/answers/alerts.ts';
import type { NotifierLine } from '../src/core/status.ts';
import { type Ended, headgateIn } from './peers/command.ts';
import { freePort } from './peers/free-port.ts';
import { type GatewayProcess, makeGateway } from './peers/gateway.ts';
import { mosquittoPub } from './peers/mosquitto.ts';
import { until } from './peers/until.ts';

interface Told {
  readonly id: string;
  readonly state: string;
  readonly severity: string;
  readonly reminder: number;
  readonly message: string;
}

async function startHook() {
  const told: Told[] = [];
  const server = createServer(async (request, response) => {
    told.push(JSON.parse(Buffer.concat(await request.toArray()).toString()));
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { told, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

let gateway: GatewayProcess;
let port: number;
let hook: Awaited<ReturnType<typeof startHook>>;

before(async () => {
  [port, hook] = await Promise.all([freePort(), startHook()]);
  gateway = await makeGateway({
    'headgate.yaml': `batch: 50ms
sources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } } }
notify: { ops: { webhook: { url: "${hook.url}" } } }
`,
    'devices/tank.yaml': `device: tank
source: mqtt
topic: tanks/{tank}
codec: json
fields: { level: {} }
`,
    'rules/tank.yaml': `rules:
  - name: overfull
    from: tank
    forward: false
    alert:
      - { severity: warning, when: level > 5, message: "{tank}: {level}", notify: ops, repeat: 1s }
      - { severity: critical, when: level > 8, message: "{tank}: {level}", notify: ops, repeat: 1s }
`,
  });
  await gateway.start();
});
after(async () => {
  await gateway.remove();
  hook.server.close();
});

async function publish(tank: string, level: number): Promise<void> {
  await mosquittoPub(port, ['-t', `tanks/${tank}`, '-q', '1'], [JSON.stringify({ level })]);
}

const headgate = (...args: string[]): Promise<Ended> => headgateIn(args, { cwd: gateway.folder });

async function answerOf(): Promise<AlertsAnswer> {
  return JSON.parse((await headgate('alerts', '--format', 'json')).stdout) as AlertsAnswer;
}

async function ops(): Promise<NotifierLine> {
  return (await gateway.status()).notifiers.find(({ name }) => name === 'ops')!;
}

const silenced = async (): Promise<number> => (await ops()).silenced;

/** Waits until some reminders were due and not told. */
async function remindersPass(count = 2): Promise<void> {
  const from = await silenced();
  await until(async () => (await silenced()) >= from + count, 'reminders to be due');
}

/** Each thing told once, however often it was delivered; `tank` is the beginning of the message. */
function toldOf(tank: string): Told[] {
  const ofTank = hook.told.filter(({ message }) => message.startsWith(`${tank}:`));
  return [...new Map(ofTank.map((one) => [one.id, one])).values()];
}

test('a reminder comes while it fires; once acknowledged, none does, over kill -9 too', async () => {
  await publish('a', 6);
  await until(() => toldOf('a').some(({ reminder }) => reminder === 2), 'the second reminder');
  assert.deepEqual(
    toldOf('a').map(({ state, reminder }) => [state, reminder]),
    [
      ['firing', 0],
      ['firing', 1],
      ['firing', 2],
    ],
  );
  const { code, stdout } = await headgate('ack', 'overfull', 'tank=a', '--note', 'pump is on');
  assert.match(stdout, /^acknowledged [0-9a-f]{8}: warning overfull tank=a\n$/);
  assert.equal(code, 0);
  await remindersPass();
  const before = toldOf('a').length;
  await remindersPass();
  await gateway.kill();
  await gateway.start();
  await remindersPass();
  assert.equal(toldOf('a').length, before);
  const { firing } = await answerOf();
  assert.equal(firing[0]?.acknowledged?.note, 'pump is on');
  assert.match((await headgate('alerts')).stdout, /acknowledged( by \S+)?: pump is on +a: 6\n/);
});

test('what gets more severe is told all the same, and reminds again; so is its end, and then nothing is kept', async () => {
  const before = toldOf('a').length;
  await publish('a', 9);
  await until(() => toldOf('a').length >= before + 2, 'the change and a reminder');
  const [change, reminder] = toldOf('a').slice(before);
  assert.deepEqual([change?.severity, change?.reminder], ['critical', 0]);
  assert.equal(reminder?.severity, 'critical');
  await publish('a', 1);
  await until(() => toldOf('a').at(-1)?.state === 'ok', 'the end');
  const stored = async (): Promise<string> => readFile(join(gateway.folder, 'data/settings.json'), 'utf8');
  await until(
    async () => JSON.parse(await stored()).acknowledged.length === 0,
    'the acknowledgement to be forgotten',
  );
});

test('a silence holds back, over kill -9 too; what still fires at its end is told then', async () => {
  const { stdout } = await headgate('silence', 'overfull', 'tank=b', '--for', '1h', '--reason', 'washing');
  assert.match(
    stdout,
    /^silenced overfull tank=b for 1h, until \S+ \([0-9a-f]{8}\): none of it fires now\n {2}note: no such key/,
  );
  await publish('b', 6);
  await publish('c', 7);
  await until(() => toldOf('c').length > 0, 'the other one to be told');
  await remindersPass();
  await gateway.kill();
  await gateway.start();
  await publish('b', 9);
  await until(
    async () => (await answerOf()).firing.some(({ severity }) => severity === 'critical'),
    'critical',
  );
  await remindersPass();
  assert.deepEqual(toldOf('b'), []);
  const { firing, silences } = await answerOf();
  assert.deepEqual(
    firing.map(({ key, silencedUntilMs }) => [key.tank, silencedUntilMs === silences[0]!.untilMs]),
    [
      ['b', true],
      ['c', false],
    ],
  );
  const ended = await headgate('silence', '--end', silences[0]!.id.slice(0, 5));
  assert.equal(ended.stdout, `ended silence ${silences[0]!.id} of overfull tank=b\n`);
  await until(() => toldOf('b').length > 0, 'what still fires to be told');
  assert.deepEqual([toldOf('b')[0]!.severity, toldOf('b')[0]!.reminder], ['critical', 0]);
  await publish('b', 1);
  await until(() => toldOf('b').at(-1)?.state === 'ok', 'its end');
});

test('what began and ended in a silence is told to nobody', async () => {
  await headgate('silence', '*', '--for', '1h');
  await publish('d', 9);
  await until(async () => (await answerOf()).firing.some(({ key }) => key.tank === 'd'), 'it to fire');
  await publish('d', 1);
  await publish('c', 1);
  await until(() => toldOf('c').at(-1)?.state === 'ok', 'the end of what was told before');
  await until(async () => (await ops()).pending === 0, 'everything to be looked at');
  assert.deepEqual(toldOf('d'), []);
  const { silences } = await answerOf();
  await headgate('silence', '--end', silences[0]!.id);
});

test('mistakes are told with what would be right, and change nothing', async () => {
  await publish('e', 6);
  await until(() => toldOf('e').length > 0, 'it to fire');
  const cases: [string[], RegExp][] = [
    [
      ['ack', 'overful'],
      /no alert that fires has the id `overful`, and no rule that name\n {2}remedy: did you mean `overfull`\?/,
    ],
    [
      ['ack', 'overfull', 'tan=e'],
      /`tan` is not in the key of rule overfull\n {2}remedy: did you mean `tank`\?/,
    ],
    [
      ['ack', 'overfull', 'tank=z'],
      /no alert of rule overfull with these tags fires now\n {2}remedy: of that rule fire: tank=e/,
    ],
    [['ack', '0'], /no alert that fires has the id `0`/],
    [
      ['silence', 'overful', '--for', '1h'],
      /there is no rule `overful`\n {2}remedy: did you mean `overfull`\?/,
    ],
    [
      ['silence', '*', 'depot=7', '--for', '1h'],
      /`depot` is not in the key of any rule\n {2}remedy: its tags: tank/,
    ],
    [['silence', '--end', 'abcdef'], /there is no silence abcdef\n {2}remedy: there are none/],
  ];
  await Promise.all(
    cases.map(async ([args, words]) => {
      const { code, stdout, stderr } = await headgate(...args);
      assert.match(stderr, words);
      assert.deepEqual([code, stdout], [1, ''], stderr);
    }),
  );
  const { firing, silences } = await answerOf();
  assert.deepEqual([firing.length, firing[0]!.acknowledged, silences.length], [1, undefined, 0]);
});

test('a damaged settings file is set aside, which is said; the version before it is taken', async () => {
  await headgate('silence', 'overfull', '--for', '1h');
  await headgate('silence', '*', '--for', '2h');
  await gateway.kill();
  const path = join(gateway.folder, 'data/settings.json');
  await writeFile(path, (await readFile(path, 'utf8')).slice(0, 100));
  await gateway.start();
  assert.deepEqual(
    (await answerOf()).silences.map(({ rule }) => rule),
    ['overfull'],
  );
  assert.ok(existsSync(`${path}.corrupt`));
  assert.equal(gateway.logLines.filter((line) => line.includes('settings file is damaged')).length, 1);
  assert.equal((await gateway.stop()).code, 0);
});
