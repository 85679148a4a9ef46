/**
 * `headgate run`: the gateway in the foreground, until SIGTERM or SIGINT.
 *
 * Invariant: a stop that was asked for ends the process within 5 s, whatever hangs: all that was acknowledged is on
 * disk at any moment. A second signal ends it at once.
 */

import { resolve } from 'node:path';
import { finishMoves, moveListOf } from '../backup/moves.ts';
import { defaultConfigName } from '../config/load.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { GatewayStatus } from '../core/status.ts';
import { type Gateway, startGateway } from '../gateway.ts';
import { answersOf } from './answers/index.ts';
import { endProcess } from './end-process.ts';
import { exitCodes } from './failure.ts';
import { followFiles } from './follow-files.ts';
import { giveBackMemory } from './give-back-memory.ts';
import type { LogLevel } from './log-levels.ts';
import { logForm, openLogger } from './logger.ts';
import { type MetricsServer, openMetricsServer } from './metrics-server.ts';
import { serviceManagerOf } from './service-manager.ts';
import { loadSetup, type Setup } from './setup.ts';
import { type Claim, claimDataFolder } from './status-socket.ts';
import { type Stillness, watchStillness } from './stillness.ts';
import { packageVersion } from './version.ts';

export interface RunOptions {
  readonly config: string | undefined;
  readonly logLevel: LogLevel;
  readonly debug: boolean;
}

/** What is not flushed by then goes out after the next start. */
const stopWithinMs = 4500;
/** Once everything is up: it is no part of the start. */
const giveBackAfterMs = 5000;

/** Runs until it is told to stop; gives the exit code. Throws when it cannot start. */
export async function runCommand(options: RunOptions): Promise<number> {
  const form = logForm(process.env, process.stdout.isTTY === true);
  const { logger, flush } = openLogger({ level: options.logLevel, debug: options.debug }, form);
  const forgetSignals = exitOnSecondSignal(flush);
  const stop = stopSignal();
  process.once('uncaughtException', (error) => {
    logger.error(
      { error },
      `this is a bug, please report it with the output of --debug: ${messageOf(error)}`,
    );
    flush();
    process.exit(exitCodes.wrong);
  });
  try {
    await finishImport(options.config, logger);
    const setup = await loadSetup(options.config);
    for (const { file, line, message } of setup.warnings) logger.warn({ file, line }, message);
    const claim = await claimDataFolder(setup.config.data);
    const exitCode = await runGateway(options, setup, claim, logger, stop);
    flush();
    // Nothing that still hangs, such as an answer that never comes, may keep the process alive.
    return await endProcess(exitCode);
  } finally {
    forgetSignals();
    flush();
  }
}

/** One that was cut short has left half of another gateway here. Throws `GatewayError` when this user may not finish it. */
async function finishImport(config: string | undefined, logger: Logger): Promise<void> {
  const finished = await finishMoves(moveListOf(resolve(config ?? defaultConfigName)));
  if (finished !== undefined)
    logger.warn({ source: finished.source }, 'an import was interrupted: finished it');
}

async function runGateway(
  options: RunOptions,
  setup: Setup,
  claim: Claim,
  logger: Logger,
  stop: Promise<string>,
): Promise<number> {
  const version = packageVersion();
  const { data, gateway: name } = setup.config;
  const following = new AbortController();
  let giving: NodeJS.Timeout | undefined;
  let metrics: MetricsServer | undefined;
  try {
    // Before anything is begun: a port that is taken ends the start, and who looks meanwhile is told that it is starting.
    if (setup.config.metrics) metrics = await openMetricsServer(setup.config.metrics.listen, logger);
    // Told to stop while it still runs the journal again, it just ends: the next start does the same.
    const gateway = await Promise.race([startGateway(setup, { logger, version }), stop]);
    if (typeof gateway === 'string') return exitCodes.fine;
    const manager = serviceManagerOf(process.env, logger);
    const files = followFiles({
      configPath: options.config,
      setup,
      gateway,
      manager,
      logger,
      signal: following.signal,
    });
    const status = (): GatewayStatus => ({ ...gateway.status(), files: files.status() });
    claim.answer({ ...answersOf(gateway), status });
    metrics?.answer({ status, stillness: stillnessOf(gateway, setup, following.signal) });
    const { devices, rules } = setup.plan;
    const counts = { devices: devices.length, rules: rules.length };
    logger.info({ version, data, ...counts, pid: process.pid }, `gateway ${name} is running`);
    if (devices.length === 0) {
      const remedy = 'write device files, see `headgate check`, or name the gateway file with `-c`';
      logger.warn(
        { folder: setup.config.devices, remedy },
        'no devices: what arrives is kept, but not decoded',
      );
    }
    giving = setTimeout(giveBackMemory, giveBackAfterMs);
    await manager.ready();
    manager.watch(gateway.pulse, following.signal);
    const failed = gateway.failed.catch((error: unknown) => ({ error }));
    const end = await Promise.race([stop, failed]);
    const isFailure = typeof end === 'object';
    if (isFailure) tellFailure(end.error, logger);
    else logger.info({ signal: end }, 'stopping');
    following.abort();
    void manager.stopping();
    await files.closed;
    const isClean = await stopGateway(gateway, logger);
    return isFailure || !isClean ? exitCodes.wrong : exitCodes.fine;
  } finally {
    clearTimeout(giving);
    following.abort();
    await metrics?.close();
    await claim.release();
  }
}

function stillnessOf({ pulse }: Gateway, { config }: Setup, signal: AbortSignal): Stillness {
  return watchStillness({ pulse, batchMs: config.batchMs, signal });
}

function tellFailure(error: unknown, logger: Logger): void {
  const remedy = error instanceof GatewayError ? error.remedy : undefined;
  logger.error(
    { error, ...(remedy !== undefined && { remedy }) },
    `the gateway cannot go on: ${messageOf(error)}`,
  );
}

/** Whether everything was closed in order and in time. */
async function stopGateway(gateway: Gateway, logger: Logger): Promise<boolean> {
  const startedMs = performance.now();
  const late = Promise.withResolvers<'late'>();
  const timer = setTimeout(late.resolve, stopWithinMs, 'late');
  try {
    const isLate = (await Promise.race([gateway.stop(), late.promise])) === 'late';
    const tookMs = Math.round(performance.now() - startedMs);
    if (isLate)
      logger.warn({ tookMs }, 'stopped before all was done: the rest is on disk for the next start');
    else logger.info({ tookMs }, 'stopped');
    return !isLate;
  } catch (error) {
    logger.error({ error }, `could not stop in order: ${messageOf(error)}`);
    return false;
  } finally {
    clearTimeout(timer);
  }
}

const stopSignals = ['SIGTERM', 'SIGINT'] as const;

/** Resolves with the first signal from now on, so that one during the start is not lost. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of stopSignals) process.once(signal, resolve);
  });
}

/** Returns how to forget it. */
function exitOnSecondSignal(flush: () => void): () => void {
  let seen = 0;
  const onSignal = (): void => {
    seen += 1;
    if (seen < 2) return;
    flush();
    void endProcess(exitCodes.wrong);
  };
  for (const signal of stopSignals) process.on(signal, onSignal);
  return () => {
    for (const signal of stopSignals) process.off(signal, onSignal);
  };
}
