/**
 * A serial line for tests: a pair of pseudo-terminals, tied together by a socat process.
 *
 * Invariant: `stop` leaves no process and no file behind. `unplug` is a pulled cable: the nodes are gone, and the link
 * with them; `plug` makes new nodes behind the same link.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { lstat, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.ts';

export interface SerialLine {
  /** What the gateway is told to open: a link to the node. */
  readonly path: string;
  readonly folder: string;
  write(bytes: string | Buffer): void;
  unplug(): Promise<void>;
  /** Ends the device's end without removing the links, which lead nowhere then. */
  kill(): Promise<void>;
  plug(): Promise<void>;
  stop(): Promise<void>;
}

/** Makes the pair and waits until it can be opened. */
export async function startSerialLine(): Promise<SerialLine> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-serial-'));
  const path = join(folder, 'line');
  const devicePath = join(folder, 'device');
  let child: ChildProcess | undefined;
  let device: WriteStream | undefined;

  async function plug(): Promise<void> {
    const started = spawn('socat', [`pty,raw,echo=0,link=${path}`, `pty,raw,echo=0,link=${devicePath}`], {
      stdio: 'ignore',
    });
    child = started;
    await once(started, 'spawn');
    await until(async () => (await leads(path)) && (await leads(devicePath)), 'the pair of pseudo-terminals');
    device = createWriteStream(devicePath, { flags: 'r+' });
    device.on('error', () => {});
    await once(device, 'open');
  }

  async function kill(): Promise<void> {
    const [running, open] = [child, device];
    child = undefined;
    device = undefined;
    if (!running) return;
    running.kill('SIGKILL');
    await once(running, 'exit');
    open?.destroy();
  }

  async function unplug(): Promise<void> {
    await kill();
    // As udev does; socat, killed, cannot.
    await Promise.all([rm(path, { force: true }), rm(devicePath, { force: true })]);
  }

  // Also when a test fails in a way that runs nothing else.
  const killAtExit = (): void => void child?.kill('SIGKILL');
  process.once('exit', killAtExit);
  await plug();
  return {
    path,
    folder,
    write: (bytes) => void device!.write(bytes),
    unplug,
    kill,
    plug,
    async stop() {
      await unplug();
      process.off('exit', killAtExit);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function leads(path: string): Promise<boolean> {
  return (
    (await lstat(path).catch(() => undefined)) !== undefined &&
    (await realpath(path).catch(() => path)) !== path
  );
}
