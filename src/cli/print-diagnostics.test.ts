import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Diagnostic } from '../core/errors.ts';
import { printDiagnostics, printDiagnosticsAsJson } from './print-diagnostics.ts';

const unknown: Diagnostic = {
  severity: 'error',
  file: 'rules/bus-load.yaml',
  line: 7,
  column: 12,
  length: 4,
  text: '    where: laod >= 0',
  message: 'unknown field `laod` of device bus-counter',
  remedy: 'did you mean `load`?',
};

function printed(diagnostics: readonly Diagnostic[], isTTY = false): string {
  let text = '';
  printDiagnostics(diagnostics, { write: (part) => (text += part), isTTY });
  return text;
}

test('place, line, caret, remedy and count', () => {
  const warning: Diagnostic = { ...unknown, severity: 'warning', line: 120, message: 'odd' };
  assert.equal(
    printed([unknown, warning]),
    [
      'rules/bus-load.yaml:7:12 error: unknown field `laod` of device bus-counter',
      '  7 |     where: laod >= 0',
      '    |            ^^^^',
      '  remedy: did you mean `load`?',
      '',
      'rules/bus-load.yaml:120:12 warning: odd',
      '  120 |     where: laod >= 0',
      '      |            ^^^^',
      '  remedy: did you mean `load`?',
      '',
      '1 error, 1 warning',
      '',
    ].join('\n'),
  );
});

test('nothing is said about nothing', () => {
  assert.equal(printed([]), '');
});

test('a file as a whole has no line to show', () => {
  const { remedy: _, ...whole } = { ...unknown, line: 1, column: 1, length: 1, text: '', message: 'gone' };
  assert.equal(printed([whole]), 'rules/bus-load.yaml:1:1 error: gone\n\n1 error\n');
});

test('the caret stands under what is wrong, after tabs and wide characters', () => {
  const cases: [string, number, number][] = [
    ['\tx: laod', 5, 8],
    ['東京: laod', 5, 7],
    ['e\u0301: laod', 5, 4],
    ['🚌: laod', 5, 5],
  ];
  for (const [text, column, indent] of cases) {
    const [, line, caret] = printed([{ ...unknown, text, column: text.indexOf('laod') + 1 }]).split('\n');
    assert.equal(caret, `    | ${' '.repeat(indent - 1)}^^^^`, `${column} ${line}`);
  }
});

test('wide characters are marked in full, and control characters cannot steer the terminal', () => {
  const marked = printed([{ ...unknown, text: 'a: 東京', column: 4, length: 2, message: 'x\u001b[2Jy' }]);
  assert.ok(marked.includes('    |    ^^^^\n'), marked);
  assert.ok(!marked.includes('\u001b'));
});

test('of a very long line only the part around the mistake is shown', () => {
  const text = `${'a'.repeat(5000)}laod${'b'.repeat(5000)}`;
  const [, line, caret] = printed([{ ...unknown, text, column: 5001 }]).split('\n');
  assert.ok(line!.length < 180);
  assert.equal(line!.slice(caret!.indexOf('^'), caret!.lastIndexOf('^') + 1), 'laod');
});

test('colours only on a terminal', () => {
  const noColor = process.env.NO_COLOR;
  delete process.env.NO_COLOR;
  try {
    assert.ok(printed([unknown], true).includes('\u001b[31m'));
    assert.ok(!printed([unknown]).includes('\u001b'));
  } finally {
    if (noColor !== undefined) process.env.NO_COLOR = noColor;
  }
});

test('JSON is the diagnostics themselves, with the end of each', () => {
  let text = '';
  printDiagnosticsAsJson([unknown], { write: (part) => (text += part) });
  assert.deepEqual(JSON.parse(text), [{ ...unknown, endColumn: 16 }]);
});
