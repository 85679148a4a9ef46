/** The real data of `test/data`, as messages to publish and as readings for the oracle, and a gateway to feed. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aggregatesOf, type OracleReading, windowsOf } from './oracle.ts';
import type { Influxd } from './peers/influxd.ts';

export interface Message {
  readonly topic: string;
  readonly payload: string;
}

const read = (name: string): string => readFileSync(join(import.meta.dirname, 'data', name), 'utf8');
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** Lines of `<received> <topic> <payload>`; topics hold no spaces before the payload's brace in this excerpt's form. */
function dump(name: string): Message[] {
  return lines(read(name)).map((line) => {
    const brace = line.indexOf(' {"');
    const space = line.indexOf(' ');
    return { topic: line.slice(space + 1, brace), payload: line.slice(brace + 1) };
  });
}

export const positionsPath = join(import.meta.dirname, 'data/hsl-bus/positions.dump');
export const positions = dump('hsl-bus/positions.dump');
export const counts = dump('hsl-bus/counts.dump');

/** The machine's readings, each as its controller could publish it. */
export const temperatures: readonly Message[] = lines(read('machine/temperature.csv'))
  .slice(1)
  .map((line) => {
    const [timestamp, value] = line.split(',');
    return {
      topic: 'plant/press-1/bearing',
      payload: JSON.stringify({ at: timestamp, temp: Number(value) }),
    };
  });

/** What a level probe writes on its serial line: time, litres, pump. */
export const levels: readonly string[] = Array.from({ length: 400 }, (_, i) => {
  const at = new Date(Date.UTC(2024, 0, 15, 6, 0, i * 7)).toISOString();
  return `${at};${(500 + 40 * Math.sin(i / 25)).toFixed(2)};${i % 50 < 10 ? 1 : 0}`;
});

export const latenessMs = 5000;

export function files(options: {
  readonly brokerPort: number;
  readonly plantPort: number;
  readonly serialPath: string;
  readonly influxUrl: string;
}): Record<string, string> {
  const profile = `lateness: 5s\nidle_after: 3s\n`;
  return {
    'headgate.yaml': `gateway: test-depot
batch: 100ms
sources:
  mqtt: { broker: { listen: [{ port: ${options.brokerPort}, host: 127.0.0.1 }] } }
  plant: { mqtt: { url: "mqtt://127.0.0.1:${options.plantPort}", client_id: test-depot } }
  probe: { serial: { path: "${options.serialPath}", baud: 9600, framing: line } }
forward:
  influx: { url: "${options.influxUrl}", database: fleet }
`,
    'devices/bus-position.yaml': `device: bus-position
source: mqtt
topic: /hfp/v2/+/ongoing/vp/bus/{operator}/{vehicle}/#
codec: json
time: { path: VP.tst, format: rfc3339 }
fields:
  speed: { path: VP.spd }
  odometer: { path: VP.odo, type: integer }
${profile}`,
    'devices/bus-counter.yaml': `device: bus-counter
source: mqtt
topic: /hfp/v2/journey/ongoing/apc-partial/bus/{operator}/{vehicle}
codec: json
time: { path: APC.tst, format: rfc3339 }
fields:
  load: { path: APC.vehiclecounts.vehicleload, type: integer }
${profile}`,
    'devices/press.yaml': `device: press
source: plant
topic: plant/{machine}/bearing
codec: json
time: { path: at, format: "%Y-%m-%d %H:%M:%S", zone: UTC }
fields:
  temp: { path: temp, unit: degF }
${profile}`,
    'devices/level.yaml': `device: level
source: probe
codec: { csv: { columns: [at, litres, pump], delimiter: ";" } }
time: { path: at, format: rfc3339 }
tags: { place: { value: wash-pit } }
fields:
  litres: { path: litres }
  pump: { path: pump, type: boolean }
${profile}`,
    'rules/all.yaml': `rules:
  - name: speed-minute
    from: bus-position
    by: [vehicle]
    window: { tumbling: 1m }
    compute: { count: count(), sum: sum(speed), avg: avg(speed), min: min(speed), max: max(speed), first: first(speed),
      last: last(speed), stddev: stddev(speed), p90: "percentile(speed, 90)" }
  - name: driven
    from: bus-position
    by: [vehicle]
    window: { sliding: 2m, every: 30s }
    compute: { count: count(), delta: delta(odometer), rate: rate(odometer) }
  - name: load-each
    from: bus-counter
    where: load >= 0
    forward: true
  - name: bearing-hour
    from: press
    window: { sliding: 1h, every: 5m }
    compute: { count: count(), avg: avg(temp), min: min(temp), max: max(temp), last: last(temp), stddev: stddev(temp),
      p90: "percentile(temp, 90)" }
  - name: level-minute
    from: level
    window: { tumbling: 1m }
    compute: { count: count(), avg: avg(litres), min: min(litres), max: max(litres) }
`,
  };
}

