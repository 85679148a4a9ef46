/** What systemd is told by a gateway process, through its own `systemd-notify`, on a socket that socat reads. */

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePort } from './peers/free-port.ts';
import { makeGateway } from './peers/gateway.ts';
import { mosquittoPub } from './peers/mosquitto.ts';
import { until } from './peers/until.ts';

function isInstalled(): boolean {
  try {
    execFileSync('systemd-notify', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Everything that was said on a socket like systemd's. */
async function startManager(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-notify-'));
  const path = join(folder, 'notify');
  const socat = spawn('socat', ['-u', `UNIX-RECV:${path}`, '-'], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => {
    socat.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });
  let said = '';
  socat.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until(() => existsSync(path), 'the socket');
  const count = (word: string): number => said.split(word).length - 1;
  return { folder, path, count };
}

const files = (port: number) => ({
  'headgate.yaml': `batch: 50ms\nsources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } } }\n`,
  'devices/room.yaml': 'device: room\ntopic: rooms/{room}\ncodec: json\nfields: { t: {} }\n',
  'rules/each.yaml': 'rules: [{ name: each, from: room }]\n',
});

const skip = isInstalled() ? false : 'there is no systemd-notify on this machine';

test('ready, reloading and ready again, alive all the while, stopping', { skip }, async (t) => {
  const manager = await startManager(t);
  const env = () => ({ NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: '600000' });
  const gateway = await makeGateway(files(await freePort()), { env });
  t.after(() => gateway.remove());
  await gateway.start();
  await until(() => manager.count('READY=1') === 1, 'ready');
  await until(() => manager.count('WATCHDOG=1') > 2, 'signs of life');
  const { pid } = await gateway.status();
  process.kill(pid, 'SIGHUP');
  await until(() => manager.count('RELOADING=1') === 1 && manager.count('READY=1') === 2, 'ready again');
  await gateway.stop();
  assert.equal(manager.count('STOPPING=1'), 1);
});

test('a gateway whose path stands still gives no sign of life, though it answers', { skip }, async (t) => {
  const manager = await startManager(t);
  const flag = join(manager.folder, 'hang');
  const env = () => ({ NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: '600000', HANG_FLAG: flag });
  const port = await freePort();
  const preloads = [join(import.meta.dirname, 'peers/hang-outbox.ts')];
  const gateway = await makeGateway(files(port), { env, preloads });
  t.after(() => gateway.remove());
  await gateway.start();
  await until(() => manager.count('WATCHDOG=1') > 2, 'signs of life');
  writeFileSync(flag, '');
  await mosquittoPub(port, ['-t', 'rooms/1', '-q', '1'], ['{"t":1}']);
  let before = -1;
  await until(
    async () => {
      const now = manager.count('WATCHDOG=1');
      const isQuiet = now === before;
      before = now;
      // Five times as long as between two signs of life.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return isQuiet;
    },
    'no sign of life',
    30_000,
  );
  assert.equal((await gateway.status()).fates.frames, 1);
});
