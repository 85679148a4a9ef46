/** The outcome of tests for people: one line each, the differences of those that failed, and a summary. */

import { count, type Output } from '../print-diagnostics.ts';
import { paint, type Style, wantsColours } from '../table.ts';
import { printable } from '../text-width.ts';
import { durationText } from '../units-text.ts';

/** One test file. */
export interface FileOutcome {
  /** As the user would type it. */
  readonly file: string;
  readonly tests: readonly TestOutcome[];
}

export interface TestOutcome {
  readonly name: string;
  /** Of the test in its file. */
  readonly line: number;
  /** Empty: it passed. */
  readonly failures: readonly Failure[];
  /** What else may explain a failure. */
  readonly notes: readonly string[];
  readonly elapsedMs: number;
}

/** An expectation that was not met. */
export interface Failure {
  readonly line: number;
  readonly title: string;
  readonly lines: readonly string[];
}

type Paint = (style: Style, text: string) => string;

/** Shows one file. */
export function printFile({ file, tests }: FileOutcome, output: Output): void {
  const style = painter(output);
  const lines = tests.flatMap((test) => testLines(file, test, style));
  output.write(`${[style('bold', printable(file)), ...lines].join('\n')}\n`);
}

function painter(output: Output): Paint {
  const colours = wantsColours(output);
  return (style, text) => (colours ? paint(style, text) : text);
}

function testLines(file: string, { name, failures, notes }: TestOutcome, style: Paint): string[] {
  if (failures.length === 0) return [`  ${style('green', '✓')} ${printable(name)}`];
  return [
    `  ${style('red', '✗')} ${printable(name)}`,
    ...failures.flatMap((failure) =>
      failureLines(file, failure).map((line) => `      ${coloured(line, style)}`),
    ),
    ...notes.map((note) => `      ${style('yellow', 'note:')} ${printable(note)}`),
  ];
}

/** Without colours, as a report for programs has them, too. */
export function failureLines(file: string, { line, title, lines }: Failure): string[] {
  return [`${file}:${line} ${title}`, ...lines.map((one) => `  ${one}`)].map(printable);
}

function coloured(line: string, style: Paint): string {
  if (line.startsWith('  - ')) return style('green', line);
  return line.startsWith('  + ') ? style('red', line) : line;
}

/** `2 files, 7 tests: 6 passed, 1 failed (0.1 s)`. */
export function printSummary(files: readonly FileOutcome[], elapsedMs: number, output: Output): void {
  const tests = files.flatMap((file) => file.tests);
  const failed = tests.filter(hasFailed).length;
  const passed = tests.length - failed;
  const style = painter(output);
  const result =
    failed > 0 ? style('red', `${passed} passed, ${failed} failed`) : style('green', `${passed} passed`);
  const sum = `${count(files.length, 'file')}, ${count(tests.length, 'test')}: ${result}`;
  output.write(`\n${sum} (${durationText(elapsedMs)})\n`);
}

export function hasFailed({ failures }: TestOutcome): boolean {
  return failures.length > 0;
}
