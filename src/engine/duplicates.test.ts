import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
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
  const [times] = duplicates.save().ms;
  assert.ok(times!.length <= most, `${times!.length} times`);
  assert.equal(times!.at(-1), 3 * most - 1);
});

test('a restart changes nothing, also of what is older than it has to be', () => {
  const times = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 150 });
  fc.assert(
    fc.property(times, times, (before, after) => {
      const straight = createDuplicates(10);
      for (const ms of before) straight.seen(0, ms);
      const restored = createDuplicates(10);
      restored.load(straight.save());
      for (const ms of after) assert.equal(restored.seen(0, ms), straight.seen(0, ms), `${ms}`);
    }),
    { numRuns: 300 },
  );
});

test('within the horizon no copy is new; nor is one that follows at once, however old', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 150 }), (all) => {
      const duplicates = createDuplicates(20);
      const known = new Set<number>();
      for (const ms of all) {
        const isKnown = known.has(ms) && ms >= Math.max(...known) - 20;
        if (isKnown) assert.ok(duplicates.seen(3, ms), `${ms}`);
        if (!known.has(ms)) assert.ok(!duplicates.seen(3, ms), `${ms}`);
        duplicates.seen(3, ms);
        assert.ok(duplicates.seen(3, ms), `${ms} at once`);
        known.add(ms);
      }
    }),
    { numRuns: 300 },
  );
});
