/** Edits of a running gateway's files: taken over between two batches, or, when broken, told and left alone. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { headgateIn } from './peers/command.ts';
import { freePort } from './peers/free-port.ts';
import { type GatewayProcess, makeGateway } from './peers/gateway.ts';
import { mosquittoPub } from './peers/mosquitto.ts';
import { until } from './peers/until.ts';

const device = `device: tank
source: mqtt
topic: tanks/{tank}
codec: json
time: { path: at, format: unix_s }
fields: { level: {} }
`;

const rules = (threshold: number, length: string): string => `rules:
  - name: kept
    from: tank
    window: { tumbling: 1h }
    compute: { n: count(), most: max(level) }
    alert: [{ when: most > ${threshold}, message: "over ${threshold}" }]
  - name: edited
    from: tank
    window: { tumbling: ${length} }
    compute: { n: count() }
`;

let gateway: GatewayProcess;
let port: number;

before(async () => {
  port = await freePort();
  gateway = await makeGateway({
    'headgate.yaml': `batch: 50ms\nsources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } } }\n`,
    'devices/tank.yaml': device,
    'rules/tank.yaml': rules(10, '1h'),
  });
  await gateway.start();
});
after(() => gateway.remove());

const startS = 1_700_000_000 - (1_700_000_000 % 3600);

async function publish(second: number, level: number): Promise<void> {
  await mosquittoPub(port, ['-t', 'tanks/a', '-q', '1'], [JSON.stringify({ at: startS + second, level })]);
}

const edit = (text: string): Promise<void> => writeFile(join(gateway.folder, 'rules/tank.yaml'), text);

async function filesState(state: string, detail: RegExp): Promise<void> {
  await until(async () => {
    const { files } = await gateway.status();
    return files?.state === state && detail.test(files.detail);
  }, `files to be ${state}`);
}

const logged = (text: string): number => gateway.logLines.filter((line) => line.includes(text)).length;

test('a broken edit is told with its place; the last good version runs on', async () => {
  await publish(1, 5);
  await edit(rules(10, '1h').replace('max(level)', 'max(levle)'));
  await filesState('broken', /tank\.yaml:5:\d+ unknown field `levle`/);
  const { stdout } = await headgateIn(['status', '--format', 'prometheus'], { cwd: gateway.folder });
  assert.match(stdout, /^headgate_last_reload_successful 0$/m);
  await publish(2, 7);
  await until(async () => (await gateway.status()).rules[0]!.readings === 2, 'the rule to go on');
});

test('a good edit takes over; a rule edited in its threshold keeps its window, one in its window begins anew', async () => {
  const before = logged('took over');
  await edit(rules(3, '30m'));
  await until(() => logged('took over') > before, 'the edit to take over');
  await filesState('current', /^$/);
  assert.match(gateway.logLines.findLast((line) => line.includes('took over'))!, /"reset":\["edited"\]/);
  await publish(3, 1);
  await publish(3600 + 60, 0);
  await until(() => logged('over 3') > 0, 'the alert of the new threshold');
  const { alerts, rules: lines } = await gateway.status();
  assert.equal(alerts[0]!.message, 'over 3');
  assert.equal(lines[0]!.readings, 4);
});

test('what needs a restart is told', async () => {
  const path = join(gateway.folder, 'headgate.yaml');
  await writeFile(
    path,
    `batch: 100ms\nsources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } } }\n`,
  );
  await filesState('restart needed', /headgate\.yaml needs a restart/);
  const { code } = await gateway.stop();
  assert.equal(code, 0);
});
