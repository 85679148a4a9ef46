/**
 * Builds the stations, and starts and stops them in order.
 *
 * Start: logs and checkpoint → what was not processed is run again → forwarding and notifiers → sources → live batches.
 * Stop: sources → last batch → checkpoint → outbox flushed or kept.
 */

import { join } from 'node:path';
import type { DeviceProfile, GatewayConfig, SourceConfig } from './config/schema.ts';
import { parseTopic } from './config/topic.ts';
import { type Clock, createClock } from './core/clock.ts';
import { GatewayError } from './core/errors.ts';
import type { Logger } from './core/log.ts';
import type { GatewayStatus } from './core/status.ts';
import type { Alert } from './core/types.ts';
import { openCheckpoints } from './engine/checkpoint.ts';
import { createState, listenSince, load, quietUntilMs, statusOf } from './engine/engine.ts';
import { batches } from './journal/batches.ts';
import { type Journal, openJournal } from './journal/journal.ts';
import { systemDisk } from './log/files.ts';
import { type Delivery, startDelivery } from './notify/deliver.ts';
import { type DeadLetters, openDeadLetters } from './outbox/dead-letters.ts';
import { openFileSink } from './outbox/file-sink.ts';
import { type Forwarder, startForward } from './outbox/forward.ts';
import { createInfluxSink } from './outbox/influx.ts';
import { type Outbox, openOutbox } from './outbox/outbox.ts';
import { checkpoint, type JournalledBatch, type Pipeline, run } from './pipeline.ts';
import type { Plan } from './rules/plan.ts';
import { sources as registry } from './sources/index.ts';
import type { PublishOptions, Source, SourceContext } from './sources/source.ts';

export interface GatewaySetup {
  readonly config: GatewayConfig;
  readonly plan: Plan;
}

export interface GatewayOptions {
  readonly logger: Logger;
  readonly version: string;
  readonly clock?: Clock;
  /** Sees each alert once its batch is durable. */
  readonly onAlert?: (alert: Alert) => void;
}

export interface Gateway {
  status(): GatewayStatus;
  /** Ports of a broker's listeners. */
  ports(source: string): readonly number[];
  stop(): Promise<void>;
  /** Rejects when the path dies; never resolves. */
  readonly failed: Promise<never>;
}

const checkpointEveryMs = 30_000;
const deadLetterBytes = 16 * 1024 * 1024;
const pointFileBytes = 1024 * 1024 * 1024;
/** Points a second from a backlog when there is no network to spare. */
const unlimited = Number.POSITIVE_INFINITY;

/** Starts everything; resolves when the sources are open. Throws `GatewayError` with what to do. */
export async function startGateway(setup: GatewaySetup, options: GatewayOptions): Promise<Gateway> {
  const { logger } = options;
  const clock = options.clock ?? createClock();
  const startedMs = clock.now();
  const stopping = {
    sources: new AbortController(),
    batches: new AbortController(),
    outlets: new AbortController(),
  };
  const stations = await openStations(setup, clock, logger);
  const pipeline = await recover(setup, options, stations, clock);
  const batchesFromNow = live(setup.config, pipeline, clock, stopping.batches.signal);
  await checkpoint(pipeline);
  const { journal, outbox, deadLetters } = stations;

  const sources = new Map<string, Source>();
  const publish = publisher(sources);
  const forwarder = await forward(setup.config, stations, logger, stopping.outlets.signal);
  const delivery = await startDelivery({
    lane: outbox.alerts,
    notifiers: setup.config.notify,
    gateway: setup.config.gateway,
    cursorPath: outbox.cursorPath('notifiers'),
    disk: systemDisk,
    setAside: deadLetters.write,
    publish,
    logger,
    signal: stopping.outlets.signal,
  });
  const path = run(pipeline, batchesFromNow);
  const pathEnd = path.then(
    () => 'finished',
    () => 'died',
  );
  try {
    await openSources(setup, journal, logger, stopping.sources.signal, sources);
  } catch (error) {
    await stop();
    throw error;
  }

  async function stop(): Promise<void> {
    stopping.sources.abort();
    await Promise.all([...sources.values()].map((source) => source.closed));
    stopping.batches.abort();
    // The state of a path that died half way through a batch is not one to go on from; the last checkpoint is.
    if ((await pathEnd) === 'finished') await checkpoint(pipeline);
    stopping.outlets.abort();
    await Promise.all([forwarder.closed, delivery.closed]);
    await Promise.all([journal.close(), outbox.close(), deadLetters.close()]);
  }

  const failed = path.then(() => new Promise<never>(() => {}));
  // Whoever runs the gateway waits for it; until then it is no unhandled rejection.
  failed.catch(() => {});
  let stopped: Promise<void> | undefined;
  return {
    status: () =>
      statusOfGateway(setup, options, { startedMs, clock, pipeline, sources, forwarder, delivery }),
    ports: (name) => sources.get(name)?.ports ?? [],
    stop() {
      stopped ??= stop();
      return stopped;
    },
    failed,
  };
}

