/**
 * `headgate replay --write-test FILE`: what was replayed as a test of the rules, with what came of it as expectations.
 *
 * The file is written, played as `headgate test` plays it, and written again without what a test cannot repeat: in a
 * test readings arrive in order of their times, in a recording perhaps not.
 */

import { writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { kindOf } from '../../config/files.ts';
import { GatewayError, messageOf } from '../../core/errors.ts';
import type { Alert, Point } from '../../core/types.ts';
import type { Rows } from '../../expression/rows.ts';
import type { DevicePlan } from '../../rules/plan.ts';
import { UsageError } from '../failure.ts';
import { explain } from '../test/explain.ts';
import { stageTests } from '../test/load.ts';
import { play } from '../test/play.ts';
import { createRecordedReadings } from './recorded-readings.ts';
import { type RecordedExpectation, type RecordedTest, testText } from './test-text.ts';

export interface TestWriter {
  watch(device: DevicePlan, rows: Rows): void;
  add(points: readonly Point[], alerts: readonly Alert[]): void;
  /** Writes the file; gives a line for people. */
  write(name: string): Promise<string>;
}

export interface WriteTestOptions {
  readonly file: string;
  /** The rule file that is tested. */
  readonly rules: string | undefined;
  readonly config: string | undefined;
}

/** A test is to be read by people: longer recordings are cut with --from and --to. */
const mostReadings = 5000;
/** Of more points only those at the changes of alerts are expected. */
const mostPoints = 200;
const mostAlerts = 200;

/** Throws UsageError when no test could be written of this replay. */
export async function createTestWriter(options: WriteTestOptions): Promise<TestWriter> {
  await refuseOptions(options);
  const readings = createRecordedReadings(mostReadings);
  const points: Point[] = [];
  const alerts: Alert[] = [];
  let pointCount = 0;

  return {
    watch: readings.add,
    add(newPoints, newAlerts) {
      pointCount += newPoints.length;
      // All points of so few readings are few; of too many readings nothing is written.
      if (readings.count <= mostReadings) points.push(...newPoints);
      if (alerts.length <= mostAlerts)
        alerts.push(...newAlerts.filter(({ reminder }) => reminder === undefined));
    },
    async write(name) {
      if (readings.count === 0)
        throw new GatewayError('no reading to write a test of', {
          remedy: 'see the summary above for what became of the rows',
        });
      if (readings.count > mostReadings) throw tooMuch(`${readings.count} readings are`, `${mostReadings}`);
      if (alerts.length > mostAlerts) throw tooMuch('the changes of alerts are', `${mostAlerts}`);
      const feeds = readings.feeds();
      const startMs = Math.floor(feeds[0]!.firstMs / 60_000) * 60_000;
      const expectations = expectationsOf(points, alerts, startMs);
      if (expectations.length === 0) {
        const remedy = 'there is nothing to expect; choose a stretch in which a window closes';
        throw new GatewayError('neither a point nor an alert came of these readings', { remedy });
      }
      const rules = relative(dirname(resolve(options.file)), resolve(options.rules!));
      const shown =
        pointCount > mostPoints ? ['points at the changes of alerts only: there were too many'] : [];
      const test = {
        rules,
        name,
        startMs,
        feeds,
        expectations,
        notes: ['Written by headgate replay.', ...shown],
      };
      return proven(test, options);
    },
  };
}

async function refuseOptions({ file, rules }: WriteTestOptions): Promise<void> {
  if (rules === undefined || (await kindOf(rules)) !== 'file') {
    const remedy = 'name it: --rules rules/NAME.yaml --write-test rules/NAME.test.yaml';
    throw new UsageError('a test is of one rule file', { remedy });
  }
  if (!/\.test\.ya?ml$/.test(file)) {
    throw new UsageError(`${file} is no name of a test file`, { remedy: 'end it in .test.yaml' });
  }
  if ((await kindOf(file)) !== undefined) {
    throw new UsageError(`${file} is there already`, { remedy: 'choose another name, or remove it first' });
  }
}

function tooMuch(what: string, limit: string): GatewayError {
  const remedy = 'choose a stretch with --from and --to, or one device with --device';
  return new GatewayError(`${what} too many for a test: at most ${limit}`, { remedy });
}

/** In order of time; of one time alerts come first. */
function expectationsOf(
  points: readonly Point[],
  alerts: readonly Alert[],
  startMs: number,
): RecordedExpectation[] {
  const changes = new Set(alerts.map(({ atMs }) => atMs));
  const last = [...new Map(points.map((point) => [identityOf(point), point])).values()];
  const shown = last.length > mostPoints ? last.filter(({ timeMs }) => changes.has(timeMs)) : last;
  const all: (readonly [ms: number, RecordedExpectation])[] = [
    ...alerts.map((alert) => [alert.atMs, { alert }] as const),
    ...shown.slice(0, mostPoints).map((point) => [point.timeMs, { point }] as const),
  ];
  return all
    .filter(([ms]) => ms >= startMs)
    .sort(([a], [b]) => a - b)
    .map(([, expectation]) => expectation);
}

/** Of a point that was written again the last one counts. */
function identityOf({ measurement, tags, timeMs }: Point): string {
  return JSON.stringify([measurement, timeMs, Object.entries(tags).sort()]);
}

async function proven(test: RecordedTest, options: WriteTestOptions): Promise<string> {
  await save(options.file, testText(test));
  const holding = await repeated(test.expectations, options);
  const lost = test.expectations.length - holding.length;
  const wrote = `wrote ${options.file}: ${test.feeds.length} feeds, ${holding.length} expectations`;
  if (lost === 0) return wrote;
  const why = 'they need readings out of order, or ones from before the stretch';
  const note = `Left out ${lost} expectations that a test does not repeat: ${why}.`;
  await save(options.file, testText({ ...test, expectations: holding, notes: [...test.notes, note] }));
  return `${wrote}; ${lost} left out that a test does not repeat: ${why}`;
}

/** Those of the expectations that hold when the file is played. */
async function repeated(
  expectations: readonly RecordedExpectation[],
  { file, config }: WriteTestOptions,
): Promise<RecordedExpectation[]> {
  const { files } = await stageTests([file], config, process.env);
  const { test, stage } = files[0]!;
  const [written] = test.content.tests;
  const played = play(written!, stage);
  return expectations.filter((_, i) => explain(written!.expect[i]!, written!.startMs, played) === undefined);
}

async function save(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new GatewayError(`cannot write ${file}: ${messageOf(error)}`, {
      remedy: 'name a file you may write',
    });
  }
}
