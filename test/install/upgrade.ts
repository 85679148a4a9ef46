/**
 * The next version of the package installed over this one while a device publishes: state, edited files and every acknowledged
 * reading are kept. How long the service was away is told, and judged only coarsely: this may be a slow machine.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { until } from '../peers/until.ts';
import { type Installed, installedOn } from './installed.ts';
import { noBoot } from './made.ts';
import { addition, makeNewerPackage } from './newer-package.ts';
import { outcome } from './outcome.ts';

/** On a machine that does nothing else it is less than two seconds. */
const longestAwayMs = 60_000;
const patienceMs = 120_000;

let machine: Installed;
before(async () => {
  if (noBoot !== false) return;
  machine = await installedOn('upgrade');
  makeNewerPackage(join(machine.folder, 'root/newer.deb'), ['headgate.yaml', 'rules/bus-load.yaml']);
  machine.writeSetting(
    'devices/room.yaml',
    'device: room\nsource: mqtt\ntopic: rooms/{room}\ncodec: json\ntime: { path: at, format: unix_ms }\nfields: { t: {} }\n',
  );
  machine.writeSetting('rules/each.yaml', 'rules: [{ name: each, from: room }]\n');
  machine.writeSetting('headgate.yaml', machine.readSetting('headgate.yaml').replace('depot-7', 'mine'));
  machine.restart();
});
after(() => machine?.stop());

test('an upgrade under load keeps state, edited files and what was acknowledged', {
  skip: noBoot,
}, async (t) => {
  const device = startDevice(t);
  await until(() => pointsHeld().length > 200, 'points', patienceMs);
  const pid = machine.show('MainPID');

  machine.run('dpkg', '--force-confdef', '--force-confold', '-i', '/root/newer.deb');
  assert.equal(machine.show('ActiveState'), 'active');
  assert.notEqual(machine.show('MainPID'), pid);
  assert.match(machine.run('dpkg', '-s', 'headgate'), /^Version: 99/m);
  const awayMs = monotonicMs('ActiveEnter') - monotonicMs('ActiveExit');
  const startedMs = monotonicMs('ActiveEnter') - monotonicMs('InactiveExit');

  const { acknowledged, longestSilenceMs } = await device.end();
  t.diagnostic(
    `away for ${Math.round(awayMs)} ms, of which the start took ${Math.round(startedMs)} ms; the device heard nothing for ${longestSilenceMs} ms`,
  );
  assert.ok(awayMs < longestAwayMs, `${awayMs} ms`);

  await until(() => pointsHeld().length >= acknowledged.length, 'all points', patienceMs);
  const ascending = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);
  assert.deepEqual(ascending(pointsHeld()), ascending(acknowledged));
  assert.match(machine.readSetting('headgate.yaml'), /gateway: mine/);
  assert.doesNotMatch(machine.readSetting('headgate.yaml'), new RegExp(addition));
  assert.match(machine.readSetting('headgate.yaml.dpkg-dist'), new RegExp(addition));
  assert.match(machine.readSetting('rules/each.yaml'), /each/);
  assert.match(
    machine.readSetting('rules/bus-load.yaml'),
    new RegExp(addition),
    'what was not edited is new',
  );
});

/** The numbers of the readings in the points that the gateway has given out. */
function pointsHeld(): number[] {
  const folder = join(machine.folder, 'var/lib/headgate/points');
  if (!existsSync(folder)) return [];
  const text = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  return [...text.join('').matchAll(/^each,.* t=(\d+)/gm)].map((match) => Number(match[1]));
}

/** When systemd saw a change of the service last. */
function monotonicMs(change: string): number {
  return Number(machine.show(`${change}TimestampMonotonic`)) / 1000;
}

interface Heard {
  readonly acknowledged: number[];
  readonly longestSilenceMs: number;
}

function startDevice(t: TestContext): { end(): Promise<Heard> } {
  const path = join(import.meta.dirname, 'steady-publisher.ts');
  const flags = ['-t', machine.leader, '-n', process.execPath, path];
  const child = spawn('nsenter', flags, { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  return {
    async end() {
      child.stdin.end();
      return JSON.parse((await outcome(child)).said) as Heard;
    },
  };
}
