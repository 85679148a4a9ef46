/**
 * The walls around the service, and what has to pass them: a serial line, a secret, a log with priorities. On a booted Debian.
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test as anyTest, before } from 'node:test';
import { until } from '../peers/until.ts';
import { type Adapter, describe, nodeOf } from './adapter.ts';
import { type Installed, installedOn, unit } from './installed.ts';
import { noBoot } from './made.ts';

const patienceMs = 120_000;
const secret = 'correct horse battery staple';

let machine: Installed;
before(async () => {
  if (noBoot !== false) return;
  machine = await installedOn('unit');
  startLine();
  startListener();
  const shipped = machine.readSetting('headgate.yaml');
  machine.writeSetting(
    'headgate.yaml',
    shipped.replace('/dev/serial/by-id/usb-probe', '/dev/line') + forward,
  );
  // Root's alone: the service reads it by no other way than a credential.
  writeFileSync(join(machine.folder, 'etc/headgate/influx.secret'), secret, { mode: 0o600 });
  machine.writeDropIn('secret.conf', '[Service]\nLoadCredential=influx:/etc/headgate/influx.secret\n');
  machine.restart();
});
after(() => machine?.stop());

const forward = `
forward:
  influx: { url: "http://127.0.0.1:8086", username: gate, password_file: "\${CREDENTIALS_DIRECTORY}/influx", timeout: 1s }
`;

/** A line that says a number five times a second, as a node of the group that serial lines belong to. */
function startLine(): void {
  const node = 'pty,raw,echo=0,link=/dev/line,mode=0660,group=dialout';
  machine.run(...['systemd-run', '--unit=line', 'socat', node, 'SYSTEM:while echo 21.5; do sleep 0.2; done']);
}

/** Stands where an InfluxDB should, and writes down what it is told. */
function startListener(): void {
  const to = ['TCP-LISTEN:8086,reuseaddr,fork', 'OPEN:/root/heard,creat,append'];
  machine.run('systemd-run', '--unit=influx', 'socat', '-u', ...to);
}

const test = (name: string, body: () => void | Promise<void>): void =>
  void anyTest(name, { skip: noBoot }, body);

test('a serial line that belongs to the group dialout is read', async () => {
  assert.match(machine.run('stat', '-L', '-c', '%U:%G %a', '/dev/line'), /^root:dialout 660$/m);
  await machine.until(/^ *probe .*[1-9]/m, 'headgate', 'devices');
});

test('a secret comes as a credential, from a file that only root can read', async () => {
  assert.throws(() => machine.run('runuser', '-u', 'headgate', '--', 'cat', '/etc/headgate/influx.secret'));
  const heard = join(machine.folder, 'root/heard');
  const expected = Buffer.from(`gate:${secret}`).toString('base64');
  await until(
    () => existsSync(heard) && readFileSync(heard, 'latin1').includes(expected),
    'a request with the password',
    patienceMs,
  );
});

test('a stop is told to the service manager, and in order', () => {
  machine.restart();
  const log = machine.run('journalctl', '-u', unit, '-o', 'cat', '--no-pager');
  assert.match(log, /"stopped"/);
  assert.doesNotMatch(log, /cannot be told/);
});

test('the log has priorities: what went wrong is found without the rest', async () => {
  const journal = (...flags: string[]): string =>
    machine.tryRun('journalctl', '-u', unit, '-o', 'cat', '--no-pager', '-t', 'headgate', ...flags);
  machine.writeSetting('rules/wrong.yaml', 'rules: [{ name: wrong, from: nobody }]\n');
  machine.run('systemctl', 'reload', unit);
  await machine.until(/nobody/, 'journalctl', '-u', unit, '-p', 'warning', '-o', 'cat', '--no-pager');
  assert.match(journal('-p', 'info'), /is running/);
  assert.doesNotMatch(journal('-p', 'warning'), /is running/);
});

test('memory, processors, processes and log have limits', () => {
  const shown = machine.run('systemctl', 'show', unit);
  for (const property of ['MemoryMax', 'MemoryHigh', 'TasksMax', 'CPUQuotaPerSecUSec', 'LogRateLimitBurst'])
    assert.doesNotMatch(shown, new RegExp(`^${property}=(infinity|0|)$`, 'm'), property);
});

test('the example keeps the log of the machine small', async () => {
  const example = '/usr/share/doc/headgate/examples/journald-small.conf';
  machine.run('install', '-D', '-t', '/etc/systemd/journald.conf.d', example);
  machine.run('systemctl', 'restart', 'systemd-journald');
  await machine.until(
    / max (64|16)(\.0)?M,/,
    'journalctl',
    '-u',
    'systemd-journald',
    '-o',
    'cat',
    '--no-pager',
  );
});

const adapters: readonly (readonly [string, Adapter])[] = [
  ['ftdi-A50285BI', { vendor: '0403', product: '6001', serial: 'A50285BI', port: '00' }],
  ['ftdi-A50285BI-if01', { vendor: '0403', product: '6011', serial: 'A50285BI', port: '01' }],
  ['cp210x-0001', { vendor: '10c4', product: 'ea60', serial: '0001', port: '00' }],
  ['ch34x-pci-0000_00_14_0-usb-0_3_1_0', { vendor: '1a86', product: '7523', port: '00' }],
  ['', { vendor: '046d', product: 'c52b', serial: '1', port: '00' }],
];
for (const [name, adapter] of adapters)
  test(`udev names an adapter ${name === '' ? 'of another kind not at all' : name}`, () => {
    writeFileSync(join(machine.folder, 'root/adapter'), describe(adapter));
    const flags = ['umockdev-run', '-d', '/root/adapter', '--', 'udevadm', 'test', nodeOf(adapter)];
    const said = machine.run('sh', '-c', `${flags.join(' ')} 2>&1`);
    const names = [...said.matchAll(/^DEVLINKS=(.*)/gm)].flatMap((match) => match[1]!.split(' '));
    const ours = names.filter((path) => path.startsWith('/dev/headgate/'));
    assert.deepEqual(ours, name === '' ? [] : [`/dev/headgate/${name}`], said);
    assert.doesNotMatch(said, /65-headgate-serial\.rules:\d+ [^A-Z]/, 'rules that cannot be read');
  });
