import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createWork, halves, type Progress, type Refusal, settle } from './request.ts';
import type { SinkOutcome } from './sink.ts';

const bad = (all = false, certain = true): SinkOutcome => ({ kind: 'rejected', detail: '400', all, certain });

/** Sends all chunks to a server; gives what came of it. */
function send(lines: readonly string[], server: (lines: readonly string[]) => SinkOutcome) {
  const work = createWork(lines, 1000);
  const setAside: Refusal[] = [];
  let sent = 0;
  let requests = 0;
  let held: Progress['held'];
  while (work.chunks.length > 0 && held === undefined) {
    requests += 1;
    const progress = settle(work, server(work.chunks[0]!));
    setAside.push(...progress.setAside);
    sent += progress.sent;
    held = progress.held;
  }
  return { sent, requests, held, setAside: setAside.map(({ line }) => line) };
}

test('whatever lines are bad, they and only they are set aside', () => {
  const line = fc.record({ bad: fc.boolean(), measurement: fc.constantFrom('a', 'b', 'c\\,c') });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 60 }), fc.boolean(), (drawn, saysAll) => {
      const lines = drawn.map((one, i) => `${one.measurement},bad=${one.bad} v=${i} 1`);
      const isBad = (text: string): boolean => text.includes('bad=true');
      const result = send(lines, (chunk) => {
        if (!chunk.some(isBad)) return { kind: 'accepted' };
        return bad(saysAll && chunk.every(isBad));
      });
      assert.deepEqual(result.setAside.sort(), lines.filter(isBad).sort());
      assert.equal(result.sent, lines.length - result.setAside.length);
      assert.equal(result.held, undefined);
    }),
  );
});

test('a whole measurement in conflict costs few requests', () => {
  const lines = Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? `good v=${i} 1` : `bad v=${i} 1`));
  const result = send(lines, (chunk) => {
    if (chunk.every((line) => line.startsWith('good'))) return { kind: 'accepted' };
    return bad(chunk.every((line) => line.startsWith('bad')));
  });
  assert.deepEqual([result.sent, result.setAside.length, result.requests], [500, 500, 3]);
});

test('a server that refuses everything in words of its own takes nothing from us', () => {
  const lines = Array.from({ length: 5000 }, (_, i) => `m v=${i} 1`);
  const result = send(lines, () => bad(false, false));
  assert.equal(result.held?.kind, 'refused');
  assert.deepEqual([result.sent, result.setAside.length], [0, 0]);
  assert.ok(result.requests < 60, `${result.requests} requests`);
  assert.equal(send(['m v=1 1'], () => bad(false, false)).held?.kind, 'refused');
});

test('a line refused in unknown words is set aside once other lines are accepted', () => {
  const lines = Array.from({ length: 16 }, (_, i) => `m v=${i} 1`);
  const result = send(lines, (chunk) =>
    chunk.includes('m v=3 1') ? bad(false, false) : { kind: 'accepted' },
  );
  assert.deepEqual([result.setAside, result.sent, result.held], [['m v=3 1'], 15, undefined]);
});

test('too large requests are split; a line that is too large alone is set aside', () => {
  const lines = ['m v=1 1', `m s="${'x'.repeat(100)}" 2`, 'm v=3 3', 'm v=4 4'];
  const result = send(lines, (chunk) =>
    chunk.join('\n').length > 20 ? { kind: 'too-large', detail: '413' } : { kind: 'accepted' },
  );
  assert.deepEqual([result.sent, result.setAside], [3, [lines[1]]]);
});

test('an outage keeps what is not yet dealt with', () => {
  const work = createWork(['a v=1 1', 'a v=2 2', 'b v=3 3'], 1000);
  settle(work, bad());
  const held = settle(work, { kind: 'unavailable', detail: 'ECONNREFUSED' });
  assert.equal(held.held?.kind, 'unavailable');
  assert.deepEqual(work.chunks.flat().sort(), ['a v=1 1', 'a v=2 2', 'b v=3 3']);
});

test('halving cuts between measurements and keeps the order of each', () => {
  assert.deepEqual(halves(['a v=1', 'b v=1', 'a v=2', 'a v=3', 'b v=2']), [
    ['a v=1', 'a v=2', 'a v=3'],
    ['b v=1', 'b v=2'],
  ]);
  assert.deepEqual(halves(['a v=1', 'a v=2', 'a v=3']), [['a v=1', 'a v=2'], ['a v=3']]);
  assert.deepEqual(halves(['a\\,x v=1', 'a v=2']), [['a\\,x v=1'], ['a v=2']]);
});
