import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withArrivals } from './arrivals.ts';
import { type Block, createBlock } from './block.ts';

function block(file: string, times: readonly number[]): Block {
  const made = createBlock(file, Buffer.alloc(0));
  made.arrivalMs.push(...times);
  return made;
}

async function arrivals(...blocks: Block[]): Promise<number[]> {
  async function* feed(): AsyncGenerator<Block> {
    yield* blocks;
  }
  const found: number[] = [];
  for await (const { arrivalMs } of withArrivals(feed())) found.push(...arrivalMs);
  return found;
}

const day = 86_400_000;
const year2106 = Date.UTC(2106, 1, 7);
const t0 = Date.UTC(2026, 0, 5);

test('arrival is the latest event time so far', async () => {
  assert.deepEqual(await arrivals(block('a', [3, 1, 5, 4]), block('a', [4, 9])), [3, 3, 5, 5, 5, 9]);
});

test('a gap of weeks is a gap', async () => {
  const times = [t0, t0 + 40 * day, t0 + 40 * day + 1];
  assert.deepEqual(await arrivals(block('a', times)), times);
});

test('one row of the far future does not take the others with it', async () => {
  const times = [t0, t0 + 1000, year2106, t0 + 2000, t0 + 3000];
  const expected = [t0, t0 + 1000, t0 + 1000, t0 + 2000, t0 + 3000];
  assert.deepEqual(await arrivals(block('a', times)), expected);
  for (let cut = 1; cut < times.length; cut++) {
    assert.deepEqual(await arrivals(block('a', times.slice(0, cut)), block('a', times.slice(cut))), expected);
  }
});

test('nor does the first row', async () => {
  assert.deepEqual(await arrivals(block('a', [year2106, t0, t0 + 1])), [t0, t0, t0 + 1]);
});

test('a file that begins before the end of the one before it says nothing about that end', async () => {
  assert.deepEqual(await arrivals(block('a', [t0, t0 + 10 * day]), block('b', [t0, t0 + 1])), [
    t0,
    t0 + 10 * day,
    t0 + 10 * day,
    t0 + 10 * day,
  ]);
});

test('property: arrivals never go back, are whole microseconds, and do not depend on blocks', async () => {
  const time = fc.oneof(
    fc.double({ min: 0, max: 1e6, noNaN: true }),
    fc.double({ min: 0, max: 5e12, noNaN: true }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(time, { minLength: 1 }), fc.nat(), async (times, at) => {
      const whole = await arrivals(block('a', times));
      const cut = 1 + (at % times.length);
      const rest = cut < times.length ? [block('a', times.slice(cut))] : [];
      assert.deepEqual(await arrivals(block('a', times.slice(0, cut)), ...rest), whole);
      for (const [i, ms] of whole.entries()) {
        assert.equal(Math.round(ms * 1000) / 1000, ms);
        if (i > 0) assert.ok(ms >= whole[i - 1]!);
      }
    }),
    { examples: [[[17328913742.127], 0]] },
  );
});
