import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDuplicates, most } from './duplicates.ts';

const horizonMs = 1e9;

test('a fast series whose times were saved at an odd count still knows its newest ones', () => {
  const before = createDuplicates(horizonMs);
  const saved = 50_001;
  for (let ms = 0; ms < saved; ms++) before.seen(0, ms);
  const restored = createDuplicates(horizonMs);
  restored.load(before.save());
  const all = 3 * most;
  for (let ms = saved; ms < all; ms++) assert.equal(restored.seen(0, ms), false);
  for (let ms = all - most / 2; ms < all; ms++) assert.equal(restored.seen(0, ms), true, `${ms} of ${all}`);
});

test('of one series no more times than the limit are kept, the newest ones', () => {
  const duplicates = createDuplicates(horizonMs);
  for (let ms = 0; ms < 3 * most; ms++) duplicates.seen(0, ms);
  const [times] = duplicates.save();
  assert.ok(times!.length <= most, `${times!.length} times`);
  assert.equal(times!.at(-1), 3 * most - 1);
});
