/**
 * Builds the stations, and starts and stops them in order.
 *
 * Start: logs and checkpoint → what was not processed is run again → forwarding and notifiers → sources → live batches.
 * Stop: sources → last batch → checkpoint → outbox flushed or kept.
 */

import { join } from 'node:path';
import { type Cut, takeCut } from './backup/cut.ts';
import { type Clock, createClock, softwareFromMs } from './core/clock.ts';
import type { DeviceDetails } from './core/device-details.ts';
import type { ExplainedRule } from './core/explained.ts';
import type { Logger } from './core/log.ts';
import type { GatewayStatus, PendingAlert } from './core/status.ts';
import { askTimeService, type TimeService } from './core/time-service.ts';
import { startTimekeeping, type Timekeeper } from './core/timekeeping.ts';
import type { Alert } from './core/types.ts';
import { firingEpisodes, pendingAlerts, type RuleKeys, ruleKeys } from './engine/alerts/alert-list.ts';
import { deviceDetails } from './engine/device-details.ts';
import { explainRule, ruleOf } from './engine/explain/explain.ts';
import type { Tap } from './engine/taps.ts';
import { dataBytes, statusOfGateway } from './gateway-status.ts';
import { watchMachine } from './health/machine.ts';
import { recordHealth } from './health/record.ts';
import { countStart } from './health/starts.ts';
import { timeOfDay } from './journal/journal.ts';
import { isDiskFull } from './log/disk-error.ts';
import { durableFilesOn } from './log/durable-files.ts';
import { systemDisk } from './log/files.ts';
import { startOutlets } from './outlets.ts';
import { watchOverload } from './overload.ts';
import { checkpoint, run, whenThereIsRoom } from './pipeline.ts';
import {
  catchUp,
  closeStations,
  countFramesBefore,
  type GatewaySetup,
  live,
  openStations,
  takeUp,
} from './recovery.ts';
import type { Plan } from './rules/plan.ts';
import { watchSeries } from './series-alarm.ts';
import { forgetAcknowledged } from './settings/forget.ts';
import { openSettings, type SettingsStore } from './settings/store.ts';
import { openSources, publishThrough, shedBy, subscriptionsOf } from './sources/open.ts';
import type { Source } from './sources/source.ts';

export interface GatewayOptions {
  readonly logger: Logger;
  readonly version: string;
  readonly clock?: Clock;
  /** Who sets the machine's clock; of a clock that is given it is nobody. */
  readonly timeService?: () => Promise<TimeService>;
  /** Sees each alert once its batch is durable. */
  readonly onAlert?: (alert: Alert) => void;
}

export interface Gateway {
  status(): GatewayStatus;
  /** What people told it: acknowledged alerts, silences. Times are those of `now`. */
  readonly settings: SettingsStore;
  now(): number;
  /**
   * Another number each time it is asked while the path moves: batches are processed, or wait for what a new start would
   * not bring, room on the disk or the time of day.
   */
  pulse(): number;
  /** Alerts whose `for` has not passed yet. */
  pending(): readonly PendingAlert[];
  ruleNames(): readonly string[];
  /** Undefined when there is no such rule. */
  ruleKeys(rule: string): RuleKeys | undefined;
  devices(): DeviceDetails;
  /** The rules and profiles that run. */
  plan(): Plan;
  /** Shows what passes, until what it gives is called. */
  tap(tap: Tap): () => void;
  /** What a copy of its state consists of at this moment; the files stay until `release`, or until the budget needs their room. */
  cut(): { readonly cut: Cut; release(): void };
  /** Why it did or did not fire; keys by their place in `ruleKeys`. The rule must be there. */
  explain(rule: string, keys: readonly number[]): ExplainedRule;
  /** Ports of a broker's listeners. */
  ports(source: string): readonly number[];
  /**
   * Other rules and profiles take over between two batches, without losing a reading; subscriptions and users follow. Resolves
   * with the names of the rules whose state began anew. The rest of a configuration needs a restart.
   */
  reload(edited: Pick<GatewaySetup, 'plan' | 'users'>): Promise<readonly string[]>;
  stop(): Promise<void>;
  /** Rejects when the path dies, not when it is stopped; never resolves. */
  readonly failed: Promise<never>;
}

