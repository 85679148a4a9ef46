/**
 * The outcome of tests as JUnit XML, which build servers show.
 *
 * Invariant: valid XML 1.0 whatever names and messages hold: characters XML cannot have are replaced by U+FFFD.
 * There is no standard; these are the elements and attributes that all readers know (testmoapp/junitxml).
 */

import { type FileOutcome, failureLines, hasFailed, type TestOutcome } from './report.ts';

/** The document. */
export function junitXml(files: readonly FileOutcome[]): string {
  const all = files.flatMap(({ tests }) => tests);
  const suites = files.map(suiteXml).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${totals('headgate test', all)}>\n${suites}</testsuites>\n`;
}

function suiteXml({ file, tests }: FileOutcome): string {
  const cases = tests.map((test) => caseXml(file, test)).join('');
  return `  <testsuite${totals(file, tests)}>\n${cases}  </testsuite>\n`;
}

function totals(name: string, tests: readonly TestOutcome[]): string {
  const failures = tests.filter(hasFailed).length;
  const elapsedMs = tests.reduce((sum, test) => sum + test.elapsedMs, 0);
  return attributes({ name, tests: tests.length, failures, errors: 0, skipped: 0, time: seconds(elapsedMs) });
}

function caseXml(file: string, test: TestOutcome): string {
  const { name, line, failures, notes, elapsedMs } = test;
  const head = `    <testcase${attributes({ name, classname: file, file, line, time: seconds(elapsedMs) })}`;
  if (failures.length === 0) return `${head}/>\n`;
  const text = [...failures.flatMap((failure) => failureLines(file, failure)), ...notes].join('\n');
  const failure = `<failure${attributes({ type: 'expectation', message: failures[0]!.title })}>${escaped(text)}</failure>`;
  return `${head}>\n      ${failure}\n    </testcase>\n`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** XML 1.0, section 3.3.3: a line end in an attribute must be a reference, or it is read as a space. */
function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value)).replace(/[\t\n]/g, reference)}"`)
    .join('');
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML 1.0, section 2.2: all but these may stand in a document. */
const forbidden = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(forbidden, '\ufffd')
    .replace(/[&<>"]/g, (character) => entities[character]!)
    .replaceAll('\r', reference);
}

function reference(character: string): string {
  return `&#${character.charCodeAt(0)};`;
}
