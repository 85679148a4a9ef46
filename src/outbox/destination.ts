/** Where points, and what the gateway tells of itself, go: the InfluxDB of the configuration, or files while there is none. */

import { join } from 'node:path';
import type { GatewayConfig, InfluxConfig } from '../config/schema.ts';
import { type Logger, quieter } from '../core/log.ts';
import type { SetAside } from '../core/types.ts';
import { readWholeFile, systemDisk } from '../log/files.ts';
import type { Lane } from '../log/lane.ts';
import { alertLines } from './alert-points.ts';
import { openFileSink } from './file-sink.ts';
import { type Forwarder, type ForwardOptions, startForward } from './forward.ts';
import { createInfluxSink } from './influx.ts';
import { targetOf } from './influx-client.ts';
import type { Outbox } from './outbox.ts';

export interface ForwardingContext {
  readonly outbox: Outbox;
  readonly setAside: (entries: readonly SetAside[]) => void;
  readonly logger: Logger;
  /** The time of day, and what it is at the end of a batch. */
  readonly now: () => number;
  readonly timeOfDayAt: (batchEndMs: number) => number;
  /** Aborts: one last flush, then the forwarder's `closed` resolves. */
  readonly signal: AbortSignal;
}

type Config = Pick<GatewayConfig, 'data'> & { readonly forward: Pick<GatewayConfig['forward'], 'influx'> };

const pointFileBytes = 1024 * 1024 * 1024;
const healthFileBytes = 64 * 1024 * 1024;
/** Points a second from a backlog where there is no network to spare. */
const unlimited = Number.POSITIVE_INFINITY;
/** Of that rate, for the backlog of the gateway's own health. */
const healthShare = 1 / 10;
/** Where the health is read from again after a crash; sent twice it is the same. Each write of a position wears the disk. */
const healthPositionMs = 60_000;

/**
 * Starts forwarding. There is one read position, whatever the destination: what was not sent when it changes, be it to another
 * server or between InfluxDB and files, goes to the new one, and nothing goes to both.
 */
export async function startForwarding(config: Config, context: ForwardingContext): Promise<Forwarder> {
  const { outbox, timeOfDayAt, setAside, logger, signal } = context;
  const { points: lane, levels, pointsBudgetBytes: budgetBytes } = outbox;
  const cursorPath = await positionPath(outbox, config.forward.influx === undefined ? 'files' : 'influx');
  const common = { lane, levels, budgetBytes, cursorPath, timeOfDayAt, setAside, logger, signal };
  const destination = await destinationOf(config, 'points', pointFileBytes, context);
  return startForward({ ...common, ...destination, disk: systemDisk });
}

/**
 * Starts forwarding the gateway's own health to the same place, beside the points: neither waits for the other. `isTold`:
 * whether the log says of them that the place takes nothing.
 */
export async function startHealthForwarding(
  config: Config,
  context: ForwardingContext,
  isTold: () => boolean,
): Promise<Forwarder> {
  const { outbox, setAside, logger, signal } = context;
  // That the oldest file goes is how it should be.
  const own = { ...context, logger: quieter(logger) };
  const destination = await destinationOf(config, 'health', healthFileBytes, own);
  return startForward({
    ...destination,
    lane: outbox.health,
    target: `${destination.target}, the gateway's own health`,
    cursorPath: outbox.cursorPath('health'),
    disk: systemDisk,
    backlogPointsPerSecond: Math.ceil(destination.backlogPointsPerSecond * healthShare),
    waits: { positionMs: healthPositionMs },
    isTold,
    setAside,
    logger,
    signal,
  });
}

export interface AlertForwarding extends Omit<ForwardingContext, 'outbox' | 'now' | 'timeOfDayAt'> {
  /** Alerts as JSON, one a line. */
  readonly lane: Lane;
  readonly cursorPath: string;
  readonly gateway: string;
  /** As for the health. */
  readonly isTold: () => boolean;
}

/** Starts forwarding changes of alerts to InfluxDB as points, in their order. */
export async function startAlertForwarding(
  influx: InfluxConfig,
  { lane, cursorPath, gateway, isTold, setAside, logger, signal }: AlertForwarding,
): Promise<Forwarder> {
  const { sink, target } = influxDestination(influx);
  return startForward({
    sink,
    target: `${target}, alerts`,
    lane: alertLines(lane, { gateway, setAside }),
    cursorPath,
    disk: systemDisk,
    backlogPointsPerSecond: unlimited,
    isTold,
    setAside,
    logger,
    signal,
  });
}

type Destination = Pick<ForwardOptions, 'sink' | 'target' | 'backlogPointsPerSecond'>;

function influxDestination(influx: InfluxConfig): Destination {
  return {
    sink: createInfluxSink(influx),
    target: targetOf(influx),
    backlogPointsPerSecond: influx.backlogPointsPerSecond,
  };
}

/** A way of its own to where the configuration says. `folder` in the data folder is where files go. */
async function destinationOf(
  { forward: { influx }, data }: Config,
  folder: string,
  budgetBytes: number,
  { now, logger }: ForwardingContext,
): Promise<Destination> {
  if (influx !== undefined) return influxDestination(influx);
  const path = join(data, folder);
  const files = { disk: systemDisk, budgetBytes, now, logger };
  return { sink: await openFileSink(path, files), target: path, backlogPointsPerSecond: unlimited };
}

/** Earlier versions kept a position for each kind of destination: that of the one in use is taken over. */
async function positionPath(outbox: Outbox, kind: 'files' | 'influx'): Promise<string> {
  const path = outbox.cursorPath('points');
  const earlier = outbox.cursorPath(`points-${kind}`);
  const isThere = async (file: string): Promise<boolean> =>
    (await readWholeFile(systemDisk, file)) !== undefined;
  if ((await isThere(earlier)) && !(await isThere(path))) await systemDisk.rename(earlier, path);
  return path;
}
