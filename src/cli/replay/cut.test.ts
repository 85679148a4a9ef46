import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Block, createBlock } from './block.ts';
import { createCutter, type RecordedBatch } from './cut.ts';

function block(arrivals: readonly number[]): Block {
  const buffer = Buffer.from(arrivals.map((_, i) => i));
  const made = createBlock('a', buffer);
  for (const [i, ms] of arrivals.entries()) {
    made.route.push(0);
    made.start.push(i);
    made.end.push(i + 1);
    made.arrivalMs.push(ms);
    made.line.push(i + 1);
  }
  return made;
}

const never = (): number => Number.POSITIVE_INFINITY;

function cut(batchMs: number, blocks: readonly Block[], quietUntilMs = never): RecordedBatch[] {
  const cutter = createCutter(batchMs, quietUntilMs);
  return [...blocks.flatMap((one) => [...cutter.add(one)]), ...cutter.end()];
}

function arrivalsOf({ spans }: RecordedBatch): number[] {
  const found: number[] = [];
  for (const span of spans) span.visit((_route, _buffer, _start, _end, ms) => found.push(ms));
  return found;
}

const shown = (batches: readonly RecordedBatch[]): [number, number, number[]][] =>
  batches.map((batch) => [batch.startMs, batch.endMs, arrivalsOf(batch)]);

test('a frame on a boundary belongs to the later batch', () => {
  assert.deepEqual(shown(cut(1000, [block([10_000, 10_999.999, 11_000])])), [
    [10_000, 11_000, [10_000, 10_999.999]],
    [11_000, 12_000, [11_000]],
  ]);
});

test('a batch goes on from one block to the next', () => {
  assert.deepEqual(shown(cut(1000, [block([1]), block([2, 3]), block([1500])])), [
    [0, 1000, [1, 2, 3]],
    [1000, 2000, [1500]],
  ]);
});

test('empty batches are passed over, except those in which something is due', () => {
  const due = [3500, 7000, Number.POSITIVE_INFINITY];
  let asked = 0;
  const batches = cut(1000, [block([100, 9_000_100])], () => due[Math.min(asked++, 2)]!);
  assert.deepEqual(shown(batches), [
    [0, 1000, [100]],
    [3000, 4000, []],
    [6000, 7000, []],
    [9_000_000, 9_001_000, [9_000_100]],
  ]);
});

test('what is due in the batch of the next row waits for it', () => {
  assert.deepEqual(shown(cut(1000, [block([100, 3100])], () => 3500)), [
    [0, 1000, [100]],
    [3000, 4000, [3100]],
  ]);
});

test('a row recorded earlier than the one before it takes its arrival', () => {
  const cutter = createCutter(1000, never);
  const batches = [...cutter.add(block([5000, 1000, 5500])), ...cutter.end()];
  assert.deepEqual(shown(batches), [[5000, 6000, [5000, 5000, 5500]]]);
  assert.equal(cutter.backwards, 1);
});

test('very many rows of one batch come in parts', () => {
  const rows = 200_000;
  const batches = cut(1000, [block(Array.from({ length: rows }, (_, i) => 1000 + (i * 900) / rows))]);
  assert.ok(batches.length >= 3);
  assert.equal(batches.flatMap(arrivalsOf).length, rows);
  for (const [i, batch] of batches.entries()) {
    assert.ok(batch.endMs >= Math.max(...arrivalsOf(batch)));
    if (i > 0) assert.equal(batch.startMs, batches[i - 1]!.endMs);
  }
  assert.equal(batches.at(-1)!.endMs, 2000);
});

test('property: every row once, in order, in the batch of its arrival, however the blocks fall', () => {
  const gaps = fc.array(fc.oneof(fc.nat(300), fc.nat(50_000)), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 20, max: 3000 }), fc.nat(), (steps, batchMs, at) => {
      let ms = 1e12;
      const arrivals = steps.map((step) => {
        ms += step;
        return ms;
      });
      const half = at % arrivals.length;
      const blocks = [arrivals.slice(0, half), arrivals.slice(half)].filter((part) => part.length > 0);
      const batches = cut(batchMs, blocks.map(block));
      assert.deepEqual(batches.flatMap(arrivalsOf), arrivals);
      for (const batch of batches) {
        assert.equal(batch.startMs % batchMs, 0);
        assert.equal(batch.endMs, batch.startMs + batchMs);
        for (const arrival of arrivalsOf(batch)) assert.ok(arrival >= batch.startMs && arrival < batch.endMs);
      }
    }),
  );
});
