/** Where points go: the InfluxDB of the configuration, or files while there is none. */

import { join } from 'node:path';
import type { GatewayConfig } from '../config/schema.ts';
import type { Logger } from '../core/log.ts';
import type { SetAside } from '../core/types.ts';
import { systemDisk } from '../log/files.ts';
import { openFileSink } from './file-sink.ts';
import { type Forwarder, startForward } from './forward.ts';
import { createInfluxSink } from './influx.ts';
import type { Outbox } from './outbox.ts';

export interface ForwardingContext {
  readonly outbox: Outbox;
  readonly setAside: (entries: readonly SetAside[]) => void;
  readonly logger: Logger;
  /** Aborts: one last flush, then the forwarder's `closed` resolves. */
  readonly signal: AbortSignal;
}

const pointFileBytes = 1024 * 1024 * 1024;
/** Points a second from a backlog where there is no network to spare. */
const unlimited = Number.POSITIVE_INFINITY;

/** Starts forwarding. The read position is kept by kind, not by URL: a server that moves keeps its backlog. */
export async function startForwarding(
  { forward: { influx }, data }: Pick<GatewayConfig, 'forward' | 'data'>,
  { outbox, setAside, logger, signal }: ForwardingContext,
): Promise<Forwarder> {
  const { points: lane, levels, pointsBudgetBytes: budgetBytes } = outbox;
  const common = { lane, levels, budgetBytes, disk: systemDisk, setAside, logger, signal };
  if (influx !== undefined) {
    return startForward({
      ...common,
      sink: createInfluxSink(influx),
      target: `${influx.url} ${influx.database}`,
      cursorPath: outbox.cursorPath('points-influx'),
      backlogPointsPerSecond: influx.backlogPointsPerSecond,
    });
  }
  const folder = join(data, 'points');
  const files = { disk: systemDisk, budgetBytes: pointFileBytes, now: Date.now, logger };
  return startForward({
    ...common,
    sink: await openFileSink(folder, files),
    target: folder,
    cursorPath: outbox.cursorPath('points-files'),
    backlogPointsPerSecond: unlimited,
  });
}
