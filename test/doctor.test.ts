/** `headgate doctor` before faults that are really there: ports, files, lines, disks and servers as a person finds them. */

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { headgateIn, mainPath } from './peers/command.ts';
import { freePort } from './peers/free-port.ts';
import { type GatewayProcess, makeGateway } from './peers/gateway.ts';
import { type Influxd, startInfluxd } from './peers/influxd.ts';
import { startSerialLine } from './peers/socat.ts';

interface Line {
  readonly check: string;
  readonly state: string;
  readonly subject: string;
  readonly value: string;
  readonly remedy?: string;
}

type Files = Readonly<Record<string, string>>;

const isRoot = process.getuid?.() === 0;
const device = 'device: press\ntopic: press/{name}\ncodec: value\nfields: { n: {} }\n';
const rule = 'rules: [{ name: heat, from: press }]\n';
const folders: string[] = [];
let influxd: Influxd;
let gateway: GatewayProcess;
let port: number;

function folderWith(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-doctor-'));
  folders.push(folder);
  for (const [name, text] of Object.entries({ 'devices/d.yaml': device, 'rules/r.yaml': rule, ...files })) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text, { mode: 0o600 });
  }
  return folder;
}

async function doctorIn(cwd: string): Promise<{ code: number | null; lines: Line[] }> {
  const { code, stdout, stderr } = await headgateIn(['doctor', '--format', 'json'], { cwd });
  assert.equal(stderr, '');
  const lines = JSON.parse(stdout) as Line[];
  for (const line of lines)
    assert.ok(line.state === 'ok' || (line.remedy ?? '') !== '', JSON.stringify(line));
  assert.equal(code, lines.some(({ state }) => state === 'fail') ? 1 : 0);
  return { code, lines };
}

const failed = (lines: readonly Line[]): string[] =>
  lines.filter(({ state }) => state === 'fail').map(({ check, value }) => `${check}: ${value}`);

async function failuresOf(files: Files): Promise<string[]> {
  return failed((await doctorIn(folderWith(files))).lines);
}