/** Starts everything; resolves when the sources are open. Throws `GatewayError` with what to do. */
export async function startGateway(setup: GatewaySetup, options: GatewayOptions): Promise<Gateway> {
  const { config } = setup;
  const { logger } = options;
  const clock = options.clock ?? createClock(undefined, { earliestMs: softwareFromMs });
  const stopping = {
    sources: new AbortController(),
    batches: new AbortController(),
    outlets: new AbortController(),
  };
  const files = durableFilesOn(systemDisk);
  const settings = await openSettings({ path: join(config.data, 'settings.json'), files, logger });
  const restarts = await countStart(join(config.data, 'starts.json'), files, logger);
  let timekeeper: Timekeeper | undefined;
  const stations = await openStations(setup, clock, () => timekeeper?.trust() ?? 'waiting', logger);
  await using unfinished = new AsyncDisposableStack();
  unfinished.defer(() => closeStations(stations));
  timekeeper = await startTimekeeping({
    clock,
    recordedMs: stations.journal.recordedMs,
    waitMs: config.clock.waitMs,
    ask: options.timeService ?? (options.clock === undefined ? askTimeService : async () => 'none'),
    logger,
    signal: stopping.batches.signal,
  });
  const forgetting = forgetAcknowledged(settings, logger);
  const recovered = await takeUp(
    setup,
    (alerts) => {
      forgetting.ended(alerts);
      for (const alert of alerts) options.onAlert?.(alert);
    },
    { stations, logger, signal: stopping.batches.signal },
  );
  const { pipeline } = recovered;
  let isCaughtUp = false;
  /** Before all is run again that was missed, it is not known what is over. */
  const firing = (): Pick<ReadonlySet<string>, 'has'> =>
    isCaughtUp ? firingEpisodes(pipeline.progress.state) : { has: () => true };

  async function begin(): Promise<ReturnType<typeof live>> {
    await catchUp(config, recovered, clock);
    isCaughtUp = true;
    forgetting.allBut(firingEpisodes(pipeline.progress.state));
    const batchesFromNow = live(config, recovered, clock, stopping.batches.signal);
    await whenThereIsRoom(pipeline, () => checkpoint(pipeline));
    return batchesFromNow;
  }

  // Of the time that is awaited is what arrives from now on. What an earlier run left, and knew the time of, is run again at
  // once: were this one to end before, the next could not tell when it had begun, and who was silent meanwhile.
  const isWaiting = timekeeper.trust() === 'waiting';
  const batchesFromNow = isWaiting && !stations.journal.isTimeKnown ? undefined : await begin();

  /** Frames are journalled meanwhile. */
  async function runWhenTold({ told, trust }: Timekeeper): Promise<void> {
    if (trust() === 'waiting') await told;
    if (trust() !== 'waiting') await run(pipeline, batchesFromNow ?? (await begin()));
  }

  await countFramesBefore(recovered);
  const { journal, outbox, deadLetters } = stations;
  const now = (): number => timeOfDay(journal);
  const timeOfDayAt = (lineMs: number): number => lineMs + journal.clock().offsetMs;

  const sources = new Map<string, Source>();
  const outlets = await startOutlets({
    ...{ config, outbox, now, timeOfDayAt, firing, logger, store: settings, setAside: deadLetters.write },
    publish: publishThrough(sources),
    signal: stopping.outlets.signal,
  });
  const overload = watchOverload({
    ...{ batchMs: config.batchMs, journalBytes: config.limits.journalBytes, pipeline, logger },
    pace: pipeline.pace,
    shed: () => shedBy(sources),
  });
  const machine = await watchMachine({
    data: config.data,
    dataBytes: () => dataBytes(pipeline),
    signal: stopping.batches.signal,
  });
  const status = (): GatewayStatus =>
    statusOfGateway({
      ...{ config, version: options.version, startMs: recovered.startMs, restarts },
      ...{ now, trust: timekeeper.trust, machine, pipeline, overload },
      ...{ settings, sources, outlets },
    });
  watchSeries({ state: () => pipeline.progress.state, logger, signal: stopping.batches.signal });
  const tellOfItself = (): Promise<void> =>
    recordHealth({
      lane: outbox.health,
      everyMs: config.health.everyMs,
      async status() {
        await machine.look();
        return status();
      },
      lineMs: journal.now,
      setAside: deadLetters.write,
      logger,
      signal: stopping.batches.signal,
    });
  let telling: Promise<void> | undefined;
  const path = runWhenTold(timekeeper);
  unfinished.move();
  const pathEnd = path.then(
    () => ({ kind: 'finished' }) as const,
    (error: unknown) =>
      // It waited for room when it was told to stop: nothing is wrong with it.
      stopping.batches.signal.aborted && isDiskFull(error)
        ? ({ kind: 'gave up', unsaved: error } as const)
        : ({ kind: 'died', error } as const),
  );
  try {
    const profiles = setup.plan.devices.map(({ profile }) => profile);
    const { limits, gateway: clientId } = config;
    const { append: ingest, handshakes } = journal;
    const inlet = { ingest, handshakes, limits, clientId, logger, signal: stopping.sources.signal };
    await openSources(config.sources, profiles, setup.users ?? {}, overload.pressure, inlet, sources);
    if (config.health.everyMs > 0) telling = tellOfItself();
  } catch (error) {
    await stop();
    throw error;
  }

  async function stop(): Promise<void> {
    overload.stop();
    stopping.sources.abort();
    await Promise.all([...sources.values()].map((source) => source.closed));
    stopping.batches.abort();
    // The state of a path that died half way through a batch is not one to go on from; the last checkpoint is.
    const end = await pathEnd;
    const unsaved =
      end.kind === 'finished'
        ? await failureOf(checkpoint(pipeline))
        : end.kind === 'gave up'
          ? end.unsaved
          : undefined;
    stopping.outlets.abort();
    await Promise.all([outlets.closed, telling]);
    await Promise.all([closeStations(stations), settings.close()]);
    if (unsaved !== undefined) throw unsaved;
  }

  const death = pathEnd.then((end): Promise<never> => {
    if (end.kind === 'died') throw end.error;
    return new Promise(() => {});
  });
  const failed = Promise.race([death, journal.failed]);
  // Whoever runs the gateway waits for it; until then it is no unhandled rejection.
  failed.catch(() => {});
  let stopped: Promise<void> | undefined;
  return {
    status,
    settings,
    now,
    pulse() {
      const { diskFull, batchEndMs, state } = pipeline.progress;
      const isWaiting = diskFull !== undefined || timekeeper.trust() === 'waiting';
      return isWaiting ? performance.now() : batchEndMs + state.counts.frames;
    },
    pending: () => pendingAlerts(pipeline.progress.state),
    ruleNames: () => pipeline.progress.state.plan.rules.map(({ name }) => name),
    ruleKeys: (rule) => ruleKeys(pipeline.progress.state, rule),
    plan: () => pipeline.progress.state.plan,
    tap: pipeline.taps.open,
    cut: () =>
      takeCut({
        ...{ journal, outbox, delivery: outlets.delivery, settings: settings.settings() },
        ...{ forwarder: outlets.points, healthForwarder: outlets.health, alertForwarder: outlets.alerts },
      }),
    devices: () => deviceDetails(pipeline.progress.state, journal.now()),
    explain(rule, keys) {
      const { state } = pipeline.progress;
      return explainRule(state, ruleOf(state, rule)!, keys, journal.now());
    },
    ports: (name) => sources.get(name)?.ports ?? [],
    reload({ plan, users = {} }) {
      const profiles = plan.devices.map(({ profile }) => profile);
      for (const [name, source] of sources) {
        source.subscribe?.(subscriptionsOf(name, profiles));
        if (Object.hasOwn(users, name)) source.replaceUsers?.(users[name]!);
      }
      return new Promise((taken) => {
        pipeline.progress.change?.taken([]);
        pipeline.progress.change = { plan, taken };
      });
    },
    stop() {
      stopped ??= stop();
      return stopped;
    },
    failed,
  };
}

/** What it rejects with; undefined when it does not. */
function failureOf(done: Promise<unknown>): Promise<unknown> {
  return done.then(
    () => undefined,
    (error: unknown) => error,
  );
}
