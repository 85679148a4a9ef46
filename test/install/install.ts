/**
 * `npm run test:install`: the package on a booted Debian, as an operator meets it: installed, fed, edited, killed, hung,
 * upgraded, removed, purged; each looked at with systemctl, journalctl and in the data. As root, with debootstrap and
 * systemd-container installed.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type BootedRoot, boot } from './booted-root.ts';

const root = join(import.meta.dirname, '../..');
const unit = 'headgate.service';
let machine: BootedRoot;
let deb: string;

before(async () => {
  execFileSync('npm', ['run', '-s', 'deb', '--', 'amd64'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, HEADGATE_DEB_COMPRESSION: 'gzip' },
  });
  [deb = ''] = globSync(join(root, 'dist/deb/headgate_*_amd64.deb'));
  machine = await boot();
  copyFileSync(deb, join(machine.folder, 'root/headgate.deb'));
});
after(() => machine?.stop());

const show = (property: string): string =>
  machine.run('systemctl', 'show', unit, '-p', property, '--value').trim();
const headgate = (...args: string[]): string => machine.run('headgate', ...args);
const publish = (load: number): string =>
  machine.run(
    ...['mosquitto_pub', '-h', '127.0.0.1', '-q', '1', '-t', 'rooms/1', '-m', JSON.stringify({ t: load })],
  );
const framesNow = (): number =>
  (JSON.parse(headgate('status', '--format', 'json')) as { fates: { frames: number } }).fates.frames;

test('lintian finds no error', () => {
  const found = execFileSync('sh', ['-c', `lintian --fail-on none ${deb} 2>/dev/null`], { encoding: 'utf8' });
  assert.doesNotMatch(found, /^E:/m);
});

test('installing starts the service, as a user of its own', async () => {
  machine.run('dpkg', '-i', '/root/headgate.deb');
  assert.equal(show('ActiveState'), 'active');
  assert.equal(show('User'), 'headgate');
  assert.equal(show('StatusText'), 'running');
  assert.match(machine.run('id', 'headgate'), /dialout/);
  assert.match(machine.run('journalctl', '-u', unit, '-o', 'cat', '--no-pager'), /is running/);
  const exposure = /exposure level for headgate.service: ([\d.]+)/;
  const [, level] = exposure.exec(machine.run('systemd-analyze', 'security', unit, '--no-pager'))!;
  assert.ok(Number(level) <= 1.5, level);
});

test('an edited rule takes over on reload, and readings are judged by it', async () => {
  const etc = join(machine.folder, 'etc/headgate');
  writeFileSync(
    join(etc, 'devices/room.yaml'),
    'device: room\nsource: mqtt\ntopic: rooms/{room}\ncodec: json\nfields: { t: {} }\n',
  );
  writeFileSync(
    join(etc, 'rules/warm.yaml'),
    'rules: [{ name: warm, from: room, alert: [{ when: t > 5 }] }]\n',
  );
  machine.run('systemctl', 'reload', unit);
  await machine.until(
    /"devices":|took over/,
    'journalctl',
    '-u',
    unit,
    '-o',
    'cat',
    '--no-pager',
    '-g',
    'took over',
  );
  publish(7);
  await machine.until(/warm {2}room=1/, 'headgate', 'alerts');
});

test('killed, it is started again with its state', async () => {
  const before = show('NRestarts');
  const frames = framesNow();
  machine.run('systemctl', 'kill', '-s', 'KILL', unit);
  await machine.until(
    new RegExp(`^${Number(before) + 1}$`, 'm'),
    'systemctl',
    'show',
    unit,
    '-p',
    'NRestarts',
    '--value',
  );
  await machine.until(/^active$/m, 'systemctl', 'is-active', unit);
  await machine.until(/warm {2}room=1/, 'headgate', 'alerts');
  assert.ok(framesNow() >= frames);
});

test('stopped dead, the watchdog starts it again', async () => {
  const dropIn = join(machine.folder, 'etc/systemd/system/headgate.service.d');
  machine.run('mkdir', '-p', '/etc/systemd/system/headgate.service.d');
  writeFileSync(join(dropIn, 'watchdog.conf'), '[Service]\nWatchdogSec=6\n');
  machine.run('systemctl', 'daemon-reload');
  machine.run('systemctl', 'restart', unit);
  const pid = show('MainPID');
  machine.run('systemctl', 'kill', '-s', 'STOP', unit);
  await machine.until(
    /watchdog/i,
    'journalctl',
    '-u',
    unit,
    '--no-pager',
    '-o',
    'cat',
    '-g',
    '[Ww]atchdog timeout',
  );
  await machine.until(/^active$/m, 'systemctl', 'is-active', unit);
  assert.notEqual(show('MainPID'), pid);
});

test('an upgrade keeps state and edited rules, and loses nothing acknowledged', async () => {
  const frames = framesNow();
  publish(8);
  machine.run('dpkg', '-i', '/root/headgate.deb');
  assert.equal(show('ActiveState'), 'active');
  assert.ok(existsSync(join(machine.folder, 'etc/headgate/rules/warm.yaml')));
  await machine.until(/warm {2}room=1/, 'headgate', 'alerts');
  assert.equal(framesNow(), frames + 1);
});

test('removing keeps the data, purging deletes it', () => {
  const data = join(machine.folder, 'var/lib/headgate');
  machine.run('dpkg', '-r', 'headgate');
  assert.notEqual(show('ActiveState'), 'active');
  assert.ok(statSync(join(data, 'journal')).isDirectory());
  assert.match(readFileSync(join(machine.folder, 'etc/headgate/rules/warm.yaml'), 'utf8'), /warm/);
  machine.run('dpkg', '-P', 'headgate');
  assert.ok(!existsSync(data));
  assert.ok(!existsSync(join(machine.folder, 'etc/headgate')));
});