interface Stations {
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly deadLetters: DeadLetters;
}

async function openStations({ config }: GatewaySetup, clock: Clock, logger: Logger): Promise<Stations> {
  const { data, limits } = config;
  const deadLetters = await openDeadLetters(join(data, 'dead-letters'), {
    budgetBytes: deadLetterBytes,
    logger,
  });
  const outbox = await openOutbox(join(data, 'outbox'), {
    budgetBytes: limits.outboxBytes,
    logger,
    setAside: deadLetters.write,
  });
  const journal = await openJournal(join(data, 'journal'), {
    clock,
    // The outbox takes no batch twice; one before its last would be taken for a repetition.
    notBeforeMs: Math.max(0, outbox.points.lastBatchEndMs, outbox.alerts.lastBatchEndMs),
    budgetBytes: limits.journalBytes,
    logger,
  });
  return { journal, outbox, deadLetters };
}

/** Takes up the checkpoint and runs again what the journal holds beyond it, to where the gateway last lived. */
async function recover(
  { config, plan }: GatewaySetup,
  { logger, onAlert }: GatewayOptions,
  stations: Stations,
  clock: Clock,
): Promise<Pipeline> {
  const { journal, outbox } = stations;
  const checkpoints = openCheckpoints(config.data, systemDisk, logger);
  const held = await checkpoints.load();
  const fresh = createState(plan);
  const { state, reset } = held === undefined ? { state: fresh, reset: [] } : load(fresh, held.state);
  for (const rule of reset) logger.warn({ rule }, 'rule was edited in what shapes its state: it starts anew');
  const pipeline: Pipeline = {
    ...stations,
    checkpoints,
    checkpointEveryMs,
    onAlerts: (alerts) => {
      for (const alert of alerts) onAlert?.(alert);
    },
    progress: {
      state,
      batchEndMs: held?.batchEndMs ?? 0,
      position: held?.position ?? { sequence: 0, frame: 0 },
      checkpointAtMs: held?.batchEndMs ?? 0,
      checkpointBytes: 0,
      isUnsaved: false,
    },
  };
  const livedUntilMs = Math.max(
    journal.lastArrivalMs,
    outbox.points.lastBatchEndMs,
    outbox.alerts.lastBatchEndMs,
  );
  await run(pipeline, missed(config, pipeline, clock, livedUntilMs));
  return pipeline;
}

/** The batches up to the one in which the gateway last lived, as far as they are over. */
async function* missed(
  config: GatewayConfig,
  pipeline: Pipeline,
  clock: Clock,
  livedUntilMs: number,
): AsyncGenerator<JournalledBatch> {
  const { batchMs } = config;
  const overMs = Math.floor(clock.now() / batchMs) * batchMs;
  const untilMs = Math.min(overMs, Math.ceil(livedUntilMs / batchMs) * batchMs);
  if (!(pipeline.progress.batchEndMs < untilMs)) return;
  const never = new AbortController().signal;
  for await (const next of cut(config, pipeline, clock, pipeline.progress.batchEndMs, never)) {
    yield next;
    if (next.batch.endMs >= untilMs) return;
  }
}

