import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../core/log.ts';
import { durableFilesOn } from '../log/durable-files.ts';
import { createSimulatedDisk, failure } from '../log/simulated-disk.ts';
import { countStart } from './starts.ts';

const path = '/data/starts.json';

function sayings() {
  const said: string[] = [];
  return { said, logger: { ...silentLogger, warn: (_: object, message: string) => void said.push(message) } };
}

test('each start counts, also those that ended in a power cut', async () => {
  const disk = createSimulatedDisk();
  for (const before of [0, 1, 2, 3]) {
    assert.equal(await countStart(path, durableFilesOn(disk.attach()), silentLogger), before);
    disk.crash(() => 0.3);
  }
});

test('a damaged count is set aside and begins anew', async () => {
  const { said, logger } = sayings();
  for (const text of ['', '{"starts":7}', '{"checksum":"00000000","starts":7}', 'null']) {
    const files = durableFilesOn(createSimulatedDisk().attach());
    await files.replace(path, Buffer.from(text));
    assert.equal(await countStart(path, files, logger), 0, text);
    assert.equal((await files.read(`${path}.corrupt`))?.toString(), text);
    assert.equal(await countStart(path, files, logger), 1);
  }
  assert.deepEqual(new Set(said), new Set(['the count of starts cannot be read: set aside; it begins anew']));
});

test('a disk that takes nothing keeps no gateway from starting', async () => {
  const { said, logger } = sayings();
  const disk = createSimulatedDisk();
  await countStart(path, durableFilesOn(disk.attach()), logger);
  disk.before = (step) => {
    if (step === 'write') throw failure('ENOSPC');
  };
  assert.equal(await countStart(path, durableFilesOn(disk.attach()), logger), 1);
  assert.deepEqual(said, ['this start is not counted']);
});
