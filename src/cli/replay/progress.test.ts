import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgressBar, progressText } from './progress.ts';

function fakeTerminal(isTTY: boolean): { stream: NodeJS.WriteStream; written: string[] } {
  const written: string[] = [];
  const stream = { isTTY, columns: 60, write: (text: string) => written.push(text) };
  return { stream: stream as unknown as NodeJS.WriteStream, written };
}

test('how much is done, how fast, and how long it will take', () => {
  assert.equal(
    progressText(0.25, 50_000, 1000),
    '██████                    25 %  50,000 rows  50,000 rows/s  3.0 s left',
  );
  assert.equal(progressText(0, 0, 0), `${' '.repeat(24)}   0 %  0 rows  0 rows/s`);
  assert.equal(progressText(1.2, 10, 1000).slice(0, 31), `${'█'.repeat(24)} 100 % `);
  assert.equal(progressText(undefined, 10, 2000), '10 rows  5 rows/s  2.0 s');
});

test('a terminal is written to ten times a second at most, and never beyond its width', () => {
  const { stream, written } = fakeTerminal(true);
  let nowMs = 0;
  const bar = createProgressBar(stream, () => nowMs);
  for (; nowMs < 1000; nowMs += 10) bar.update(nowMs / 1000, nowMs * 1000);
  assert.equal(written.length, 10);
  for (const text of written) assert.ok(text.startsWith('\r\x1b[K') && text.length <= 64, text);
  bar.clear();
  assert.equal(written.at(-1), '\r\x1b[K');
  bar.clear();
  assert.equal(written.length, 11);
  bar.update(1, 1);
  assert.equal(written.length, 12, 'drawn again at once');
});

test('anything else than a terminal stays clean', () => {
  const { stream, written } = fakeTerminal(false);
  const bar = createProgressBar(stream);
  bar.update(0.5, 10);
  bar.clear();
  assert.deepEqual(written, []);
});
