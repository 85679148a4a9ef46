/** The whole gateway on real file systems: one that is full, and one that turns read-only under it. Needs root. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePort } from '../peers/free-port.ts';
import { type GatewayProcess, makeGateway } from '../peers/gateway.ts';
import { connectWire, publishPacket } from '../peers/mqtt-wire.ts';
import { until } from '../peers/until.ts';
import { type Receiver, startReceiver } from './site.ts';

const does = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;

function must(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args);
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${stderr}`);
}

interface Site {
  readonly gateway: GatewayProcess;
  readonly receiver: Receiver;
  readonly data: string;
  /** Whether the numbers were acknowledged within the time. */
  publish(numbers: readonly number[], withinMs?: number): Promise<boolean>;
  /** Those that came out as points. */
  numbers(): number[];
}

async function makeSite(t: TestContext): Promise<Site> {
  const receiver = await startReceiver();
  receiver.isUp = true;
  t.after(() => receiver.stop());
  const port = await freePort();
  const gateway = await makeGateway({
    'headgate.yaml': `gateway: g
batch: 50ms
sources: { mqtt: { broker: { listen: [{ port: ${port} }] } } }
forward: { influx: { url: "${receiver.url}", database: db } }
limits: { journal: 16MB, outbox: 16MB }
`,
    'devices/meter.yaml': `device: meter
source: mqtt
topic: meter
codec: json
fields: { n: { path: n } }
`,
    'rules/each.yaml': 'rules: [{ name: each, from: meter }]\n',
  });
  const data = join(gateway.folder, 'data');
  mkdirSync(data);
  t.after(async () => {
    await gateway.kill();
    spawnSync('umount', [data]);
    await gateway.remove();
  });
  return {
    ...{ gateway, receiver, data },
    async publish(numbers, withinMs = 10_000) {
      const wire = await connectWire(port, { clientId: 'c' }).catch(() => undefined);
      if (wire === undefined) return false;
      const pad = 'x'.repeat(5000);
      wire.send(
        ...numbers.map((n, i) =>
          publishPacket('meter', JSON.stringify({ n, pad }), { qos: 1, messageId: i + 1 }),
        ),
      );
      const isDone = (): boolean => wire.all('puback').length === numbers.length;
      await until(() => isDone() || wire.closed, 'acknowledgements', withinMs).catch(() => {});
      wire.destroy();
      return isDone();
    },
    numbers: () => receiver.lines.map((line) => Number(/ n=(\d+)/.exec(line)?.[1])).sort((a, b) => a - b),
  };
}

const upTo = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Takes all the room there is. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (const bytes of [1 << 20, 4096, 1]) {
      const block = Buffer.alloc(bytes, 1);
      try {
        while (writeSync(file, block) === bytes);
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
      }
    }
  } finally {
    closeSync(file);
  }
}

const scratch = mkdtempSync(join(tmpdir(), 'headgate-real-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

const canMount = process.getuid?.() === 0 && does('mount', '-t', 'tmpfs', '-o', 'size=1m', 'none', scratch);
if (canMount) must('umount', scratch);

test('a full file system: nothing is acknowledged, status says why, and it goes on by itself', {
  skip: canMount ? false : 'needs root and mount(8)',
}, async (t) => {
  const { gateway, data, publish, numbers } = await makeSite(t);
  must('mount', '-t', 'tmpfs', '-o', 'size=8m', 'none', data);
  await gateway.start();
  assert.ok(await publish(upTo(0, 20)));
  fill(join(data, 'filler'));
  // The segments are holes: the first few records may still find a page of their own.
  assert.equal(await publish(upTo(20, 420), 3000), false);
  await until(async () => (await gateway.status()).disk.state === 'full', 'status to say so');
  assert.match((await gateway.status()).disk.detail, /no space left on device.*free space/);
  rmSync(join(data, 'filler'));
  assert.ok(await publish(upTo(420, 440)));
  await until(async () => (await gateway.status()).disk.state === 'ok', 'status to be well');
  const wanted = [...upTo(0, 20), ...upTo(420, 440)];
  await until(() => wanted.every((n) => numbers().includes(n)), 'all points');
  assert.equal(new Set(numbers()).size, numbers().length, 'none is doubled');
  assert.equal((await gateway.stop()).code, 0);
});

const image = join(scratch, 'image');
const canLoop =
  canMount &&
  does('dd', 'if=/dev/zero', `of=${image}`, 'bs=1M', 'count=64') &&
  does('mkfs.ext4', '-q', '-F', image) &&
  does('mount', '-o', 'loop', image, scratch) &&
  does('umount', scratch);

test('a file system that turns read-only: it ends with the reason, does not start on it, and nothing is lost', {
  skip: canLoop ? false : 'needs root and loop devices',
}, async (t) => {
  const { gateway, data, publish, numbers } = await makeSite(t);
  must('mount', '-o', 'loop,errors=remount-ro', image, data);
  await gateway.start();
  assert.ok(await publish(upTo(0, 20)));
  const device = spawnSync('findmnt', ['-n', '-o', 'SOURCE', data]).stdout.toString().trim();
  // As ext4 does itself when the card gives it nonsense.
  must('sh', '-c', `echo 1 > /sys/fs/ext4/${basename(device)}/trigger_fs_error`);
  assert.equal(await publish(upTo(20, 40), 3000), false);
  await until(() => gateway.logLines.some((line) => /the gateway cannot go on/.test(line)), 'the reason');
  const { code } = await gateway.stop();
  assert.equal(code, 1);
  const reason = gateway.logLines.find((line) => /the gateway cannot go on/.test(line))!;
  assert.match(reason, /"remedy"/);
  await assert.rejects(gateway.start(), /read-only/);
  must('umount', data);
  must('mount', '-o', 'loop,errors=remount-ro', image, data);
  await gateway.start();
  assert.ok(await publish(upTo(40, 60)));
  const wanted = [...upTo(0, 20), ...upTo(40, 60)];
  await until(() => wanted.every((n) => numbers().includes(n)), 'all points');
  assert.ok(readdirSync(data).includes('journal'));
});
