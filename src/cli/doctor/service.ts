/** The systemd unit, on a machine that has one. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Check, type Found, fail, ok, warn } from './check.ts';

const unit = 'headgate.service';
const properties = [
  'LoadState',
  'ActiveState',
  'SubState',
  'UnitFileState',
  'NRestarts',
  'Result',
  'WatchdogUSec',
];

export const service: Check = async ({ signal }) => {
  if (!existsSync('/run/systemd/system')) return [ok(unit, 'no systemd here')];
  const shown = await show(signal);
  if (shown.LoadState !== 'loaded') return [ok(unit, 'not installed')];
  return [stateOf(shown), ...restartsOf(shown), ...startOf(shown)];
};

type Shown = Readonly<Record<string, string>>;

function stateOf({ ActiveState = '', SubState = '', Result = '', WatchdogUSec = '' }: Shown): Found {
  const words = `${ActiveState} (${SubState})${WatchdogUSec === '' ? '' : `, watchdog ${WatchdogUSec}`}`;
  if (ActiveState === 'active') return ok(unit, words);
  if (ActiveState === 'failed' || SubState === 'auto-restart') {
    return fail(unit, `${words}: ${Result}`, 'see why: journalctl -u headgate -e');
  }
  return warn(unit, words, 'start it: sudo systemctl start headgate');
}

function restartsOf({ NRestarts = '0' }: Shown): Found[] {
  if (Number(NRestarts) === 0) return [];
  return [
    warn(unit, `restarted ${NRestarts} times by systemd`, 'see why: journalctl -u headgate -p warning', '0'),
  ];
}

function startOf({ UnitFileState = '' }: Shown): Found[] {
  if (UnitFileState !== 'disabled') return [];
  return [warn(unit, 'does not start with the machine', 'sudo systemctl enable headgate')];
}

function show(signal: AbortSignal): Promise<Shown> {
  return new Promise((resolve) => {
    const args = ['show', unit, `--property=${properties.join(',')}`];
    execFile('systemctl', args, { signal, timeout: 5000 }, (_, stdout) => {
      const pairs = stdout.split('\n').filter((line) => line.includes('='));
      resolve(Object.fromEntries(pairs.map((line) => line.split(/=(.*)/s).slice(0, 2))));
    });
  });
}
