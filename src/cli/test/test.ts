/**
 * `headgate test`: rule tests on virtual time, through the engine that judges live data.
 *
 * Not here: how one test is played and judged.
 */

import { writeFile } from 'node:fs/promises';
import { type Diagnostic, GatewayError, InvalidFiles, messageOf } from '../../core/errors.ts';
import { exitCodes, UsageError } from '../failure.ts';
import { type Output, printDiagnostics } from '../print-diagnostics.ts';
import { explain, titleOf, unusedLines } from './explain.ts';
import { junitXml } from './junit.ts';
import { type StagedFile, type StagedTests, stageTests } from './load.ts';
import { play } from './play.ts';
import { type FileOutcome, hasFailed, printFile, printSummary, type TestOutcome } from './report.ts';

export interface TestOptions {
  /** Test files, folders of them, or rule files beside them; none: the gateway's rules folder. */
  readonly paths: readonly string[];
  readonly config?: string | undefined;
  /** Where a report for build servers goes. */
  readonly junit?: string | undefined;
  /** Only tests with this text in their name. */
  readonly filter?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
}

/** Returns the exit code: 1 when a test failed or a file is wrong. */
export async function testCommand(options: TestOptions): Promise<number> {
  const { stdout, junit, filter } = options;
  const startedMs = performance.now();
  const staged = await stage(options);
  if (staged === undefined) return exitCodes.wrong;
  printDiagnostics(staged.warnings, stdout);
  const outcomes: FileOutcome[] = [];
  for (const file of staged.files) {
    const outcome = runFile(file, filter ?? '');
    if (outcome.tests.length === 0) continue;
    outcomes.push(outcome);
    printFile(outcome, stdout);
  }
  if (outcomes.length === 0) {
    throw new UsageError(`no test has ${JSON.stringify(filter)} in its name`, {
      remedy: 'leave out --filter',
    });
  }
  printSummary(outcomes, performance.now() - startedMs, stdout);
  if (junit !== undefined) await writeReport(junit, junitXml(outcomes));
  return outcomes.some(({ tests }) => tests.some(hasFailed)) ? exitCodes.wrong : exitCodes.fine;
}

/** Undefined, and the mistakes are shown, when a file is wrong. */
async function stage({ paths, config, junit, env, stdout }: TestOptions): Promise<StagedTests | undefined> {
  try {
    return await stageTests(paths, config, env);
  } catch (error) {
    if (!(error instanceof InvalidFiles)) throw error;
    printDiagnostics(error.diagnostics, stdout);
    if (junit !== undefined) await writeReport(junit, junitXml(mistakesOf(error.diagnostics)));
    return undefined;
  }
}

/** A build server must not go on showing the report of the run before: each wrong file is a failed test. */
function mistakesOf(diagnostics: readonly Diagnostic[]): FileOutcome[] {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  return [...Map.groupBy(errors, ({ file }) => file)].map(([file, own]) => {
    const failures = own.map(({ line, message, remedy }) => ({
      ...{ line, title: message },
      lines: remedy === undefined ? [] : [`remedy: ${remedy}`],
    }));
    return { file, tests: [{ name: 'is valid', line: 1, failures, notes: [], elapsedMs: 0 }] };
  });
}

function runFile({ test: { file, content }, stage }: StagedFile, filter: string): FileOutcome {
  const tests = content.tests.flatMap((test, i): TestOutcome[] => {
    if (!test.name.includes(filter)) return [];
    const startedMs = performance.now();
    const played = play(test, stage);
    const failures = test.expect.flatMap((expected, e) => {
      const lines = explain(expected, test.startMs, played);
      if (lines === undefined) return [];
      const { line } = file.locate(['tests', i, 'expect', e]);
      return [{ line, title: titleOf(expected, test.startMs), lines }];
    });
    const { line } = file.locate(['tests', i, 'name']);
    const notes = unusedLines(played);
    return [{ name: test.name, line, failures, notes, elapsedMs: performance.now() - startedMs }];
  });
  return { file: file.file, tests };
}

async function writeReport(path: string, xml: string): Promise<void> {
  try {
    await writeFile(path, xml);
  } catch (error) {
    throw new GatewayError(`cannot write ${path}: ${messageOf(error)}`, {
      remedy: 'name a file you may write',
    });
  }
}
