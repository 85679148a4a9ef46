/**
 * `headgate init`: from questions or flags to a gateway that can be run.
 *
 *     flags ─┬─▶ answers ──▶ files, in memory ──▶ connection test ──▶ written ──▶ check
 *     questions                                        └──▶ asked again, on a terminal
 *
 * Invariant: nothing is written before everything is answered, valid and tried; then all of it, whatever key is pressed. In
 * files that are there only what was asked is changed.
 */

import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { displayPath, kindOf, readTextFile, readYamlFile } from '../../config/files.ts';
import { checkConfigText, defaultConfigName } from '../../config/load.ts';
import { InvalidFiles } from '../../core/errors.ts';
import { type Finding, probeInflux } from '../../outbox/probe.ts';
import { checkCommand } from '../check.ts';
import { exitCodes, Refused } from '../failure.ts';
import { findingsText } from '../findings-text.ts';
import type { Terminal } from '../read-password.ts';
import { makeFolderOf, replaceFile } from '../replace-file.ts';
import type { Answers, Existing, InfluxAnswer } from './answers.ts';
import { createAsker } from './ask.ts';
import { type Planned, type PlannedFile, planFiles } from './files.ts';
import { answersOf, completed, type InitFlags } from './flags.ts';
import { type Asking, askForRest, askInflux } from './questions.ts';
import { gatewayTemplate } from './template.ts';

export interface InitOptions {
  readonly flags: InitFlags;
  readonly config: string | undefined;
  /** Asks nothing. */
  readonly yes: boolean;
  /** Writes nothing. */
  readonly dryRun: boolean;
  readonly terminal: Terminal;
  readonly stdout: { write(text: string): unknown };
}

/** Ctrl-C ends the process, as long as nothing is written. */
const never = new AbortController().signal;

/** Returns the exit code: 1 when points would not be taken, or the files have mistakes of before. */
export async function initCommand(options: InitOptions): Promise<number> {
  const { flags, terminal, stdout, dryRun, yes } = options;
  const existing = await readExisting(options.config);
  const given = await answersOf(flags, existing, terminal);
  const isAsking = !yes && terminal.stdin.isTTY === true;
  const asking = { asker: createAsker(terminal), terminal, existing, signal: never };
  const { planned, findings } = isAsking
    ? await byQuestions(given, asking)
    : await tried(await planFiles(existing, completed(given, existing, yes)), stdout);
  if (dryRun) {
    showFiles(planned.files, stdout);
    return worst(findings);
  }
  if (isAsking) await confirm(planned.files, asking);
  await writeFiles(planned.files, stdout);
  stdout.write('check:\n');
  const { path } = existing;
  const checked = await checkCommand({ paths: [], config: path, format: 'text', env: process.env, stdout });
  sayWhatIsNext(path, stdout);
  return Math.max(worst(findings), checked);
}

async function readExisting(config: string | undefined): Promise<Existing> {
  const named = resolve(config ?? defaultConfigName);
  const path = (await kindOf(named)) === undefined ? named : await realpath(named);
  const text = (await kindOf(path)) === undefined ? undefined : readTextFile(path);
  if (text !== undefined) {
    const { diagnostics } = readYamlFile(path);
    if (diagnostics.length > 0) throw new InvalidFiles(diagnostics);
  }
  const loaded = checkConfigText(path, text ?? gatewayTemplate, process.env);
  if (loaded.config === undefined) throw new InvalidFiles(loaded.diagnostics);
  const hasName = text !== undefined && loaded.file.peek('gateway') !== undefined;
  const forward =
    text === undefined ? undefined : (loaded.file.value as { forward?: object } | null)?.forward;
  const forwardsOnlyToInflux = Object.keys(forward ?? {}).join() === 'influx';
  return { path, text, config: loaded.config, hasName, forwardsOnlyToInflux };
}

interface Tried {
  readonly planned: Planned;
  readonly findings: readonly Finding[];
}

async function byQuestions(given: Answers, asking: Asking): Promise<Tried> {
  const { existing, asker, terminal } = asking;
  let answers = await askForRest(given, asking);
  for (;;) {
    const planned = await planFiles(existing, answers);
    const { findings } = await tried(planned, terminal.stderr);
    const isFine = worst(findings) === exitCodes.fine;
    if (isFine || !(await asker.yes('Answer about InfluxDB once more?', true))) return { planned, findings };
    const again = await askInflux(asking, planned.config.forward.influx);
    answers = { ...answers, influx: withSecretOf(answers.influx, again) };
  }
}

/** Enter stands for the secret that was typed before and is in no file yet. */
function withSecretOf(before: Answers['influx'], again: InfluxAnswer | 'files'): InfluxAnswer | 'files' {
  if (before === undefined || before === 'files' || again === 'files') return again;
  const isSame = 'bucket' in before === 'bucket' in again && before.secret !== undefined;
  return isSame && again.secret === undefined ? { ...again, secret: before.secret! } : again;
}

async function tried(planned: Planned, output: { write(text: string): unknown }): Promise<Tried> {
  if (planned.influx === undefined) return { planned, findings: [] };
  const findings = await probeInflux(planned.influx, { signal: never });
  output.write(`connection to ${planned.influx.url}:\n${findingsText(findings)}`);
  return { planned, findings };
}

function worst(findings: readonly Finding[]): number {
  return findings.some(({ state }) => state === 'fail') ? exitCodes.wrong : exitCodes.fine;
}

async function confirm(files: readonly PlannedFile[], { asker }: Asking): Promise<void> {
  if (files.length === 0) return;
  asker.say(`To be written:\n${files.map(({ path }) => `  ${displayPath(path)}`).join('\n')}`);
  if (await asker.yes('Write it?', true)) return;
  throw new Refused('given up', { remedy: 'nothing was written' });
}

function showFiles(files: readonly PlannedFile[], stdout: InitOptions['stdout']): void {
  for (const { path, text, isSecret } of files) {
    const shown = isSecret ? '(a secret: not shown)\n' : text;
    stdout.write(`would write ${displayPath(path)}:\n${shown.replace(/^(?=.)/gm, '    ')}`);
  }
  if (files.length === 0) stdout.write('would write nothing: all is as it shall be\n');
}

/** Ctrl-C waits until the last of them is there. */
async function writeFiles(files: readonly PlannedFile[], stdout: InitOptions['stdout']): Promise<void> {
  const ignore = (): void => {};
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, ignore);
  try {
    for (const { path, text, privacy } of files) {
      await makeFolderOf(path);
      await replaceFile(path, text, privacy);
      stdout.write(`wrote ${displayPath(path)}\n`);
    }
  } finally {
    for (const signal of signals) process.off(signal, ignore);
  }
}

/** Where a package has installed the service. */
const installedPath = '/etc/headgate/headgate.yaml';

function sayWhatIsNext(path: string, stdout: InitOptions['stdout']): void {
  const isHere = path === resolve(defaultConfigName);
  const option = isHere ? '' : ` -c ${displayPath(path)}`;
  const [first, second] =
    path === installedPath
      ? ['systemctl restart headgate', 'headgate status']
      : [`headgate run${option}`, `headgate status${option}`];
  stdout.write(
    `next:\n  ${first.padEnd(30)} run it\n  ${second.padEnd(30)} in another terminal: what it is doing\n`,
  );
}
