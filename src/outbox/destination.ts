/** Where points go: the InfluxDB of the configuration, or files while there is none. */

import { join } from 'node:path';
import type { GatewayConfig } from '../config/schema.ts';
import type { Logger } from '../core/log.ts';
import type { SetAside } from '../core/types.ts';
import { readWholeFile, systemDisk } from '../log/files.ts';
import { openFileSink } from './file-sink.ts';
import { type Forwarder, startForward } from './forward.ts';
import { createInfluxSink } from './influx.ts';
import { targetOf } from './influx-client.ts';
import type { Outbox } from './outbox.ts';

export interface ForwardingContext {
  readonly outbox: Outbox;
  readonly setAside: (entries: readonly SetAside[]) => void;
  readonly logger: Logger;
  /** The time of day. */
  readonly now: () => number;
  /** Aborts: one last flush, then the forwarder's `closed` resolves. */
  readonly signal: AbortSignal;
}

const pointFileBytes = 1024 * 1024 * 1024;
/** Points a second from a backlog where there is no network to spare. */
const unlimited = Number.POSITIVE_INFINITY;

/**
 * Starts forwarding. There is one read position, whatever the destination: what was not sent when it changes, be it to another
 * server or between InfluxDB and files, goes to the new one, and nothing goes to both.
 */
export async function startForwarding(
  { forward: { influx }, data }: Pick<GatewayConfig, 'forward' | 'data'>,
  { outbox, setAside, logger, now, signal }: ForwardingContext,
): Promise<Forwarder> {
  const { points: lane, levels, pointsBudgetBytes: budgetBytes } = outbox;
  const cursorPath = await positionPath(outbox, influx === undefined ? 'files' : 'influx');
  const common = { lane, levels, budgetBytes, cursorPath, disk: systemDisk, setAside, logger, signal };
  if (influx !== undefined) {
    return startForward({
      ...common,
      sink: createInfluxSink(influx),
      target: targetOf(influx),
      backlogPointsPerSecond: influx.backlogPointsPerSecond,
    });
  }
  const folder = join(data, 'points');
  const files = { disk: systemDisk, budgetBytes: pointFileBytes, now, logger };
  return startForward({
    ...common,
    sink: await openFileSink(folder, files),
    target: folder,
    backlogPointsPerSecond: unlimited,
  });
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
