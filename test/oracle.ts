/**
 * Windows computed a second time, from their definition, sharing no code with the engine.
 *
 * A reading of a key counts in every window `[end - length, end)` that holds its time and whose end the key's watermark
 * (latest time before it − lateness) has not reached. All readings are in one list; nothing is folded or merged.
 */

export interface OracleReading {
  readonly key: string;
  readonly timeMs: number;
  readonly value: number | null;
}

export interface OracleWindow {
  readonly key: string;
  readonly endMs: number;
  /** In order of time, arrival breaking ties. */
  readonly values: readonly (number | null)[];
  readonly timesMs: readonly number[];
}

/** Readings in order of arrival. Windows are aligned to the epoch; each window of each key that has a reading. */
export function windowsOf(
  readings: readonly OracleReading[],
  lengthMs: number,
  everyMs: number,
  latenessMs: number,
): { windows: OracleWindow[]; late: number } {
  const latest = new Map<string, number>();
  const held = new Map<string, { key: string; endMs: number; readings: OracleReading[] }>();
  let late = 0;
  for (const reading of readings) {
    const watermarkMs = (latest.get(reading.key) ?? Number.NEGATIVE_INFINITY) - latenessMs;
    let counted = false;
    const lastStartMs = reading.timeMs - (((reading.timeMs % everyMs) + everyMs) % everyMs);
    for (let startMs = lastStartMs; startMs > reading.timeMs - lengthMs; startMs -= everyMs) {
      const endMs = startMs + lengthMs;
      if (endMs <= watermarkMs) continue;
      counted = true;
      const name = `${reading.key}|${endMs}`;
      const window = held.get(name) ?? { key: reading.key, endMs, readings: [] };
      window.readings.push(reading);
      held.set(name, window);
    }
    if (!counted) late += 1;
    latest.set(reading.key, Math.max(latest.get(reading.key) ?? Number.NEGATIVE_INFINITY, reading.timeMs));
  }
  const windows = [...held.values()].map(({ key, endMs, readings: inside }) => {
    const ordered = inside.toSorted((a, b) => a.timeMs - b.timeMs);
    return {
      key,
      endMs,
      values: ordered.map(({ value }) => value),
      timesMs: ordered.map(({ timeMs }) => timeMs),
    };
  });
  return { windows, late };
}

const present = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);

/** Every aggregate of one window; null where there is nothing to say. */
export function aggregatesOf({ values, timesMs }: OracleWindow): Record<string, number | null> {
  const xs = present(values);
  const times = timesMs.filter((_, i) => values[i] !== null);
  const sum = xs.reduce((a, b) => a + b, 0);
  const mean = sum / xs.length;
  const squares = xs.reduce((a, x) => a + (x - mean) ** 2, 0);
  const growth = xs.slice(1).reduce((a, x, i) => a + (x < xs[i]! ? x : x - xs[i]!), 0);
  const seconds = (times.at(-1)! - times[0]!) / 1000;
  return {
    count: values.length,
    sum: xs.length > 0 ? sum : null,
    avg: xs.length > 0 ? mean : null,
    min: xs.length > 0 ? Math.min(...xs) : null,
    max: xs.length > 0 ? Math.max(...xs) : null,
    first: xs[0] ?? null,
    last: xs.at(-1) ?? null,
    delta: xs.length > 1 ? growth : null,
    rate: xs.length > 1 && seconds > 0 ? growth / seconds : null,
    stddev: xs.length > 1 ? Math.sqrt(squares / (xs.length - 1)) : null,
    p90: quantile(xs, 0.9),
  };
}

function quantile(xs: readonly number[], q: number): number | null {
  if (xs.length === 0) return null;
  const sorted = xs.toSorted((a, b) => a - b);
  const rank = q * (sorted.length - 1);
  const below = sorted[Math.floor(rank)]!;
  const above = sorted[Math.ceil(rank)]!;
  return below + (above - below) * (rank - Math.floor(rank));
}
