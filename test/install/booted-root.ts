/**
 * A Debian system that boots: systemd-nspawn boots a copy of the bare root with a systemd of its own.
 *
 * Root only. Invariant: `stop` leaves no process and no file, and where this process is killed, the system ends with it.
 */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { copyOfRoot } from './debian-root.ts';

/** For a slow machine: what is waited for is a condition, and on most comes at once. */
const patienceMs = 180_000;

export interface BootedRoot {
  readonly folder: string;
  /** The id of its first process, by which its namespaces are entered. */
  readonly leader: string;
  /** Runs a command inside; gives what it printed. Throws with its words when it fails. */
  run(...command: string[]): string;
  /** The same, whatever its exit code. */
  tryRun(...command: string[]): string;
  /** Until a command inside prints what is looked for. */
  until(what: RegExp, ...command: string[]): Promise<string>;
  stop(): void;
}

export async function boot(name: string): Promise<BootedRoot> {
  const folder = copyOfRoot(name);
  const flags = ['--quiet', '--boot', '--register=no', '--keep-unit', '--private-network'];
  const command = ['--pdeathsig', 'KILL', 'systemd-nspawn', ...flags, `--directory=${folder}`];
  const machine = spawn('setpriv', command, {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [machine.stdout, machine.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000);
    });
  machine.on('error', (error) => {
    said += error.message;
  });
  let leader = '';

  const run = (...command: string[]): string =>
    execFileSync('nsenter', ['-t', leader, '-a', ...command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const tryRun = (...command: string[]): string =>
    spawnSync('nsenter', ['-t', leader, '-a', ...command], { encoding: 'utf8' }).stdout;
  async function until(what: RegExp, ...command: string[]): Promise<string> {
    const deadlineMs = performance.now() + patienceMs;
    for (;;) {
      const words = tryRun(...command);
      if (what.test(words)) return words;
      if (performance.now() > deadlineMs)
        throw new Error(`${command.join(' ')} never said ${what}: ${words}`);
      await wait(200);
    }
  }
  const stop = (): void => {
    machine.kill('SIGKILL');
    // With the first process of its own all others of the system end.
    if (leader !== '') spawnSync('kill', ['-KILL', leader]);
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    // What systemd-nspawn removes at its own end, and here did not come to.
    rmSync(join(dirname(folder), `.#${basename(folder)}.lck`), { force: true });
  };

  try {
    const deadlineMs = performance.now() + patienceMs;
    while (leader === '') {
      const isOver = machine.exitCode !== null || machine.pid === undefined;
      if (isOver || performance.now() > deadlineMs)
        throw new Error(`systemd-nspawn does not boot: ${said.trim()}`);
      await wait(100);
      leader = firstChildOf(machine.pid!);
    }
    await until(/running|degraded/, 'systemctl', 'is-system-running');
  } catch (error) {
    stop();
    throw error;
  }
  return { folder, leader, run, tryRun, until, stop };
}

function firstChildOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]!;
  } catch {
    return '';
  }
}

/**
 * Why a bare Debian, without anything of ours in it, does not boot on this machine, or puts no walls around a service; nothing where
 * it does.
 */
export async function whyNoBoot(): Promise<string | undefined> {
  let machine: BootedRoot;
  try {
    machine = await boot('probe');
  } catch (error) {
    return `a bare Debian does not boot here: ${(error as Error).message}`;
  }
  try {
    const walls = ['PrivateUsers=yes', 'ProtectSystem=strict', 'PrivateTmp=yes', 'DynamicUser=yes'];
    machine.run('systemd-run', '--wait', '--quiet', ...walls.flatMap((wall) => ['-p', wall]), '/bin/true');
    return undefined;
  } catch (error) {
    return `a service of a bare Debian cannot be walled in here: ${(error as Error).message}`;
  } finally {
    machine.stop();
  }
}
