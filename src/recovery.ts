/**
 * From what is on disk to a path that goes on: the logs are opened, the checkpoint is taken up, and what the journal holds
 * beyond it is run again.
 *
 * Invariant: recovered state is what the state was at the end of the last batch that is over; time in which the gateway was
 * down is nobody's silence or idleness.
 * Not here: sources and receivers; gateway.ts opens them once this is through.
 */

import { join } from 'node:path';
import type { GatewayConfig } from './config/schema.ts';
import type { UsersBySource } from './config/users.ts';
import type { Clock, ClockTrust } from './core/clock.ts';
import { messageOf } from './core/errors.ts';
import type { Logger } from './core/log.ts';
import { createPace } from './core/pace.ts';
import { type Checkpoint, openCheckpoints } from './engine/checkpoint.ts';
import { createState, listenSince, load, quietUntilMs, watchReadings } from './engine/engine.ts';
import { createTaps } from './engine/taps.ts';
import { batches } from './journal/batches.ts';
import { countMissing, isForeign } from './journal/fit.ts';
import { type Journal, openJournal, type Position, timeOfDay } from './journal/journal.ts';
import { systemDisk } from './log/files.ts';
import { type DeadLetters, openDeadLetters } from './outbox/dead-letters.ts';
import { type Outbox, openOutbox } from './outbox/outbox.ts';
import { type JournalledBatch, type Pipeline, run } from './pipeline.ts';
import type { Plan } from './rules/plan.ts';

export interface GatewaySetup {
  readonly config: GatewayConfig;
  readonly plan: Plan;
  /** Of brokers that have users. */
  readonly users?: UsersBySource;
}

const checkpointEveryMs = 30_000;
/** Of the journal. Its files are freed as a whole, are a quarter of it at most, and may end a block before they are full. */
const checkpointShare = 1 / 8;
const deadLetterBytes = 16 * 1024 * 1024;

export interface Stations {
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly deadLetters: DeadLetters;
}

export async function openStations(
  { config }: GatewaySetup,
  clock: Clock,
  trust: () => ClockTrust,
  logger: Logger,
): Promise<Stations> {
  const { data, limits } = config;
  await using opened = new AsyncDisposableStack();
  let clocked: Journal | undefined;
  const deadLetters = await openDeadLetters(join(data, 'dead-letters'), {
    budgetBytes: deadLetterBytes,
    now: () => (clocked === undefined ? Date.now() : timeOfDay(clocked)),
    logger,
  });
  opened.defer(deadLetters.close);
  const outbox = await openOutbox(join(data, 'outbox'), {
    budgetBytes: limits.outboxBytes,
    logger,
    setAside: deadLetters.write,
  });
  opened.defer(outbox.close);
  const journal = await openJournal(join(data, 'journal'), {
    clock,
    trust,
    // The outbox takes no batch twice; one before its last would be taken for a repetition.
    notBeforeMs: Math.max(0, outbox.points.lastBatchEndMs, outbox.alerts.lastBatchEndMs),
    budgetBytes: limits.journalBytes,
    logger,
  });
  opened.move();
  clocked = journal;
  return { journal, outbox, deadLetters };
}

export async function closeStations({ journal, outbox, deadLetters }: Stations): Promise<void> {
  await Promise.all([journal.close(), outbox.close(), deadLetters.close()]);
}

