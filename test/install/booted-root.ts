/**
 * A Debian system that boots: debootstrap makes its root folder, systemd-nspawn boots it with a systemd of its own.
 *
 * Root only. Invariant: `stop` leaves no process; the root folder stays for the next run, as debootstrap made it.
 */

import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const cache = '/var/cache/headgate-test';
const packages = ['systemd', 'systemd-sysv', 'dbus', 'udev', 'adduser', 'libstdc++6', 'mosquitto-clients'];
const release = 'bookworm';

export interface BootedRoot {
  readonly folder: string;
  /** Runs a command inside; gives what it printed. Throws with its words when it fails. */
  run(...command: string[]): string;
  /** The same, whatever its exit code. */
  tryRun(...command: string[]): string;
  /** Until a command inside prints what is looked for. */
  until(what: RegExp, ...command: string[]): Promise<string>;
  stop(): void;
}

/** Where this machine gets its own packages from. */
function mirror(): string {
  const sources = execFileSync(
    'sh',
    ['-c', 'cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true'],
    {
      encoding: 'utf8',
    },
  );
  const found = /^(?:URIs:\s*|deb(?:\s+\[[^\]]*\])?\s+)(https?:\/\/\S*debian\/?)(?=\s|$)/m.exec(sources);
  if (found === null) throw new Error('no Debian mirror is known to apt on this machine');
  return found[1]!;
}

function cleanRoot(): string {
  const made = join(cache, `root-${release}`);
  if (!existsSync(join(made, 'etc/debian_version'))) {
    rmSync(made, { recursive: true, force: true });
    mkdirSync(dirname(made), { recursive: true });
    const flags = ['--variant=minbase', `--include=${packages.join(',')}`];
    execFileSync('debootstrap', [...flags, release, made, mirror()], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  return made;
}

export async function boot(): Promise<BootedRoot> {
  const folder = join(cache, `run-${process.pid}`);
  cpSync(cleanRoot(), folder, { recursive: true, verbatimSymlinks: true });
  const flags = [
    '--quiet',
    '--boot',
    '--register=no',
    '--keep-unit',
    '--private-network',
    `--directory=${folder}`,
  ];
  const machine = spawn('systemd-nspawn', flags, { stdio: ['pipe', 'ignore', 'ignore'] });
  let leader = '';

  const inside = (command: readonly string[]): string[] => ['-t', leader, '-a', ...command];
  const run = (...command: string[]): string =>
    execFileSync('nsenter', inside(command), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  function tryRun(...command: string[]): string {
    try {
      return run(...command);
    } catch (error) {
      return String((error as { stdout?: string }).stdout ?? '');
    }
  }
  async function until(what: RegExp, ...command: string[]): Promise<string> {
    for (let tries = 0; tries < 300; tries++) {
      const said = tryRun(...command);
      if (what.test(said)) return said;
      await wait(200);
    }
    throw new Error(`${command.join(' ')} never said ${what}: ${tryRun(...command)}`);
  }
  const stop = (): void => {
    machine.kill('SIGKILL');
    if (leader !== '') execFileSync('kill', ['-KILL', leader]);
    rmSync(folder, { recursive: true, force: true });
  };

  for (let tries = 0; leader === ''; tries++) {
    if (tries > 100 || machine.exitCode !== null) throw new Error('the system does not boot');
    await wait(100);
    const children = existsSync(`/proc/${machine.pid}/task/${machine.pid}/children`)
      ? readFileSync(`/proc/${machine.pid}/task/${machine.pid}/children`, 'utf8')
      : '';
    leader = children.trim().split(' ')[0] ?? '';
  }
  await until(/running|degraded/, 'systemctl', 'is-system-running');
  return { folder, run, tryRun, until, stop };
}
