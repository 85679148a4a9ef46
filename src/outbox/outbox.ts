/**
 * The outbox: what batches put out, durable, in two lanes: points to forward, alerts to deliver.
 *
 * Invariant: when `append` resolves, the batch's output is on disk in both lanes, once, however often the batch is run
 * again. Bounded: at the budget the oldest points go first, counted; alerts have a share of their own.
 * Not here: sending and delivering, and rules.
 */

import { join } from 'node:path';
import type { Logger } from '../core/log.ts';
import type { Alert, Point, SetAside } from '../core/types.ts';
import { type Disk, systemDisk } from '../log/files.ts';
import { type Lane, openLane } from '../log/lane.ts';
import { type LogLosses, openLog } from '../log/log.ts';
import { encodePoint, timeOfLine } from './line-protocol.ts';

export interface OutboxOptions {
  /** On disk, of both lanes together. */
  readonly budgetBytes: number;
  readonly logger: Logger;
  /** Gets points that have no line, such as one without fields. */
  readonly setAside: (entries: readonly SetAside[]) => void;
  readonly disk?: Disk;
}

export interface Outbox {
  /** Lines of line protocol. */
  readonly points: Lane;
  /** Alerts as JSON. */
  readonly alerts: Lane;
  /** The output of the batch that ended at `batchEndMs`; nothing for a batch appended before. Throws `GatewayError`. */
  append(batchEndMs: number, points: readonly Point[], alerts: readonly Alert[]): Promise<void>;
  /** Where a consumer of this name keeps its position. */
  cursorPath(consumer: string): string;
  readonly losses: { readonly points: Readonly<LogLosses>; readonly alerts: Readonly<LogLosses> };
  close(): Promise<void>;
}

/** Alerts are few and small. */
const alertShare = 1 / 16;
const alertSegmentBytes = 256 * 1024;
/** Of one record: at three bytes each a few of them fit in the share of the smallest budget. */
const alertCharacters = 64 * 1024;

/** Opens both lanes in a folder, which is created when missing. Throws `GatewayError`. */
export async function openOutbox(folder: string, options: OutboxOptions): Promise<Outbox> {
  const { logger, disk = systemDisk, budgetBytes, setAside } = options;
  const common = { whenFull: 'drop-oldest', keepReleased: false, disk, logger } as const;
  const alertBytes = Math.floor(budgetBytes * alertShare);
  const pointLog = await openLog(join(folder, 'points'), {
    ...common,
    budgetBytes: budgetBytes - alertBytes,
  });
  const alertLog = await openLog(join(folder, 'alerts'), {
    ...common,
    budgetBytes: alertBytes,
    segmentBytes: alertSegmentBytes,
  });
  const points = await openLane(pointLog, timeOfLine, logger);
  const alerts = await openLane(alertLog, () => 0, logger, alertCharacters);

  return {
    points,
    alerts,
    async append(batchEndMs, newPoints, newAlerts) {
      // Together they share nothing, but alerts are the shorter write: they are never behind points.
      const done = alerts.append(
        batchEndMs,
        newAlerts.map((alert) => JSON.stringify(alert)),
      );
      const isNew = batchEndMs > points.lastBatchEndMs;
      await Promise.all([done, points.append(batchEndMs, linesOf(newPoints, isNew ? setAside : () => {}))]);
    },
    cursorPath: (consumer) => join(folder, `${consumer}.position.json`),
    losses: { points: pointLog.losses, alerts: alertLog.losses },
    async close() {
      await Promise.all([points.close(), alerts.close()]);
    },
  };
}

function linesOf(points: readonly Point[], setAside: OutboxOptions['setAside']): string[] {
  const lines: string[] = [];
  const faults: SetAside[] = [];
  for (const point of points) {
    const encoded = encodePoint(point);
    if (encoded.line !== undefined) lines.push(encoded.line);
    else faults.push(faultOf(point, encoded.fault, encoded.detail));
  }
  if (faults.length > 0) setAside(faults);
  return lines;
}

function faultOf(point: Point, fault: string, detail: string): SetAside {
  return {
    reason: `point-${fault}`,
    detail,
    rule: point.measurement,
    key: point.tags,
    eventMs: point.timeMs,
    payload: Buffer.from(JSON.stringify(point.fields)),
  };
}
