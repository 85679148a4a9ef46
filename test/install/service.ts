/**
 * The package on a booted Debian, as an operator meets it: installed, fed, edited, killed, hung, removed, purged; each looked at
 * with systemctl, journalctl and in the data.
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, test as anyTest, before } from 'node:test';
import { type Installed, installedOn, unit } from './installed.ts';
import { noBoot } from './made.ts';

let machine: Installed;
before(async () => {
  if (noBoot === false) machine = await installedOn('service');
});
after(() => machine?.stop());

const test = (name: string, body: () => void | Promise<void>): void =>
  void anyTest(name, { skip: noBoot }, body);

test('installing starts the service, as a user of its own', async () => {
  assert.equal(machine.show('ActiveState'), 'active');
  assert.equal(machine.show('User'), 'headgate');
  assert.equal(machine.show('StatusText'), 'running');
  assert.match(machine.run('id', 'headgate'), /dialout/);
  await machine.untilLogged('is running');
  const exposure = /exposure level for headgate.service: ([\d.]+)/;
  const [, level] = exposure.exec(machine.run('systemd-analyze', 'security', unit, '--no-pager'))!;
  assert.ok(Number(level) <= 1.5, level);
});

test('an edited rule takes over on reload, and readings are judged by it', async () => {
  machine.writeSetting(
    'devices/room.yaml',
    'device: room\nsource: mqtt\ntopic: rooms/{room}\ncodec: json\nfields: { t: {} }\n',
  );
  machine.writeSetting('rules/warm.yaml', 'rules: [{ name: warm, from: room, alert: [{ when: t > 5 }] }]\n');
  machine.run('systemctl', 'reload', unit);
  await machine.untilLogged('took over');
  machine.publish(7);
  await machine.until(/warm {2}room=1/, 'headgate', 'alerts');
});

test('killed, it is started again with its state', async () => {
  const restarts = Number(machine.show('NRestarts'));
  const frames = machine.framesNow();
  machine.run('systemctl', 'kill', '--kill-whom=main', '-s', 'KILL', unit);
  const another = new RegExp(`^${restarts + 1}$`, 'm');
  await machine.until(another, 'systemctl', 'show', unit, '-p', 'NRestarts', '--value');
  await machine.until(/^active$/m, 'systemctl', 'is-active', unit);
  await machine.until(/warm {2}room=1/, 'headgate', 'alerts');
  assert.ok(machine.framesNow() >= frames);
});

test('stopped dead, the watchdog starts it again', async () => {
  machine.writeDropIn('watchdog.conf', '[Service]\nWatchdogSec=10\n');
  machine.restart();
  const pid = machine.show('MainPID');
  machine.run('systemctl', 'kill', '--kill-whom=main', '-s', 'STOP', unit);
  await machine.untilLogged('[Ww]atchdog timeout');
  await machine.until(/^active$/m, 'systemctl', 'is-active', unit);
  assert.notEqual(machine.show('MainPID'), pid);
});

test('an upgrade leaves a disabled service as it is, and needs no file that the user removed', () => {
  machine.run('systemctl', 'disable', '--now', unit);
  rmSync(join(machine.folder, 'etc/headgate/headgate.yaml'));
  machine.run('dpkg', '-i', '/root/headgate.deb');
  assert.equal(machine.tryRun('systemctl', 'is-enabled', unit).trim(), 'disabled');
  assert.equal(machine.show('ActiveState'), 'inactive');
});

test('removing keeps the data, purging deletes it', () => {
  const data = join(machine.folder, 'var/lib/headgate');
  machine.run('dpkg', '-r', 'headgate');
  assert.notEqual(machine.show('ActiveState'), 'active');
  assert.ok(statSync(join(data, 'journal')).isDirectory());
  assert.match(readFileSync(join(machine.folder, 'etc/headgate/rules/warm.yaml'), 'utf8'), /warm/);
  machine.run('dpkg', '-P', 'headgate');
  assert.ok(!existsSync(data));
  assert.ok(!existsSync(join(machine.folder, 'etc/headgate')));
});
