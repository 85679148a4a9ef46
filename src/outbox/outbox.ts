/**
 * The outbox: what batches put out, durable, in two lanes: points to forward, alerts to deliver. Behind the points are the
 * levels: lanes of points merged to longer and longer windows, where an outage takes them (thin.ts). What the gateway tells of
 * itself has a lane apart, outside of every batch and every count of points.
 *
 * Invariant: when `append` resolves, the batch's output is on disk in both lanes, once, however often the batch is run
 * again. Bounded: each lane has a share of the budget of its own, and at it the oldest go, counted.
 * Not here: sending, thinning and delivering, and rules.
 */

import { join } from 'node:path';
import type { Logger } from '../core/log.ts';
import type { Alert, Merging, Point, SetAside } from '../core/types.ts';
import { type Disk, systemDisk } from '../log/files.ts';
import { type Lane, type LaneContent, type Note, openLane } from '../log/lane.ts';
import { type LogLosses, openLog } from '../log/log.ts';
import { type Level, openLevels, releaseMerged } from './levels.ts';
import { encodePoint, timeOfLine } from './line-protocol.ts';
import { type Noting, notingOf } from './merge.ts';

export interface OutboxOptions {
  /** On disk, of all lanes together but that of the gateway's own health. */
  readonly budgetBytes: number;
  readonly logger: Logger;
  /** Gets points that have no line, such as one without fields. */
  readonly setAside: (entries: readonly SetAside[]) => void;
  readonly disk?: Disk;
}

export type MergesByMeasurement = ReadonlyMap<string, Merging>;

export interface Outbox {
  /** Lines of line protocol, each with how it may be merged. */
  readonly points: Lane;
  readonly pointsBudgetBytes: number;
  /** From the shortest windows to the longest. */
  readonly levels: readonly Level[];
  /** Alerts as JSON. */
  readonly alerts: Lane;
  /** What the gateway tells of itself, as lines of line protocol: observations, not results of batches. */
  readonly health: Lane;
  /**
   * The output of the batch that ended at `batchEndMs`; nothing for a batch appended before. Throws `GatewayError`.
   * `merges`: how points may be merged when they must be thinned; those of other measurements never are.
   */
  append(
    batchEndMs: number,
    points: readonly Point[],
    alerts: readonly Alert[],
    merges?: MergesByMeasurement,
  ): Promise<void>;
  /** Where a consumer of this name keeps its position. */
  cursorPath(consumer: string): string;
  readonly losses: Readonly<Record<'points' | 'alerts' | 'health', Readonly<LogLosses>>>;
  close(): Promise<void>;
}

/** Of the budget. The levels have the rest (levels.ts). */
const pointShare = 1 / 2;
/** Alerts are few and small. */
const alertShare = 1 / 16;
const alertSegmentBytes = 256 * 1024;
/** Of one record: at three bytes each a few of them fit in the share of the smallest budget. */
const alertCharacters = 64 * 1024;
/** Of the gateway's own health, beside the budget: more than a day of it. */
const healthBytes = 16 * 1024 * 1024;
const healthSegmentBytes = 1024 * 1024;

/** Opens all lanes in a folder, which is created when missing. Throws `GatewayError`. */
export async function openOutbox(folder: string, options: OutboxOptions): Promise<Outbox> {
  const { logger, disk = systemDisk, budgetBytes, setAside } = options;
  const common = { whenFull: 'drop-oldest', keepReleased: false, disk, logger } as const;
  const alertBytes = Math.floor(budgetBytes * alertShare);
  const pointsBudgetBytes = Math.floor(budgetBytes * pointShare);
  const levels = await openLevels(folder, budgetBytes, common);
  const pointLog = await openLog(join(folder, 'points'), { ...common, budgetBytes: pointsBudgetBytes });
  releaseMerged(pointLog, levels[0]);
  const alertLog = await openLog(join(folder, 'alerts'), {
    ...common,
    budgetBytes: alertBytes,
    segmentBytes: alertSegmentBytes,
  });
  const healthLog = await openLog(join(folder, 'health'), {
    ...common,
    budgetBytes: healthBytes,
    segmentBytes: healthSegmentBytes,
  });
  const points = await openLane(pointLog, timeOfLine, logger);
  const alerts = await openLane(alertLog, () => 0, logger, { characters: alertCharacters });
  const health = await openLane(healthLog, timeOfLine, logger);

  return {
    points,
    pointsBudgetBytes,
    levels,
    alerts,
    health,
    async append(batchEndMs, newPoints, newAlerts, merges = new Map()) {
      // Together they share nothing, but alerts are the shorter write: they are never behind points.
      const done = alerts.append(
        batchEndMs,
        newAlerts.map((alert) => JSON.stringify(alert)),
      );
      const isNew = batchEndMs > points.lastBatchEndMs;
      const { lines, notes } = linesOf(newPoints, merges, isNew ? setAside : () => {});
      await Promise.all([done, points.append(batchEndMs, lines, notes)]);
    },
    cursorPath: (consumer) => join(folder, `${consumer}.position.json`),
    losses: {
      get points() {
        return sumOf([pointLog.losses, ...levels.map(({ losses }) => losses)]);
      },
      alerts: alertLog.losses,
      health: healthLog.losses,
    },
    async close() {
      await Promise.all(
        [points, alerts, health, ...levels.map(({ lane }) => lane)].map((lane) => lane.close()),
      );
    },
  };
}

function sumOf(losses: readonly Readonly<LogLosses>[]): LogLosses {
  const sum = { tornBytes: 0, corruptSegments: 0, lostRecords: 0, droppedRecords: 0 };
  for (const one of losses) {
    for (const name of Object.keys(sum) as (keyof LogLosses)[]) sum[name] += one[name];
  }
  return sum;
}

function linesOf(
  points: readonly Point[],
  merges: MergesByMeasurement,
  setAside: OutboxOptions['setAside'],
): LaneContent {
  const lines: string[] = [];
  const notes: (Note | undefined)[] = [];
  const faults: SetAside[] = [];
  const made = new Map<string, Noting>();
  for (const point of points) {
    const encoded = encodePoint(point);
    if (encoded.line === undefined) {
      faults.push(faultOf(point, encoded));
      continue;
    }
    lines.push(encoded.line);
    notes.push(noteOf(point, merges, made));
  }
  if (faults.length > 0) setAside(faults);
  return { lines, notes };
}

/** `made` are those made before, by measurement. */
function noteOf(
  { measurement, weights }: Point,
  merges: MergesByMeasurement,
  made: Map<string, Noting>,
): Note | undefined {
  const own = merges.get(measurement);
  if (own === undefined) return undefined;
  let noting = made.get(measurement);
  if (noting === undefined) {
    noting = notingOf(own);
    made.set(measurement, noting);
  }
  const { kind, means } = noting;
  return { kind, numbers: means.map((name) => weights?.[name] ?? 0) };
}

/** What is noted of a point that has no line. */
export function faultOf(
  point: Point,
  { fault, detail }: { readonly fault: string; readonly detail: string },
): SetAside {
  return {
    reason: `point-${fault}`,
    detail,
    rule: point.measurement,
    key: point.tags,
    eventMs: point.timeMs,
    payload: Buffer.from(JSON.stringify(point.fields)),
  };
}
