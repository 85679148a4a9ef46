/**
 * `node bench/nab.ts FOLDER`: how the anomaly functions do on the Numenta Anomaly Benchmark, the tables of
 * docs/anomaly.md. FOLDER is `data`'s parent, with `labels/windows.json` beside it (github.com/numenta/NAB).
 *
 * A labelled window is found when a value in it is over the threshold. Alarms outside of windows are false; those
 * within an hour of the one before are one. The first 15 % of a series are for learning, as in the benchmark. Constants of
 * `anomaly` were chosen on every other series (in the order of their names, from the first); the rest is the test.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Detector } from '../src/detectors/detector.ts';
import { detectors } from '../src/detectors/index.ts';

const hourMs = 3_600_000;
const weekMs = 168 * hourMs;
const learningShare = 0.15;

interface Series {
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
  readonly windows: readonly (readonly [fromMs: number, toMs: number])[];
}

interface Score {
  found: number;
  windows: number;
  falseAlarms: number;
  weeks: number;
}

const folder = process.argv[2];
if (folder === undefined) {
  process.stderr.write('usage: node bench/nab.ts FOLDER\n');
  process.exit(2);
}

const timeOf = (text: string): number => Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`);

function readSeries(root: string): Series[] {
  const labels = JSON.parse(readFileSync(join(root, 'labels/windows.json'), 'utf8'));
  const names = readdirSync(join(root, 'data'), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.csv'))
    .sort()
    .map((name) => {
      const lines = readFileSync(join(root, 'data', name), 'utf8')
        .trim()
        .split('\n')
        .slice(1);
      const cells = lines.map((line) => line.split(','));
      return {
        timesMs: cells.map(([time]) => timeOf(time!)),
        values: cells.map(([, value]) => Number(value)),
        windows: labels[name].map((window: string[]) => window.map(timeOf)),
      };
    });
}

function answersOf(detector: Detector, { timesMs, values }: Series): number[] {
  detector.grow(1);
  return values.map((x, i) => {
    const answer = detector.judge(0, timesMs[i]!, x);
    detector.learn(0, timesMs[i]!, x);
    return answer;
  });
}

function addScore(
  score: Score,
  { timesMs, windows }: Series,
  answers: readonly number[],
  threshold: number,
): void {
  const fromMs = timesMs[Math.floor(timesMs.length * learningShare)]!;
  const found = new Set<number>();
  let lastFalseMs = Number.NEGATIVE_INFINITY;
  for (const [i, tMs] of timesMs.entries()) {
    if (tMs < fromMs || !(Math.abs(answers[i]!) > threshold)) continue;
    const window = windows.findIndex(([from, to]) => tMs >= from && tMs <= to);
    if (window >= 0) found.add(window);
    else {
      if (tMs - lastFalseMs > hourMs) score.falseAlarms++;
      lastFalseMs = tMs;
    }
  }
  score.found += found.size;
  score.windows += windows.filter(([, to]) => to >= fromMs).length;
  score.weeks += (timesMs.at(-1)! - fromMs) / weekMs;
}

const candidates: readonly [written: string, make: () => Detector, thresholds: readonly number[]][] = [
  ['anomaly(x)', () => detectors.anomaly(), [0.95, 0.98, 0.99, 0.999]],
  ['spike(x)', () => detectors.spike(), [0]],
  ['zscore(x, 24h)', () => detectors.zscore([24 * hourMs]), [4, 6]],
  ['zscore(x, 1h)', () => detectors.zscore([hourMs]), [4, 6]],
  ['mad(x, 24h)', () => detectors.mad([24 * hourMs]), [5, 8]],
  ['mad(x, 1h)', () => detectors.mad([hourMs]), [5, 8]],
  ['cusum(x, 24h)', () => detectors.cusum([24 * hourMs, 0.5]), [5, 15]],
  ['drift(x)', () => detectors.drift([hourMs, 24 * hourMs]), [3, 4]],
];

const all = readSeries(folder);

function cellOf(half: number, make: () => Detector, threshold: number): string {
  const score: Score = { found: 0, windows: 0, falseAlarms: 0, weeks: 0 };
  for (const [i, series] of all.entries()) {
    if (i % 2 === half) addScore(score, series, answersOf(make(), series), threshold);
  }
  return `${score.found} of ${score.windows} | ${(score.falseAlarms / score.weeks).toFixed(1)}`;
}

/** Mean absolute errors at a horizon, as a share of those of "it stays as it is": their geometric mean over the series. */
function forecastError(horizonMs: number): number {
  const logs = all.flatMap((series) => {
    const said = answersOf(detectors.forecast([horizonMs]), series);
    const { timesMs, values } = series;
    let [error, unchanged, later] = [0, 0, 0];
    for (let i = Math.floor(timesMs.length * learningShare); i < timesMs.length; i++) {
      while (later < timesMs.length && timesMs[later]! < timesMs[i]! + horizonMs) later++;
      if (later === timesMs.length || timesMs[later]! - timesMs[i]! > 1.5 * horizonMs) continue;
      error += Math.abs(said[i]! - values[later]!);
      unchanged += Math.abs(values[i]! - values[later]!);
    }
    return unchanged > 0 ? [Math.log(error / unchanged)] : [];
  });
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
print('| condition | found, chosen on | false a week | found, test | false a week |\n|---|---|---|---|---|');
for (const [written, make, thresholds] of candidates) {
  for (const threshold of thresholds) {
    const condition = written === 'spike(x)' ? written : `${written} > ${threshold}`;
    print(`| \`${condition}\` | ${cellOf(0, make, threshold)} | ${cellOf(1, make, threshold)} |`);
  }
}
for (const hours of [0.5, 1, 6, 24]) {
  print(`forecast, ${hours} h ahead: ${forecastError(hours * hourMs).toFixed(2)} of the error of no change`);
}
