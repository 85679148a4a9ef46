/**
 * Secrets stay secret: a gateway that is given one of every kind, and for which nothing works, shows none of them to
 * anybody: not in its log at its most talkative, not in what its commands print, not in its arguments, not in its files.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { headgateIn } from './peers/command.ts';
import { freePort } from './peers/free-port.ts';
import { makeGateway } from './peers/gateway.ts';
import { startInfluxd } from './peers/influxd.ts';
import { mosquittoPub, startMosquitto } from './peers/mosquitto.ts';
import { until } from './peers/until.ts';

const secrets = {
  influx: 'wrong-influx-pass',
  written: 'written-mqtt-pass',
  inUrl: 'url-mqtt-pass',
  fromEnv: 'environment-pass',
  header: 'header-token-value',
  hook: 'hook-basic-pass',
};
type Secret = keyof typeof secrets;

/** As it is, and as it goes over the wire. */
function formsOf(name: Secret): string[] {
  const secret = secrets[name];
  const basic = Buffer.from(`gate:${secret}`).toString('base64');
  return [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64'), basic];
}

function assertNone(text: string, where: string): void {
  for (const name of Object.keys(secrets) as Secret[]) {
    for (const form of formsOf(name)) assert.ok(!text.includes(form), `${name} in ${where}: ${text}`);
  }
}

/** Every file below a folder, sockets too, without following links. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}

/** A receiver that lets nobody in. */
async function startHook() {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += request.headers.authorization === undefined ? 0 : 1;
    request.resume();
    response.writeHead(503, 'Not now').end('no');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}/`, asked: () => asked };
}

test('no secret in logs, answers, arguments or files', async () => {
  const [influxd, mosquitto, hook, port, metricsPort] = await Promise.all([
    startInfluxd({ admin: { username: 'admin', password: 'the right one' } }),
    startMosquitto('allow_anonymous false'),
    startHook(),
    freePort(),
    freePort(),
  ]);
  const address = `127.0.0.1:${mosquitto.port}`;
  const config = `gateway: g
batch: 50ms
sources:
  mqtt: { broker: { listen: [{ port: ${port} }] } }
  written: { mqtt: { url: "mqtt://${address}", username: gate, password: ${secrets.written} } }
  in-url: { mqtt: { url: "mqtt://gate:${secrets.inUrl}@${address}" } }
  from-env: { mqtt: { url: "mqtt://${address}", username: gate, password: "\${HEADGATE_TEST_SECRET}" } }
  nowhere: { mqtt: { url: "mqtts://gate:${secrets.inUrl}@127.0.0.1:9" } }
metrics: { listen: [{ port: ${metricsPort} }] }
forward: { influx: { url: "${influxd.url}", database: fleet, username: gate, password_file: influx.secret } }
notify:
  token: { webhook: { url: "${hook.url}", headers: { Authorization: "Bearer ${secrets.header}" } } }
  basic: { webhook: { url: "${hook.url}", headers: { Authorization: "Basic ${Buffer.from(`gate:${secrets.hook}`).toString('base64')}" } } }
`;
  const gateway = await makeGateway(
    {
      'headgate.yaml': config,
      'influx.secret': `${secrets.influx}\n`,
      'devices/room.yaml':
        'device: room\nsource: mqtt\ntopic: rooms/{room}\ncodec: json\nfields: { t: {} }\n',
      'rules/warm.yaml':
        'rules: [{ name: warm, from: room, alert: [{ when: t > 5, notify: [token, basic] }] }]\n',
    },
    { env: () => ({ HEADGATE_TEST_SECRET: secrets.fromEnv }), args: ['--debug', '--log-level', 'debug'] },
  );
  after(async () => {
    await gateway.remove();
    hook.server.close();
    await Promise.all([influxd.stop(), mosquitto.stop()]);
  });
  const configPath = join(gateway.folder, 'headgate.yaml');
  for (const name of ['headgate.yaml', 'influx.secret']) await chmod(join(gateway.folder, name), 0o600);
  await gateway.start();
  await mosquittoPub(port, ['-t', 'rooms/1', '-q', '1'], ['{"t":7}', '{"t":', 'not json']);
  await until(async () => {
    const { forward, sources, notifiers } = await gateway.status();
    const refused = sources.filter(
      ({ kind, detail }) => kind === 'mqtt' && /refused|not authori/i.test(detail),
    );
    const tried = notifiers.filter(({ state, name }) => name !== 'log' && state === 'down').length;
    return forward.state === 'refused' && refused.length >= 3 && tried === 2 && hook.asked() >= 2;
  }, 'everything to be refused');

  const headgate = async (...args: string[]): Promise<string> => {
    const env = { HEADGATE_TEST_SECRET: secrets.fromEnv };
    const { stdout, stderr } = await headgateIn([...args, '-c', configPath], { cwd: gateway.folder, env });
    return `${stdout}${stderr}`;
  };
  for (const command of [
    ['status'],
    ['status', '--format', 'json'],
    ['status', '--format', 'prometheus'],
    ['devices', '--format', 'json'],
    ['alerts', '--format', 'json'],
    ['explain', 'warm'],
    ['check'],
  ]) {
    const shown = await headgate(...command);
    assert.ok(shown.length > 20, `${command.join(' ')} said: ${shown}`);
    assertNone(shown, command.join(' '));
  }
  const metrics = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
  assertNone(await metrics.text(), 'the metrics');
  const { pid } = await gateway.status();
  assertNone(await readFile(`/proc/${pid}/cmdline`, 'latin1'), 'the arguments of the process');

  // Mistakes beside secrets: the lines that are quoted hold them.
  for (const broken of [
    config.replace('password: ', 'passwrod: '),
    config.replace('mqtt://gate:', 'mqqt://gate:'),
    config.replaceAll('"Bearer', "'Bearer"),
    `${config}\n  - oops: [`,
    config.replace(hook.url, `http://gate:${secrets.hook}@127.0.0.1:1/`),
  ]) {
    await writeFile(configPath, broken);
    const before = gateway.logLines.length;
    process.kill(pid, 'SIGHUP');
    const isRefused = (line: string): boolean => line.includes('the edited files have mistakes');
    await until(() => gateway.logLines.slice(before).some(isRefused), 'the reload to be refused');
    const checked = await headgate('check');
    assert.match(checked, /error/);
    assertNone(checked, 'check of a broken file');
  }
  await writeFile(configPath, config);

  await gateway.stop();
  assertNone(gateway.logLines.join('\n'), 'the log');
  const files = await filesBelow(join(gateway.folder, 'data'));
  assert.ok(files.length > 5, files.join('\n'));
  for (const file of files) {
    const { mode } = await stat(file);
    assert.equal(mode & 0o077, 0, `${file} has mode ${(mode & 0o777).toString(8)}`);
    assertNone(await readFile(file, 'latin1'), file);
  }
});
