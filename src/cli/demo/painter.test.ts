import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPainter } from './painter.ts';

/** A terminal that remembers what was written, and can be resized. */
function fakeTerminal(columns: number, rows: number) {
  let text = '';
  return {
    columns,
    rows,
    write: (more: string) => {
      text += more;
    },
    /** What was written since the last call. */
    taken() {
      const all = text;
      text = '';
      return all;
    },
  };
}

const up = (lines: number): string => `\x1b[${lines}A\r`;
const line = (text: string): string => `\x1b[K${text}\n`;
const nothingBelow = '\x1b[J';

test('a picture replaces the one before in place', () => {
  const terminal = fakeTerminal(80, 24);
  const painter = createPainter(terminal);
  painter.paint(['a', 'b', 'c']);
  assert.ok(terminal.taken().includes(`\r${line('a')}${line('b')}${line('c')}${nothingBelow}`));
  painter.paint(['d']);
  assert.ok(terminal.taken().includes(up(3) + line('d') + nothingBelow));
  painter.paint(['e', 'f']);
  assert.ok(terminal.taken().includes(up(1) + line('e') + line('f') + nothingBelow));
});

test('a resized terminal is cleared, a lower one gets fewer lines', () => {
  const terminal = fakeTerminal(80, 24);
  const painter = createPainter(terminal);
  painter.paint(['a', 'b', 'c']);
  terminal.taken();
  terminal.rows = 3;
  painter.paint(['a', 'b', 'c']);
  assert.ok(terminal.taken().includes(`\x1b[2J\x1b[H${line('a')}${line('b')}${nothingBelow}`));
});

test('the end gives the cursor and the wrapping back', () => {
  const terminal = fakeTerminal(80, 24);
  const painter = createPainter(terminal);
  painter.paint(['a']);
  assert.ok(terminal.taken().includes('\x1b[?25l'));
  painter.end();
  assert.equal(terminal.taken(), '\x1b[?7h\x1b[?25h');
});
