/**
 * Lets others see what passes: frames and readings as they are processed, points and alerts once they are durable.
 *
 * Invariants: costs nothing while nobody looks; nothing that is shown is waited for; of one batch a tap is shown at most
 * `mostPerBatch`, and told how many it missed.
 * Not here: where it goes.
 */

import type { Batch, Route } from '../core/frame.ts';
import type { Passing, PassingFrame, PassingKind, PassingReading } from '../core/passing.ts';
import type { Alert, Point } from '../core/types.ts';
import type { Rows } from '../expression/rows.ts';
import type { DevicePlan } from '../rules/plan.ts';
import type { EngineState } from './engine.ts';
import type { Output } from './output.ts';
import { tagsOf } from './series.ts';
import { cellOf } from './verdict.ts';

type Tags = Readonly<Record<string, string>>;

export interface Tap {
  readonly kind: PassingKind;
  /** Absent: of all devices, of all rules. */
  readonly devices?: ReadonlySet<string>;
  readonly rules?: ReadonlySet<string>;
  /** Only with these tags. */
  readonly tags: Tags;
  show(passing: Passing): void;
  missed(count: number): void;
}

export interface Taps {
  /** Gives how to end it. */
  open(tap: Tap): () => void;
  /** What `watchReadings` of the engine is to be given; changes when a tap is opened or ended. */
  readonly watch: Output['watch'];
  /** Before a batch is processed. */
  frames(batch: Batch, state: EngineState): void;
  /** After its results were made durable. */
  results(points: readonly Point[], alerts: readonly Alert[]): void;
}

export const mostPerBatch = 2000;
const mostBytes = 4096;

interface Open extends Tap {
  shown: number;
  missing: number;
}

/** `changed` is called when `watch` is another one. */
export function createTaps(changed: (watch: Output['watch']) => void): Taps {
  const taps = new Set<Open>();
  const of = (kind: PassingKind): Open[] => [...taps].filter((tap) => tap.kind === kind);
  let watch: Output['watch'];

  function findWatch(): void {
    const readings = of('readings');
    watch =
      readings.length === 0
        ? undefined
        : (device, rows, offsetMs) => showRows(readings, device, rows, offsetMs);
    changed(watch);
  }

  return {
    get watch() {
      return watch;
    },
    open(tap) {
      const one: Open = { ...tap, shown: 0, missing: 0 };
      taps.add(one);
      findWatch();
      return () => {
        taps.delete(one);
        findWatch();
      };
    },
    frames(batch, state) {
      if (taps.size === 0) return;
      for (const tap of taps) tap.shown = 0;
      const frames = of('frames');
      if (frames.length > 0) showFrames(frames, batch, state);
    },
    results(points, alerts) {
      if (taps.size === 0) return;
      for (const tap of of('points')) {
        for (const point of points) {
          if (isAbout(tap.rules, point.measurement) && hasTags(tap, point.tags))
            offer(tap, () => ({ kind: 'points', point }));
        }
      }
      for (const tap of of('alerts')) {
        for (const alert of alerts) {
          if (isAbout(tap.rules, alert.rule) && hasTags(tap, alert.key))
            offer(tap, () => ({ kind: 'alerts', alert }));
        }
      }
      for (const tap of taps) {
        if (tap.missing > 0) tap.missed(tap.missing);
        tap.missing = 0;
      }
    },
  };
}

function offer(tap: Open, passing: () => Passing): void {
  if (tap.shown === mostPerBatch) {
    tap.missing += 1;
    return;
  }
  tap.shown += 1;
  tap.show(passing());
}

function isAbout(names: ReadonlySet<string> | undefined, name: string): boolean {
  return names === undefined || names.has(name);
}

function hasTags({ tags }: Tap, found: Tags): boolean {
  return Object.entries(tags).every(([name, value]) => (found[name] ?? '') === value);
}

function showRows(taps: readonly Open[], device: DevicePlan, rows: Rows, offsetMs: number): void {
  const name = device.profile.device;
  for (const tap of taps) {
    if (!isAbout(tap.devices, name)) continue;
    for (let row = 0; row < rows.n; row++) {
      const tags = tagsOf(rows.table, device.tags, rows.series[row]!);
      if (hasTags(tap, tags))
        offer(tap, () => ({ kind: 'readings', reading: readingOf(device, tags, rows, row, offsetMs) }));
    }
  }
}

function readingOf(
  device: DevicePlan,
  tags: Tags,
  rows: Rows,
  row: number,
  offsetMs: number,
): PassingReading {
  return {
    device: device.profile.device,
    tags,
    eventMs: rows.eventMs[row]!,
    arrivalMs: rows.arrivalMs[row]! + offsetMs,
    values: Object.fromEntries(
      device.fields.map(({ name, type }, slot) => [name, cellOf(rows.columns[slot]!, type, row)]),
    ),
  };
}

function showFrames(taps: readonly Open[], batch: Batch, state: EngineState): void {
  const known = new Map<Route, readonly string[]>();
  const devicesOf = (route: Route): readonly string[] => {
    const found =
      known.get(route) ??
      state.devices.flatMap(({ decoder }) =>
        decoder.match(route) === undefined ? [] : [decoder.plan.profile.device],
      );
    known.set(route, found);
    return found;
  };
  for (const span of batch.spans) {
    span.visit((r, buffer, start, end, arrivalMs) => {
      const route = span.routes[r]!;
      const devices = devicesOf(route);
      for (const tap of taps) {
        if (tap.devices !== undefined && !devices.some((name) => tap.devices!.has(name))) continue;
        const payload = buffer.subarray(start, end);
        const dayMs = arrivalMs + (span.clock?.offsetMs ?? 0);
        offer(tap, () => ({ kind: 'frames', frame: frameOf(route, payload, dayMs, devices) }));
      }
    });
  }
}

function frameOf(
  { source, topic }: Route,
  payload: Buffer,
  arrivalMs: number,
  devices: readonly string[],
): PassingFrame {
  const first = payload.subarray(0, mostBytes);
  const text = first.toString();
  const isText = !text.slice(0, -1).includes('\ufffd');
  return {
    ...{ source, topic, arrivalMs, bytes: payload.length, devices },
    ...(isText ? { text } : { base64: first.toString('base64') }),
  };
}
