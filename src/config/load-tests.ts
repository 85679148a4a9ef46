/**
 * Reads the test files of rules, and tells which rule files they are about.
 *
 * Invariant: never throws for what is in a file. Not here: whether names and values fit devices and rules.
 */

import { dirname, resolve } from 'node:path';
import type { Diagnostic } from '../core/errors.ts';
import { isTestFile, kindOf, readYamlFile } from './files.ts';
import type { LocatedFile } from './located.ts';
import { show } from './shapes.ts';
import { type TestFile, testFileSchema } from './test-schema.ts';
import { validate } from './validate.ts';

export interface LocatedTestFile {
  readonly file: LocatedFile;
  readonly content: TestFile;
  /** Absolute; undefined when there is no such file. */
  readonly rulesPath: string | undefined;
}

export interface LoadedTests {
  readonly files: readonly LocatedFile[];
  readonly tests: readonly LocatedTestFile[];
  readonly diagnostics: readonly Diagnostic[];
}

/** These test files. */
export async function loadTestFiles(paths: readonly string[]): Promise<LoadedTests> {
  const loaded = await Promise.all([...new Set(paths)].map(loadTestFile));
  return {
    files: loaded.map(({ file }) => file),
    tests: loaded.flatMap(({ test }) => (test ? [test] : [])),
    diagnostics: loaded.flatMap(({ diagnostics }) => diagnostics),
  };
}

interface Loaded {
  readonly file: LocatedFile;
  readonly test?: LocatedTestFile;
  readonly diagnostics: readonly Diagnostic[];
}

async function loadTestFile(path: string): Promise<Loaded> {
  const file = readYamlFile(path);
  const { value: content, diagnostics } = validate('test', testFileSchema, file);
  if (!content) return { file, diagnostics };
  const rulesPath = resolve(dirname(path), content.rules);
  const isThere = !isTestFile(rulesPath) && (await kindOf(rulesPath)) === 'file';
  const test = { file, content, rulesPath: isThere ? rulesPath : undefined };
  return { file, test, diagnostics: isThere ? diagnostics : [...diagnostics, noRules(file, content)] };
}

function noRules(file: LocatedFile, { rules }: TestFile): Diagnostic {
  const message = isTestFile(rules)
    ? `${show(rules)} is a test file`
    : `there is no rule file ${show(rules)}`;
  const remedy = 'name the rule file, from the folder of this file';
  return { severity: 'error', file: file.file, ...file.locate(['rules']), message, remedy };
}
