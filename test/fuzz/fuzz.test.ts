/** A slice of `npm run fuzz`: every target with some hundred inputs from a fixed seed; and that the fuzzer finds what it looks for. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Failure, fuzz } from './fuzz.ts';
import { mutated } from './mutate.ts';
import { targets } from './targets/index.ts';
import { closeMqtt } from './targets/mqtt.ts';
import { closeSocket } from './targets/socket.ts';

after(closeSocket);
after(closeMqtt);

/** Those that take milliseconds each. */
const slow = new Set(['rules', 'devices', 'gateway-file', 'socket']);
const seed = 20260105;

function told(name: string, { input, bytes, error }: Failure): string {
  const again = `npm run fuzz -- ${name} --seed ${seed} --from ${input} --runs 1`;
  return `${again}\n${JSON.stringify(bytes.toString())}\n${error instanceof Error ? error.stack : error}`;
}

for (const [name, target] of Object.entries(targets)) {
  test(name, async () => {
    const failure = await fuzz(target, { seed, runs: slow.has(name) ? 100 : 400 });
    assert.equal(failure && told(name, failure), undefined);
  });
}

test('a bug is found, made again from its number, and its input made small', async () => {
  const seeds = [Buffer.from('{"a":[1,2,3],"b":"cdef"}')];
  const buggy = {
    make: (random: Parameters<(typeof targets)[string]['make']>[0]) => mutated(random, seeds),
    check: (input: Buffer) => assert.ok(!input.includes('[[')),
  };
  const failure = await fuzz(buggy, { seed: 1, runs: 10_000 });
  assert.equal(failure?.bytes.toString(), '[[');
  const again = await fuzz(buggy, { seed: 1, from: failure.input, runs: 1 });
  assert.deepEqual([again?.input, again?.bytes.toString()], [failure.input, '[[']);
});
