/**
 * The readings of a recording as feeds of a test: by device and tags, in stretches of even steps.
 *
 * Invariant: times are rounded to the millisecond, the finest a test can say. Not here: how a feed is written.
 */

import type { FieldValue } from '../../core/types.ts';
import { tagsOf } from '../../engine/series.ts';
import { cellOf } from '../../engine/verdict.ts';
import type { Rows } from '../../expression/rows.ts';
import type { DevicePlan } from '../../rules/plan.ts';

type Value = FieldValue | null;

export interface RecordedFeed {
  readonly device: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly firstMs: number;
  readonly everyMs: number;
  /** By field; equally many each. */
  readonly values: Readonly<Record<string, readonly Value[]>>;
}

export interface RecordedReadings {
  /** Takes every row of a chunk. */
  add(device: DevicePlan, rows: Rows): void;
  readonly count: number;
  /** Earliest first. */
  feeds(): RecordedFeed[];
}

interface Reading {
  readonly ms: number;
  readonly values: readonly Value[];
}

interface Series {
  readonly device: DevicePlan;
  readonly tags: Readonly<Record<string, string>>;
  readonly readings: Reading[];
}

/** What comes beyond `most` is counted, and not kept. */
export function createRecordedReadings(most: number): RecordedReadings {
  const all = new Map<string, Series>();
  let count = 0;

  function seriesOf(device: DevicePlan, rows: Rows, id: number): Series {
    const key = JSON.stringify([device.profile.device, id]);
    let series = all.get(key);
    if (series === undefined) {
      series = { device, tags: tagsOf(rows.table, device.tags, id), readings: [] };
      all.set(key, series);
    }
    return series;
  }

  return {
    add(device, rows) {
      for (let row = 0; row < rows.n; row++) {
        count += 1;
        if (count > most) continue;
        const values = device.fields.map(({ type }, slot) => cellOf(rows.columns[slot]!, type, row));
        seriesOf(device, rows, rows.series[row]!).readings.push({
          ms: Math.round(rows.eventMs[row]!),
          values,
        });
      }
    },
    get count() {
      return count;
    },
    feeds: () => [...all.values()].flatMap(feedsOf).sort((a, b) => a.firstMs - b.firstMs),
  };
}

/** The step of a feed of one reading, which has none. */
const anyStepMs = 1000;

function feedsOf({ device, tags, readings }: Series): RecordedFeed[] {
  // A reading without any value was never sent, as a test has it.
  const sent = readings.filter(({ values }) => values.some((value) => value !== null));
  const inOrder = sent.toSorted((a, b) => a.ms - b.ms);
  return stretchesOf(inOrder).map((stretch) => ({
    device: device.profile.device,
    tags,
    firstMs: stretch[0]!.ms,
    everyMs: stretch.length > 1 ? stretch[1]!.ms - stretch[0]!.ms : anyStepMs,
    values: Object.fromEntries(
      device.fields.map(({ name }, slot) => [name, stretch.map(({ values }) => values[slot]!)]),
    ),
  }));
}

function stretchesOf(readings: readonly Reading[]): Reading[][] {
  const stretches: Reading[][] = [];
  let current: Reading[] = [];
  for (const reading of readings) {
    const step = current.length > 1 ? current[1]!.ms - current[0]!.ms : undefined;
    const since = current.length > 0 ? reading.ms - current.at(-1)!.ms : undefined;
    const goesOn = since === undefined || (since > 0 && (step === undefined || since === step));
    if (!goesOn) {
      stretches.push(current);
      current = [];
    }
    current.push(reading);
  }
  return current.length > 0 ? [...stretches, current] : stretches;
}