/** Batches from now on. Between the last one and now the gateway was down: nothing arrived, and no time passed. */
function live(
  config: GatewayConfig,
  pipeline: Pipeline,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<JournalledBatch> {
  const { progress } = pipeline;
  const nowMs = clock.now();
  progress.state = listenSince(progress.state, nowMs);
  progress.batchEndMs = Math.max(progress.batchEndMs, Math.floor(nowMs / config.batchMs) * config.batchMs);
  return cut(config, pipeline, clock, progress.batchEndMs, signal);
}

function cut(
  { batchMs }: GatewayConfig,
  { journal, progress }: Pipeline,
  clock: Clock,
  startMs: number,
  signal: AbortSignal,
): AsyncGenerator<JournalledBatch> {
  return batches(journal, {
    from: progress.position,
    startMs,
    batchMs,
    clock,
    signal,
    quietUntilMs: () => quietUntilMs(progress.state),
  });
}

async function forward(
  { forward: { influx }, data }: GatewayConfig,
  { outbox, deadLetters }: Stations,
  logger: Logger,
  signal: AbortSignal,
): Promise<Forwarder> {
  const common = {
    lane: outbox.points,
    disk: systemDisk,
    setAside: deadLetters.write,
    logger,
    signal,
  };
  if (influx === undefined) {
    const folder = join(data, 'points');
    return startForward({
      ...common,
      sink: await openFileSink(folder, {
        disk: systemDisk,
        budgetBytes: pointFileBytes,
        now: Date.now,
        logger,
      }),
      target: folder,
      cursorPath: outbox.cursorPath('points-files'),
      backlogPointsPerSecond: unlimited,
    });
  }
  return startForward({
    ...common,
    sink: createInfluxSink(influx),
    target: `${influx.url} ${influx.database}`,
    cursorPath: outbox.cursorPath('points-influx'),
    backlogPointsPerSecond: influx.backlogPointsPerSecond,
  });
}

/** Opens every source; the first that cannot be opened ends the start. */
async function openSources(
  { config, plan }: GatewaySetup,
  journal: Journal,
  logger: Logger,
  signal: AbortSignal,
  opened: Map<string, Source>,
): Promise<void> {
  const profiles = plan.devices.map(({ profile }) => profile);
  for (const [name, source] of Object.entries(config.sources)) {
    const context: SourceContext = {
      name,
      ingest: journal.append,
      subscriptions: subscriptionsOf(name, profiles),
      limits: config.limits,
      logger,
      signal,
      clientId: config.gateway,
    };
    opened.set(name, await open(source, context));
  }
}

function open(source: SourceConfig, context: SourceContext): Promise<Source> {
  if ('broker' in source) return registry.broker(source.broker, context);
  if ('mqtt' in source) return registry.mqtt(source.mqtt, context);
  return registry.serial(source.serial, context);
}

/** The filters that the profiles want of a source; a profile that names no source wants every source's. */
function subscriptionsOf(source: string, profiles: readonly DeviceProfile[]): string[] {
  const wanted = profiles.filter((profile) => profile.source === undefined || profile.source === source);
  return [...new Set(wanted.flatMap(({ topic }) => (topic === undefined ? [] : parseTopic(topic).filter)))];
}

type Publish = (
  source: string,
  topic: string,
  payload: string | Buffer,
  options: PublishOptions,
) => Promise<void>;

function publisher(sources: ReadonlyMap<string, Source>): Publish {
  return async (name, topic, payload, options) => {
    const publish = sources.get(name)?.publish;
    if (publish === undefined) throw new GatewayError(`source ${name} is not open, or cannot publish`);
    await publish(topic, payload, options);
  };
}

interface Running {
  readonly startedMs: number;
  readonly clock: Clock;
  readonly pipeline: Pipeline;
  readonly sources: ReadonlyMap<string, Source>;
  readonly forwarder: Forwarder;
  readonly delivery: Delivery;
}

function statusOfGateway(
  { config }: GatewaySetup,
  { version }: GatewayOptions,
  running: Running,
): GatewayStatus {
  const { progress, journal } = running.pipeline;
  return {
    gateway: config.gateway,
    version,
    pid: process.pid,
    startedMs: running.startedMs,
    nowMs: running.clock.now(),
    sources: [...running.sources.values()].map((source) => ({
      name: source.name,
      kind: source.kind,
      ...source.status(),
    })),
    ...statusOf(progress.state),
    journal: { bytes: journal.bytes, frames: journal.stats.frames, commits: journal.stats.commits },
    checkpoint: { atMs: progress.checkpointAtMs, bytes: progress.checkpointBytes },
    processedMs: progress.batchEndMs,
    forward: running.forwarder.status(),
    notifiers: running.delivery.status(),
  };
}
