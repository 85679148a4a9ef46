/** A running gateway looked into by the command line, as a newcomer does it: explain, devices, tap. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DeviceDetails } from '../src/core/device-details.ts';
import type { ExplainedRule } from '../src/core/explained.ts';
import { type Ended, headgateIn, mainPath } from './peers/command.ts';
import { freePort } from './peers/free-port.ts';
import { type GatewayProcess, makeGateway } from './peers/gateway.ts';
import { mosquittoPub } from './peers/mosquitto.ts';
import { until } from './peers/until.ts';

let gateway: GatewayProcess;
let port: number;
const taps: ChildProcess[] = [];

const rules = (limit: number): string => `rules:
  - name: warm
    from: room
    where: t > -40
    alert: [{ when: t > ${limit} && door == "open", severity: critical }]
`;

before(async () => {
  port = await freePort();
  gateway = await makeGateway({
    'headgate.yaml': `batch: 50ms
sources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } } }
`,
    'devices/room.yaml': `device: room
topic: rooms/{room}
codec: json
fields: { t: {}, door: { type: string } }
`,
    'rules/warm.yaml': rules(5),
  });
  await gateway.start();
});

after(async () => {
  for (const tap of taps) tap.kill('SIGKILL');
  await gateway.remove();
});

const headgate = (...args: string[]): Promise<Ended> => headgateIn(args, { cwd: gateway.folder });
const publish = (topic: string, ...lines: string[]): Promise<void> =>
  mosquittoPub(port, ['-t', topic, '-q', '1'], lines);
const room = (t: number): string => JSON.stringify({ t, door: 'open' });

async function processed(readings: number): Promise<void> {
  await until(async () => (await gateway.status()).fates.readings >= readings, `${readings} readings`);
}

test('explain says what a condition made of the last reading, and knows mistyped names', async () => {
  await publish('rooms/1', room(6), room(7));
  await publish('rooms/2', room(3));
  await processed(3);
  const { stdout, code } = await headgate('explain', 'warm', '1');
  assert.equal(code, 0);
  assert.match(stdout, /^warm {2}room=1\n/);
  assert.match(stdout, /critical {2}firing since /);
  assert.match(stdout, /\n {6}t 7 > 5: true\n {6}door "open" == "open": true\n/);
  const json = await headgate('explain', 'warm', 'room=2', '--format', 'json');
  const { key } = JSON.parse(json.stdout) as ExplainedRule;
  assert.deepEqual(
    key!.alerts[0]!.when.parts.map(({ holds }) => holds),
    [false, true],
  );
  const table = await headgate('explain', 'warm');
  assert.match(table.stdout, /room=1 +firing critical/);
  for (const [args, told] of [
    [['wram'], /there is no rule `wram`\n {2}remedy: did you mean `warm`\?/],
    [['warm', 'attic'], /rule warm has seen no key with attic\n {2}remedy: values of room: 1, 2/],
    [['warm', 'rom=1'], /`rom` is not in the key of rule warm\n {2}remedy: did you mean `room`\?/],
  ] as const) {
    const wrong = await headgate('explain', ...args);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, told);
  }
});

test('devices says why values were set aside, and which topics nobody wants', async () => {
  await publish('room/1', room(6));
  await publish('rooms/1', 'nonsense');
  await until(async () => (await gateway.status()).fates.setAside >= 1, 'set aside');
  const { stdout, code } = await headgate('devices');
  assert.equal(code, 0);
  assert.match(stdout, /\n {2}set aside: malformed 1\n/);
  assert.match(stdout, /room\/1 +mqtt +1 .* device room wants rooms\/\{room\}: `rooms`, not `room`/);
  const json = JSON.parse((await headgate('devices', '--format', 'json')).stdout) as DeviceDetails;
  assert.deepEqual([json.devices[0]!.reasons, json.unrouted], [{ malformed: 1 }, 1]);
  assert.match((await headgate('status')).stdout, /malformed 1/);
});

interface RunningTap {
  readonly child: ChildProcess;
  readonly lines: () => string[];
}

/** Shows what passes; publishes until something does. */
async function tap(...args: string[]): Promise<RunningTap> {
  const child = spawn(process.execPath, [mainPath, 'tap', ...args], {
    cwd: gateway.folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  taps.push(child);
  let text = '';
  child.stdout!.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  const lines = (): string[] => text.split('\n').slice(0, -1);
  let t = 0;
  await until(async () => {
    await publish('rooms/1', room(t++));
    return lines().length > 0;
  }, 'the tap shows something');
  return { child, lines };
}

test('tap shows readings as they pass, through an edit of the rules, until Ctrl-C', async () => {
  const { child, lines } = await tap('readings', 'room=1');
  assert.match(lines()[0]!, /^\d{4}-\d\d-\d\dT[\d:.]+Z room room=1 t=\d+ door="open"$/);
  await writeFile(join(gateway.folder, 'rules/warm.yaml'), rules(100));
  await until(() => gateway.logLines.some((line) => line.includes('took over')), 'the reload');
  await publish('rooms/2', room(1));
  await publish('rooms/1', room(555));
  await until(() => lines().some((line) => line.includes('t=555')), 'a reading after the reload');
  assert.ok(!lines().some((line) => line.includes('room=2')));
  child.kill('SIGINT');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('tap ends after so many, and quietly when nobody reads any more', async () => {
  const { child } = await tap('frames', '--count', '1');
  if (child.exitCode === null) await once(child, 'exit');
  assert.equal(child.exitCode, 0);
  const left = await tap('points', '--format', 'json');
  assert.equal(JSON.parse(left.lines()[0]!).point.measurement, 'warm');
  left.child.stdout!.destroy();
  const exit = once(left.child, 'exit');
  let isGone = false;
  void exit.then(() => {
    isGone = true;
  });
  await until(async () => {
    await publish('rooms/1', room(1));
    return isGone;
  }, 'the tap notices');
  assert.deepEqual(await exit, [0, null]);
});

test('tap refuses what there is not', async () => {
  for (const [args, told] of [
    [['readings', '--device', 'rom'], /there is no device `rom`\n {2}remedy: did you mean `room`\?/],
    [['readings', 'rom=1'], /no readings have a tag `rom`\n {2}remedy: did you mean `room`\?/],
    [['frames', 'room=1'], /frames have no tags/],
  ] as const) {
    const { code, stderr } = await headgate('tap', ...args);
    assert.equal(code, 1);
    assert.match(stderr, told);
  }
  assert.equal((await headgate('tap', 'redings')).code, 2);
});

test('nobody there: as status says', async () => {
  await gateway.stop();
  for (const command of [['explain', 'warm'], ['devices'], ['tap']]) {
    const { code, stderr } = await headgate(...command);
    assert.equal(code, 1);
    assert.match(stderr, /no gateway is running on /);
  }
});