export interface ExpectedPoint {
  readonly key: string;
  readonly timeMs: number;
  readonly fields: Readonly<Record<string, number | null>>;
}

interface Computed {
  readonly tag: string;
  readonly points: readonly ExpectedPoint[];
}

function windowed(
  readings: readonly OracleReading[],
  lengthMs: number,
  everyMs: number,
  wanted: string,
): ExpectedPoint[] {
  return windowsOf(readings, lengthMs, everyMs, latenessMs).windows.map((window) => {
    const all = aggregatesOf(window);
    const fields = Object.fromEntries(wanted.split(' ').map((name) => [name, all[name]!]));
    return { key: window.key, timeMs: window.endMs, fields };
  });
}

const minute = 60_000;

interface Vp {
  readonly VP: { readonly tst: string; readonly spd: number | null; readonly odo: number | null };
}
interface Apc {
  readonly APC: { readonly tst: string; readonly vehiclecounts: { readonly vehicleload: number } };
}

/** Every point the rules above must give, computed from the messages by the oracle. */
export function expectedPoints(): Record<string, Computed> {
  // The same reading sent twice counts once.
  const seen = new Set<string>();
  const fresh = positions
    .map(({ topic, payload }) => ({ key: topic.split('/')[8]!, vp: (JSON.parse(payload) as Vp).VP }))
    .filter(({ key, vp }) => {
      const name = `${key} ${vp.tst}`;
      return !seen.has(name) && seen.add(name);
    });
  const of = (pick: (vp: Vp['VP']) => number | null): OracleReading[] =>
    fresh.map(({ key, vp }) => ({ key, timeMs: Date.parse(vp.tst), value: pick(vp) }));
  const bearing = temperatures.map(({ payload }) => {
    const { at, temp } = JSON.parse(payload) as { at: string; temp: number };
    return { key: 'press-1', timeMs: Date.parse(`${at.replace(' ', 'T')}Z`), value: temp };
  });
  const litres = levels.map((line) => {
    const [at, value] = line.split(';');
    return { key: 'wash-pit', timeMs: Date.parse(at!), value: Number(value) };
  });
  const loads = counts
    .map(({ topic, payload }) => ({ key: topic.split('/')[8]!, apc: (JSON.parse(payload) as Apc).APC }))
    .filter(({ apc }) => apc.vehiclecounts.vehicleload >= 0);
  return {
    'speed-minute': {
      tag: 'vehicle',
      points: windowed(
        of((vp) => vp.spd),
        minute,
        minute,
        'count sum avg min max first last stddev p90',
      ),
    },
    driven: {
      tag: 'vehicle',
      points: windowed(
        of((vp) => vp.odo),
        2 * minute,
        minute / 2,
        'count delta rate',
      ),
    },
    'load-each': {
      tag: 'vehicle',
      points: loads.map(({ key, apc }) => ({
        key,
        timeMs: Date.parse(apc.tst),
        fields: { load: apc.vehiclecounts.vehicleload },
      })),
    },
    'bearing-hour': {
      tag: 'machine',
      points: windowed(bearing, 60 * minute, 5 * minute, 'count avg min max last stddev p90'),
    },
    'level-minute': { tag: 'place', points: windowed(litres, minute, minute, 'count avg min max') },
  };
}

/** The points of one measurement as the database has them. */
export async function storedPoints(
  influxd: Influxd,
  measurement: string,
  tag: string,
): Promise<ExpectedPoint[]> {
  const series = await influxd.query(`SELECT * FROM "${measurement}" GROUP BY *`, 'fleet');
  return series.flatMap(({ tags, columns, values }) =>
    values.map((row) => {
      const fields = Object.fromEntries(
        columns.slice(1).map((name, i) => [name, row[i + 1] as number | null]),
      );
      return { key: tags![tag]!, timeMs: row[0] as number, fields };
    }),
  );
}

/** What is missing, extra or different, in words; empty when the two are equal. */
export function differences(actual: readonly ExpectedPoint[], expected: readonly ExpectedPoint[]): string[] {
  const nameOf = ({ key, timeMs }: ExpectedPoint): string => `${key} ${new Date(timeMs).toISOString()}`;
  const found = new Map(actual.map((point) => [nameOf(point), point]));
  const wanted = new Map(expected.map((point) => [nameOf(point), point]));
  const missing = [...wanted.keys()].filter((name) => !found.has(name)).map((name) => `missing: ${name}`);
  const extra = [...found.keys()].filter((name) => !wanted.has(name)).map((name) => `extra: ${name}`);
  const changed = [...wanted].flatMap(([name, { fields }]) =>
    Object.entries(fields)
      .filter(([field, value]) => found.has(name) && !near(found.get(name)!.fields[field] ?? null, value))
      .map(([field, value]) => `${name} ${field}: ${found.get(name)!.fields[field]} for ${value}`),
  );
  return [...missing, ...extra, ...changed];
}

function near(a: number | null, b: number | null): boolean {
  if (a === null || b === null) return a === b;
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}
