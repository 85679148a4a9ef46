import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { GatewayError } from '../core/errors.ts';
import { silentLogger } from '../core/log.ts';
import { createSimulatedDisk, failure } from '../log/simulated-disk.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint, openCheckpoints } from './checkpoint.ts';
import { createState, save } from './engine.ts';

const checkpoint = (batchEndMs: number): Checkpoint => ({
  batchEndMs,
  position: { sequence: 3, frame: 1 },
  handshakes: [],
  state: save(createState({ gateway: 'g', devices: [], rules: [], merges: new Map() })),
});

test('whole by its checksum, but nothing this version can read: no checkpoint, and no exception', () => {
  const bytes = encodeCheckpoint(checkpoint(1));
  const body = Buffer.from('serialised by a later version');
  const other = Buffer.concat([bytes.subarray(0, 12), body]);
  other.writeUInt32LE(crc32(body), 8);
  assert.equal(decodeCheckpoint(other), undefined);
});

test('the newest that is not refused is taken, the others are set aside', async () => {
  const disk = createSimulatedDisk();
  const store = openCheckpoints('/data', disk, silentLogger);
  await store.save(checkpoint(1));
  await store.save(checkpoint(2));
  const refuse = async ({ batchEndMs }: Checkpoint) => (batchEndMs === 2 ? 'of another journal' : undefined);
  assert.equal((await store.load(refuse))?.batchEndMs, 1);
  assert.deepEqual(disk.paths, ['/data/checkpoint.corrupt', '/data/checkpoint.previous']);
  await store.save(checkpoint(3));
  assert.equal((await store.load(async () => undefined))?.batchEndMs, 3);
});

test('a checkpoint that cannot be moved says what to do', async () => {
  const disk = createSimulatedDisk();
  const store = openCheckpoints('/data', disk, silentLogger);
  await store.save(checkpoint(1));
  disk.before = (step) => {
    if (step === 'rename') throw failure('EIO');
  };
  await assert.rejects(
    store.save(checkpoint(2)),
    (error) => error instanceof GatewayError && error.remedy !== undefined,
  );
});
