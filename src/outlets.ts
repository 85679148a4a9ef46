/**
 * What leaves the gateway: points of rules, alerts to notifiers and, as points, to InfluxDB, and what it tells of itself.
 *
 * Invariant: each has a read position of its own and waits for none of the others. An alert is kept until everyone it goes to
 * has it, or the oldest must go at the budget of their lane.
 */

import type { GatewayConfig } from './config/schema.ts';
import { isAway } from './core/health.ts';
import type { Logger } from './core/log.ts';
import type { SetAside } from './core/types.ts';
import { removeIfThere, systemDisk } from './log/files.ts';
import type { Lane } from './log/lane.ts';
import { shareLane } from './log/shared-lane.ts';
import { type Delivery, startDelivery } from './notify/deliver.ts';
import type { DeliveryOptions } from './notify/post.ts';
import { startAlertForwarding, startForwarding, startHealthForwarding } from './outbox/destination.ts';
import type { Forwarder } from './outbox/forward.ts';
import type { Outbox } from './outbox/outbox.ts';

export interface OutletOptions extends Pick<DeliveryOptions, 'publish' | 'store' | 'firing'> {
  readonly config: GatewayConfig;
  readonly outbox: Outbox;
  /** The time of day, and what it is at the end of a batch. */
  readonly now: () => number;
  readonly timeOfDayAt: (batchEndMs: number) => number;
  readonly setAside: (entries: readonly SetAside[]) => void;
  readonly logger: Logger;
  /** Aborts: what is pending is tried once more, then `closed` resolves. */
  readonly signal: AbortSignal;
}

export interface Outlets {
  readonly points: Forwarder;
  /** Absent: it tells nothing of itself. */
  readonly health: Forwarder | undefined;
  /** Alerts as points; absent: they go to notifiers alone. */
  readonly alerts: Forwarder | undefined;
  readonly delivery: Delivery;
  readonly closed: Promise<unknown>;
}

/** Starts everything where its stored position says. Throws `GatewayError` when one cannot be read. */
export async function startOutlets(options: OutletOptions): Promise<Outlets> {
  const { config, outbox } = options;
  const points = await startForwarding(config, options);
  const health =
    config.health.everyMs > 0
      ? await startHealthForwarding(config, options, () => isAway(points.status().state))
      : undefined;
  const [toNotifiers, toInflux] = shareLane(outbox.alerts, 2) as [Lane, Lane];
  const isTold = (): boolean => isAway(points.status().state) || isAway(health?.status().state);
  const alerts = await forwardAlerts(toInflux, options, isTold);
  const delivery = await startDelivery({
    ...options,
    lane: toNotifiers,
    notifiers: config.notify,
    gateway: config.gateway,
    cursorPath: outbox.cursorPath('notifiers'),
    disk: systemDisk,
  });
  const closed = Promise.all([points, health, alerts, delivery].map((outlet) => outlet?.closed));
  return { points, health, alerts, delivery, closed };
}

async function forwardAlerts(
  lane: Lane,
  options: OutletOptions,
  isTold: () => boolean,
): Promise<Forwarder | undefined> {
  const { config, outbox } = options;
  const { influx, alerts } = config.forward;
  const cursorPath = outbox.cursorPath('alert-points');
  if (influx !== undefined && alerts) {
    const { gateway } = config;
    return startAlertForwarding(influx, { ...options, lane, cursorPath, gateway, isTold });
  }
  lane.release(Number.POSITIVE_INFINITY);
  // Once they are forwarded again, all that went by meanwhile would count as lost.
  await removeIfThere(systemDisk, cursorPath);
  return undefined;
}