before(async () => {
  influxd = await startInfluxd({ admin: { username: 'admin', password: 'right' } });
  await influxd.query('CREATE DATABASE fleet');
  await influxd.query("CREATE USER gateway WITH PASSWORD 'right'");
  await influxd.query('GRANT WRITE ON fleet TO gateway');
  port = await freePort();
  const secrets = folderWith({ influx: 'right\n' });
  gateway = await makeGateway(
    {
      'headgate.yaml': `sources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }], users: users.yaml } } }
forward: { influx: { url: "${influxd.url}", database: fleet, username: gateway, password_file: "\${CREDENTIALS_DIRECTORY}/influx" } }
metrics: { listen: [{ port: ${await freePort()} }] }
`,
      'devices/d.yaml': device,
      'rules/r.yaml': rule,
      'users.yaml': '',
    },
    { env: () => ({ CREDENTIALS_DIRECTORY: secrets }) },
  );
  rmSync(join(gateway.folder, 'users.yaml'));
  const added = ['passwd', 'reader', '--publish', 'press/#', '--file', 'users.yaml'];
  assert.equal((await headgateIn(added, { cwd: gateway.folder, input: 'right\n' })).code, 0);
  await gateway.start();
});
after(async () => {
  await Promise.all([gateway.remove(), influxd.stop()]);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

test('of a gateway that runs all is fine, and variables that only its service has keep nobody from asking', async () => {
  const { lines } = await doctorIn(gateway.folder);
  assert.deepEqual(failed(lines), []);
  const of = (check: string): string[] =>
    lines.filter((line) => line.check === check).map(({ value }) => value);
  assert.match(of('gateway')[0]!, /^process \d+, up /);
  assert.equal(of('listeners').length, 2);
  for (const found of of('listeners')) assert.match(found, /^held by the gateway \(process \d+\)$/);
  assert.deepEqual(of('files'), ['1 device, 1 rule']);
  assert.match(of('influx').join(), /^InfluxDB 1\..*,database fleet takes points/);
  const { code, stderr } = await headgateIn(['status'], { cwd: gateway.folder });
  assert.equal(code, 0, stderr);

  const { stdout } = await headgateIn(['doctor'], { cwd: gateway.folder });
  assert.match(stdout, /^ +check +what +found\nok +versions +headgate +\S+ on Linux/);
  assert.match(stdout, /\n\d+ ok, \d+ to look at, 0 failed\n$/);
});

test('a port that another program has, with its name', async () => {
  const server: Server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: taken } = server.address() as { port: number };
  const failures = await failuresOf({
    'headgate.yaml': `sources: { mqtt: { broker: { listen: [{ port: ${taken}, host: 127.0.0.1 }, { port: 1, host: 203.0.113.9 }], allow_anonymous: true } } }\n`,
  });
  server.close();
  assert.equal(failures.length, 2);
  assert.match(failures[0]!, new RegExp(`^listeners: held by \\S+ \\(process ${process.pid}\\)$`));
  assert.match(failures[1]!, /^listeners: .*203\.0\.113\.9:1: .*EADDRNOTAVAIL/);
});

test('mistakes in the files, with the first place; in headgate.yaml itself nothing else can be looked at', async () => {
  const broken = {
    'headgate.yaml': 'sources: {}\n',
    'rules/r.yaml': 'rules: [{ name: heat, from: pres }]\n',
  };
  assert.match((await failuresOf(broken)).join(), /^files: rules\/r\.yaml:1: .*pres/);
  assert.match(
    (await failuresOf({ 'headgate.yaml': 'batch: x\nlimits: y\n' })).join(),
    /^files: 2 mistakes; headgate\.yaml:1/,
  );
  assert.match(
    (await failuresOf({ 'headgate.yaml': 'sources: {}\n', '.import.json': '{}' })).join(),
    /^files: an import/,
  );
});

test('a serial line that is missing, is none, or has another reader', async () => {
  const line = await startSerialLine();
  const node = openSync(line.path, constants.O_RDWR | constants.O_NOCTTY);
  try {
    const failures = await failuresOf({
      'headgate.yaml': `sources:
  missing: { serial: { path: /dev/nowhere, baud: 9600, framing: line } }
  none: { serial: { path: /etc/hosts, baud: 9600, framing: line } }
  held: { serial: { path: ${line.path}, baud: 9600, framing: line } }
`,
    });
    assert.equal(failures.length, 3);
    assert.deepEqual(failures.slice(0, 2), ['serial: no such device', 'serial: it is no serial line']);
    assert.match(failures[2]!, new RegExp(`\\(process ${process.pid}\\).* has it open`));
  } finally {
    closeSync(node);
    await line.stop();
  }
});

test('servers that are away, do not know us, or do not let us in', async () => {
  const influx = (settings: string): Files => ({
    'headgate.yaml': `sources: {}\nforward: { influx: { url: "${influxd.url}", ${settings} } }\n`,
  });
  const wrong = influx('database: fleet, username: gateway, password: wrong');
  assert.match((await failuresOf(wrong)).join(), /^influx: .*401|^influx: .*auth/i);
  const missing = influx('database: other, username: gateway, password: right');
  assert.match((await failuresOf(missing)).join(), /^influx: .*other/);

  const away = await freePort();
  const failures = await failuresOf({
    'headgate.yaml': `sources:
  away: { mqtt: { url: "mqtt://127.0.0.1:${away}" } }
  refused: { mqtt: { url: "mqtt://127.0.0.1:${port}", username: reader, password: wrong } }
  fine: { mqtt: { url: "mqtt://127.0.0.1:${port}", username: reader, password: right } }
forward: { influx: { url: "http://127.0.0.1:${away}" } }
notify:
  ops: { webhook: { url: "http://127.0.0.1:${away}/hook" } }
  tls: { webhook: { url: "${influxd.url.replace('http:', 'https:')}/hook" } }
  fine: { webhook: { url: "${influxd.url}/hook" } }
`,
  });
  assert.equal(failures.length, 5, failures.join('\n'));
  assert.match(failures[0]!, /^brokers: mqtt:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/);
  assert.match(failures[1]!, /^brokers: .*bad username or password/i);
  assert.match(failures[2]!, /^influx: .*ECONNREFUSED/);
  assert.match(failures[3]!, /^notifiers: .*ECONNREFUSED/);
  assert.match(failures[4]!, /^notifiers: .*: what answers does not speak TLS$/);
});

test('a broker that is asked in the clear and wants TLS, or the other way round', async (t) => {
  // What speaks neither hangs up, as each of them does on the other.
  const server = createServer((socket) => socket.end('x').destroySoon()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { lines } = await doctorIn(
    folderWith({
      'headgate.yaml': `sources: { a: { mqtt: { url: "mqtt://${address}" } }, b: { mqtt: { url: "mqtts://${address}" } } }\n`,
    }),
  );
  const remedies = lines.filter(({ check }) => check === 'brokers').map(({ remedy }) => remedy);
  assert.equal(remedies.length, 2);
  for (const remedy of remedies) assert.match(remedy!, /mqtt:\/\/ .* or mqtts:\/\//);
});

test('a password file that is missing, empty, or that everybody reads', async () => {
  const source = (file: string): string =>
    `mqtt: { url: "mqtt://127.0.0.1:${port}", username: x, password_file: ${file} }`;
  const folder = folderWith({
    'headgate.yaml': `sources: { a: { ${source('missing')} }, b: { ${source('empty')} }, c: { ${source('open')} } }\n`,
    ...{ empty: '', open: 'secret' },
  });
  chmodSync(join(folder, 'open'), 0o644);
  const { lines } = await doctorIn(folder);
  const found = lines.filter(({ check }) => check === 'secrets').map(({ state, value }) => [state, value]);
  assert.deepEqual(found, [
    ['fail', `${join(folder, 'missing')} is missing`],
    ['fail', 'it is empty'],
    ['warn', 'every user of this machine may read it'],
  ]);
});

test('a secret that only the service is given is none that is missing', async () => {
  const folder = folderWith({
    'headgate.yaml':
      'sources: {}\n' +
      `forward: { influx: { url: "http://127.0.0.1:1", username: x, password_file: "\${NOWHERE}/x" } }\n`,
  });
  const { lines } = await doctorIn(folder);
  assert.deepEqual(failed(lines), []);
  const values = lines.map(({ value }) => value).join('\n');
  assert.match(values, /NOWHERE not set here[\s\S]*given by the service[\s\S]*not tried/);
});

const other = 65_534;

test('as another user: a data folder that is not its own', { skip: !isRoot }, async () => {
  const folder = folderWith({ 'headgate.yaml': 'sources: {}\n' });
  mkdirSync(join(folder, 'data'));
  chmodSync(folder, 0o755);
  for (const path of ['headgate.yaml', 'devices', 'devices/d.yaml', 'rules', 'rules/r.yaml'])
    chmodSync(join(folder, path), 0o755);
  const { stdout } = spawnSync(process.execPath, [mainPath, 'doctor', '--format', 'json'], {
    ...{ cwd: folder, uid: other, gid: other, encoding: 'utf8' },
  });
  const failures = failed(JSON.parse(stdout) as Line[]);
  assert.equal(failures.length, 1);
  assert.match(failures[0]!, /^data: \S+ may not write to .*data$/);

  // Seen by root, for the user whose folder it is.
  chownSync(join(folder, 'data'), other, other);
  chmodSync(join(folder, 'data'), 0o500);
  assert.match(failed((await doctorIn(folder)).lines).join(), /^data: \S+ may not write to .*data$/);
});

test('a disk without room, and one that forgets', { skip: !isRoot }, async (t) => {
  const folder = folderWith({ 'headgate.yaml': 'sources: {}\n' });
  mkdirSync(join(folder, 'data'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', join(folder, 'data')], { stdio: 'pipe' });
  } catch {
    return t.skip('nothing can be mounted here');
  }
  try {
    const { lines } = await doctorIn(folder);
    const disk = lines
      .filter(({ check }) => check === 'disk')
      .map(({ state, value }) => `${state}: ${value}`);
    assert.deepEqual(disk[0], 'warn: in memory: all is lost with the power');
    assert.match(disk[1]!, /^fail: 1 MB of 1 MB free$/);
  } finally {
    execFileSync('umount', [join(folder, 'data')]);
  }
});
