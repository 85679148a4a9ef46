/** What a running gateway tells of itself, put together from its stations. Not here: the words and numbers made of it. */

import type { GatewayConfig } from './config/schema.ts';
import type { ClockTrust } from './core/clock.ts';
import { GatewayError } from './core/errors.ts';
import type { ClockLine, DiskLine, GatewayStatus, OwnPointsLine } from './core/status.ts';
import { statusOf, timeOfDayAt } from './engine/engine.ts';
import type { Machine } from './health/machine.ts';
import { isDiskFailure } from './log/disk-error.ts';
import { filesSetAside } from './log/files-set-aside.ts';
import type { Forwarder } from './outbox/forward.ts';
import type { Outlets } from './outlets.ts';
import type { OverloadWatch } from './overload.ts';
import { type Pipeline, waitingFrames } from './pipeline.ts';
import { marked } from './settings/marks.ts';
import type { SettingsStore } from './settings/store.ts';
import type { OpenSources } from './sources/open.ts';

export interface Running {
  readonly config: Pick<GatewayConfig, 'gateway' | 'data'>;
  readonly version: string;
  /** On the journal's line. */
  readonly startMs: number;
  readonly restarts: number;
  readonly now: () => number;
  readonly trust: () => ClockTrust;
  readonly machine: Machine;
  readonly pipeline: Pipeline;
  readonly overload: OverloadWatch;
  readonly settings: SettingsStore;
  readonly sources: OpenSources;
  readonly outlets: Outlets;
}

/** The status at this moment. */
export function statusOfGateway(running: Running): GatewayStatus {
  const { config, version, restarts, outlets } = running;
  const { progress, journal } = running.pipeline;
  const engine = statusOf(progress.state);
  const nowMs = running.now();
  return {
    gateway: config.gateway,
    version,
    pid: process.pid,
    startedMs: nowMs - (journal.now() - running.startMs),
    restarts,
    machine: running.machine.line(),
    nowMs,
    clock: clockLine(running),
    sources: [...running.sources.values()].map((source) => ({
      name: source.name,
      kind: source.kind,
      ...source.status(),
    })),
    ...engine,
    alerts: marked(engine.alerts, running.settings.settings(), nowMs),
    disk: diskLine(config.data, running.pipeline),
    overload: running.overload.status(),
    journal: { ...journal.status(), waiting: waitingFrames(running.pipeline) },
    checkpoint: {
      atMs: timeOfDayAt(progress.state, progress.checkpointAtMs),
      bytes: progress.checkpointBytes,
    },
    processedMs: timeOfDayAt(progress.state, progress.batchEndMs),
    forward: outlets.points.status(),
    ...(outlets.health !== undefined && { health: ownPointsLine(outlets.health) }),
    ...(outlets.alerts !== undefined && { alertPoints: ownPointsLine(outlets.alerts) }),
    notifiers: outlets.delivery.status(),
  };
}

/** Of the logs and the checkpoint. */
export function dataBytes({ journal, outbox, progress }: Pipeline): number {
  const lanes = [outbox.points, outbox.alerts, outbox.health, ...outbox.levels.map(({ lane }) => lane)];
  const outboxBytes = lanes.reduce((sum, { bytes }) => sum + bytes, 0);
  return journal.status().bytes + outboxBytes + progress.checkpointBytes;
}

function ownPointsLine(forwarder: Forwarder): OwnPointsLine {
  const { state, detail, sent, setAside, lost, pendingPoints } = forwarder.status();
  return { state, detail, sent, setAside, lost, pendingPoints };
}

function clockLine({ trust, pipeline }: Running): ClockLine {
  const { clockSteps, lastStepMs } = pipeline.journal.stats;
  return { state: trust(), steps: clockSteps, ...(clockSteps > 0 && { lastStepMs }) };
}

function diskLine(data: string, { journal, outbox, progress }: Pipeline): DiskLine {
  const failure = progress.diskFull ?? journal.failure;
  const remedy = failure instanceof GatewayError && failure.remedy !== undefined ? `: ${failure.remedy}` : '';
  return {
    state: failure === undefined ? 'ok' : isDiskFailure(failure) ? 'failed' : 'full',
    detail: failure === undefined ? '' : `${failure.message}${remedy}`,
    losses: { journal: journal.losses, ...outbox.losses },
    setAside: filesSetAside(data),
  };
}
