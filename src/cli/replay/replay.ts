/**
 * `headgate replay`: recorded data through the same engine as live data.
 *
 * Points go to stdout as line protocol; alerts, progress and the summary to stderr.
 * Invariant: memory does not grow with the size of the recording.
 */

import type { Alert, Point, SetAside } from '../../core/types.ts';
import {
  createState,
  type EngineStatus,
  finish,
  quietUntilMs,
  type StepResult,
  statusOf,
  step,
  watchReadings,
} from '../../engine/engine.ts';
import type { Plan } from '../../rules/plan.ts';
import { exitCodes, UsageError } from '../failure.ts';
import { printDiagnostics } from '../print-diagnostics.ts';
import { compileSetup, type Files, loadFiles } from '../setup.ts';
import { wantsColours } from '../table.ts';
import { alertLine } from './alert-line.ts';
import { createCutter, type RecordedBatch } from './cut.ts';
import { createEpisodeBook } from './episodes.ts';
import { openFiles } from './files.ts';
import type { FormatName } from './formats/index.ts';
import { openJournalRecording } from './journal.ts';
import { createPointWriter } from './point-writer.ts';
import { createProgressBar } from './progress.ts';
import { createRange } from './range.ts';
import type { Recording } from './recording.ts';
import { createSetAsideBook } from './set-aside.ts';
import { type Outcome, summaryLines } from './summary.ts';
import { createTestWriter, type TestWriter } from './write-test.ts';

export interface ReplayOptions {
  readonly files: readonly string[];
  /** What the gateway recorded, instead of files. */
  readonly journal: boolean;
  readonly device?: string | undefined;
  /** A rule file or a folder, in place of the gateway's own. */
  readonly rules?: string | undefined;
  readonly config?: string | undefined;
  /** Arrivals in `[from, to)`, in ms. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly format?: FormatName | undefined;
  /** Where to write what was replayed as a test, with what came of it. */
  readonly writeTest?: string | undefined;
}

/** Gives the exit code: 1 when nothing could be read. */
export async function replayCommand(options: ReplayOptions): Promise<number> {
  refuseContradictions(options);
  const testWriter = await testWriterOf(options);
  const files = await loadFiles(options.config, options.rules);
  // All mistakes in the files are said before the recording is looked at.
  printDiagnostics(compileSetup(files).warnings, process.stderr);
  const recording = await openRecording(options, files);
  try {
    const { config, plan } = compileSetup({ ...files, devices: recording.devices });
    const outcome = await replay(recording, plan, config.batchMs, options, testWriter);
    const lines = summaryLines(outcome, wantsColours(process.stderr));
    process.stderr.write(`${recording.name}: ${lines.join('\n')}\n`);
    if (testWriter !== undefined) {
      process.stderr.write(`${await testWriter.write(`replay of ${recording.name}`)}\n`);
    }
    return outcome.rows > outcome.badLines ? exitCodes.fine : exitCodes.wrong;
  } finally {
    await recording.close();
  }
}

async function testWriterOf({ writeTest, rules, config }: ReplayOptions): Promise<TestWriter | undefined> {
  return writeTest === undefined ? undefined : createTestWriter({ file: writeTest, rules, config });
}

function refuseContradictions({ files, journal, from, to, format }: ReplayOptions): void {
  if (journal && (files.length > 0 || format !== undefined)) {
    throw new UsageError('--journal replays what the gateway recorded, not files', {
      remedy: 'leave out --journal, or the files and --format',
    });
  }
  if (!journal && files.length === 0) {
    throw new UsageError('nothing to replay', {
      remedy: 'name recorded files, `-` for standard input, or --journal',
    });
  }
  if (from !== undefined && to !== undefined && from >= to) {
    throw new UsageError('--from is not before --to', { remedy: 'nothing arrives in between: swap them' });
  }
}

function openRecording(options: ReplayOptions, { config, devices }: Files): Promise<Recording> {
  const { files, journal, device, format } = options;
  return journal
    ? openJournalRecording(config, device, devices)
    : openFiles({ files, device, format }, devices);
}

async function replay(
  recording: Recording,
  plan: Plan,
  batchMs: number,
  { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: ReplayOptions,
  testWriter: TestWriter | undefined,
): Promise<Outcome> {
  const startedMs = performance.now();
  const book = createSetAsideBook();
  const counts = { rows: 0, unrouted: 0 };
  const writer = createPointWriter(process.stdout);
  const bar = createProgressBar(process.stderr);
  const range = createRange(from, to);
  const episodes = createEpisodeBook();
  const engine = startEngine(plan, testWriter?.watch, (points, alerts) => {
    writer.add(points);
    episodes.add(alerts);
    testWriter?.add(points, alerts);
    if (alerts.length === 0) return;
    bar.clear();
    writeAlerts(alerts);
  });
  const cutter = createCutter(batchMs, engine.quietUntilMs);

  for await (const block of recording.blocks(book, counts)) {
    range.keep(block);
    for (const batch of cutter.add(block)) {
      book.batch(batch, engine.run(batch));
      if (writer.isFull) await writer.flush();
    }
    await writer.flush();
    if (writer.isClosed) break;
    bar.update(recording.progress(), counts.rows);
  }
  for (const batch of cutter.end()) book.batch(batch, engine.run(batch));
  const status = engine.finish();
  await writer.flush();
  bar.clear();
  return {
    ...counts,
    badLines: book.lines,
    span: range.span,
    status,
    episodes: episodes.close(range.span?.lastMs ?? 0),
    reasons: book.reasons(),
    setAside: status.fates.noted + book.lines,
    backwards: cutter.backwards,
    outside: range.outside,
    points: writer.points,
    pointsLost: writer.lost,
    elapsedMs: performance.now() - startedMs,
  };
}

interface RunningEngine {
  /** Gives what was set aside of the batch. */
  run(batch: RecordedBatch): readonly SetAside[];
  finish(): EngineStatus;
  quietUntilMs(): number;
}

function startEngine(
  plan: Plan,
  watch: TestWriter['watch'] | undefined,
  give: (points: readonly Point[], alerts: readonly Alert[]) => void,
): RunningEngine {
  let state = createState(plan);
  watchReadings(state, watch);
  const take = (result: StepResult): readonly SetAside[] => {
    state = result.state;
    give(result.points, result.alerts);
    return result.setAside;
  };
  return {
    run: (batch) => take(step(state, batch)),
    finish() {
      take(finish(state));
      return statusOf(state);
    },
    quietUntilMs: () => quietUntilMs(state),
  };
}

function writeAlerts(alerts: readonly Alert[]): void {
  if (alerts.length === 0) return;
  const colours = wantsColours(process.stderr);
  process.stderr.write(alerts.map((alert) => `${alertLine(alert, colours)}\n`).join(''));
}
