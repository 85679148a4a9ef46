import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeriesIndex, tagsOf } from './series.ts';

test('a lowered limit takes no id from the keys there were, and lets no new one in', () => {
  const before = createSeriesIndex(2, 100);
  for (let i = 0; i < 20; i++) before.idOf(['line', `bus-${i}`]);
  const after = createSeriesIndex(2, 5);
  after.restore(structuredClone(before.tags), before.size);
  for (let i = 0; i < 20; i++) {
    assert.equal(after.idOf(['line', `bus-${i}`]), i);
    assert.deepEqual(tagsOf(after, ['line', 'bus'], i), { line: 'line', bus: `bus-${i}` });
  }
  assert.equal(after.idOf(['line', 'another']), -1);
  assert.equal(after.size, 20);
});