interface Recovering {
  readonly stations: Stations;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export interface Recovered {
  readonly pipeline: Pipeline;
  /** The last arrival at which the gateway is known to have lived before this start. */
  readonly livedUntilMs: number;
  /** From this arrival on it lives again. */
  readonly startMs: number;
}

/** Takes up the checkpoint. What the journal holds beyond it is run again by `catchUp`. */
export async function takeUp(
  { config, plan }: GatewaySetup,
  onAlerts: Pipeline['onAlerts'],
  { stations, logger, signal }: Recovering,
): Promise<Recovered> {
  const { journal, outbox } = stations;
  const startMs = journal.now();
  const checkpoints = openCheckpoints(config.data, systemDisk, logger);
  let loaded = { state: createState(plan), reset: [] as string[] };
  const held = await checkpoints.load(async (checkpoint) => {
    if (await isForeign(journal, checkpoint.position)) return 'it is of another journal than the one here';
    try {
      loaded = load(createState(plan), checkpoint.state);
      return undefined;
    } catch (error) {
      return `its state cannot be taken up: ${messageOf(error)}`;
    }
  });
  if (held === undefined) warnWhenNotNew(stations, logger);
  else tellMissing(held, stations, logger);
  const position = held?.position ?? { sequence: 0, frame: 0 };
  // Not only with the next checkpoint: while the time of day is awaited there is none, and a journal has its full size.
  if (held !== undefined) journal.release(position);
  const { state, reset } = loaded;
  for (const rule of reset) logger.warn({ rule }, 'rule was edited in what shapes its state: it starts anew');
  const pipeline: Pipeline = {
    ...stations,
    checkpoints,
    checkpointEveryMs,
    checkpointEveryBytes: config.limits.journalBytes * checkpointShare,
    onAlerts,
    taps: createTaps((watch) => watchReadings(pipeline.progress.state, watch)),
    progress: {
      state,
      batchEndMs: held?.batchEndMs ?? 0,
      position,
      framesBefore: 0,
      checkpointAtMs: held?.batchEndMs ?? 0,
      checkpointPosition: position,
      checkpointBytes: 0,
      isUnsaved: false,
      diskFull: undefined,
      change: undefined,
    },
    pace: createPace(config.batchMs),
    logger,
    signal,
  };
  await journal.recoverHandshakes(held?.handshakes ?? [], pipeline.progress.position);
  const livedUntilMs = Math.max(
    journal.lastArrivalMs,
    outbox.points.lastBatchEndMs,
    outbox.alerts.lastBatchEndMs,
  );
  return { pipeline, livedUntilMs, startMs };
}

/** Counts what was received before this start. Before sources are open. */
export async function countFramesBefore({ pipeline }: Recovered): Promise<void> {
  const { progress, journal } = pipeline;
  progress.framesBefore = progress.state.counts.frames + (await framesFrom(journal, progress.position));
}

/** Runs again what the journal holds beyond the checkpoint, to where the gateway last lived. */
export function catchUp(
  config: GatewayConfig,
  { pipeline, livedUntilMs }: Recovered,
  clock: Clock,
): Promise<void> {
  return run(pipeline, missed(config, pipeline, clock, livedUntilMs));
}

async function framesFrom(journal: Journal, position: Position): Promise<number> {
  let frames = 0;
  for await (const span of journal.read(position, Number.POSITIVE_INFINITY)) {
    span.visit(() => {
      frames += 1;
    });
  }
  return frames;
}

/** A gateway writes a checkpoint before it processes its first frame; a journal that is whole is just run again. */
function warnWhenNotNew({ journal, outbox }: Stations, logger: Logger): void {
  const blocks = journal.end.sequence - journal.first;
  if (journal.first + outbox.points.next + outbox.alerts.next === 0) return;
  logger.error(
    { blocks },
    'no checkpoint: rules and windows begin anew with what the journal keeps; what was open before it is lost',
  );
}

/** What the logs must have held when the checkpoint was written, and lack. */
function tellMissing({ position, lanes }: Checkpoint, { journal, outbox }: Stations, logger: Logger): void {
  countMissing(journal, position, logger);
  for (const lane of ['points', 'alerts'] as const) {
    const known = lanes?.[lane];
    const records = known === undefined ? 0 : outbox[lane].expect(known);
    if (records > 0) {
      logger.error(
        { lane, records },
        'the outbox ends before the checkpoint: what was not sent of it is lost',
      );
    }
  }
}

/** The batches up to the one in which the gateway last lived, as far as they are over. */
async function* missed(
  config: GatewayConfig,
  pipeline: Pipeline,
  clock: Clock,
  livedUntilMs: number,
): AsyncGenerator<JournalledBatch> {
  const { batchMs } = config;
  // The journal's time: after a power cut the clock may be behind what was recorded.
  const overMs = Math.floor(pipeline.journal.now() / batchMs) * batchMs;
  const untilMs = Math.min(overMs, Math.ceil(livedUntilMs / batchMs) * batchMs);
  if (!(pipeline.progress.batchEndMs < untilMs)) return;
  const never = new AbortController().signal;
  for await (const next of cut(config, pipeline, clock, pipeline.progress.batchEndMs, never)) {
    yield next;
    if (next.batch.endMs >= untilMs) return;
  }
}

/** Batches from the start on. Between the last one and then the gateway was down: nothing arrived, and no time passed. */
export function live(
  config: GatewayConfig,
  { pipeline, startMs }: Recovered,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<JournalledBatch> {
  const { progress } = pipeline;
  progress.state = listenSince(progress.state, startMs);
  progress.batchEndMs = Math.max(progress.batchEndMs, Math.floor(startMs / config.batchMs) * config.batchMs);
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
