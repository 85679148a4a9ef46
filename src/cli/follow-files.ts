/**
 * Follows the edits of a running gateway's files: on SIGHUP, and when they changed and came to rest.
 *
 * Invariant: only files without a mistake take over, all of them together, between two batches; until then the last
 * good version runs on, and log and status say so.
 * Not here: sources, forwarding, notifiers and limits, which are built at the start: they need a restart, and that
 * is said too.
 *
 * Polled, not watched: editors replace files, folders may be on a network, and a look every two seconds costs nothing.
 */

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { kindOf, walkFolder } from '../config/files.ts';
import { sleep } from '../core/backoff.ts';
import { InvalidFiles, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { FilesLine } from '../core/status.ts';
import type { Gateway } from '../gateway.ts';
import type { ServiceManager } from './service-manager.ts';
import { loadSetup, type Setup } from './setup.ts';

export interface FollowOptions {
  readonly configPath: string | undefined;
  /** What runs now. */
  readonly setup: Setup;
  readonly gateway: Pick<Gateway, 'reload'>;
  /** Is told while files are taken over. */
  readonly manager: Pick<ServiceManager, 'reloading' | 'ready'>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly everyMs?: number;
}

export interface FollowedFiles {
  status(): FilesLine;
  /** Loads the files now, whether they changed or not. */
  load(): Promise<void>;
  readonly closed: Promise<void>;
}

const usualEveryMs = 2000;

export function followFiles(options: FollowOptions): FollowedFiles {
  const { setup, gateway, manager, logger, signal, everyMs = usualEveryMs } = options;
  const places = [
    resolve(options.configPath ?? 'headgate.yaml'),
    ...[setup.config.devices, setup.config.rules, ...usersFiles(setup)],
  ];
  const startedWith = JSON.stringify(setup.config);
  let line: FilesLine = { loadedMs: Date.now(), state: 'current', detail: '' };

  /** One after the other: files read earlier never take over later. */
  let loading = Promise.resolve();
  function load(): Promise<void> {
    loading = loading.then(manager.reloading).then(loadNow).then(manager.ready);
    return loading;
  }

  async function loadNow(): Promise<void> {
    try {
      const { config, plan, users, warnings } = await loadSetup(options.configPath);
      const reset = await gateway.reload({ plan, users });
      for (const { file, line: at, message } of warnings) logger.warn({ file, line: at }, message);
      const needsRestart = JSON.stringify(config) !== startedWith;
      line = {
        loadedMs: Date.now(),
        state: needsRestart ? 'restart needed' : 'current',
        detail: needsRestart
          ? 'rules, devices and users were taken over; the rest of headgate.yaml needs a restart'
          : '',
      };
      logger.info({ rules: plan.rules.length, reset, state: line.state }, 'edited files took over');
    } catch (error) {
      line = { ...line, state: 'broken', detail: mistakeOf(error) };
      logger.error({ mistake: line.detail }, 'the edited files have mistakes: the last good version runs on');
    }
  }

  async function follow(): Promise<void> {
    let loaded = await signatureOf(places);
    let before = loaded;
    while (!signal.aborted) {
      await sleep(everyMs, signal);
      const now = await signatureOf(places);
      // Two looks alike: whoever writes them is done.
      if (now !== loaded && now === before && !signal.aborted) {
        loaded = now;
        await load();
      }
      before = now;
    }
  }

  const onSignal = (): void => void load();
  process.on('SIGHUP', onSignal);
  const closed = follow().finally(() => process.off('SIGHUP', onSignal));
  return { status: () => line, load, closed };
}

function usersFiles({ config }: Setup): string[] {
  return Object.values(config.sources).flatMap((source) =>
    'broker' in source && source.broker.users !== undefined ? [source.broker.users] : [],
  );
}

function mistakeOf(error: unknown): string {
  const first =
    error instanceof InvalidFiles && error.diagnostics.find(({ severity }) => severity === 'error');
  return first ? `${first.file}:${first.line}:${first.column} ${first.message}` : messageOf(error);
}

/** Changes whenever a file in one of the places does. */
async function signatureOf(places: readonly string[]): Promise<string> {
  const parts = await Promise.all(places.map(filesAt));
  return parts.flat().sort().join('\n');
}

async function filesAt(place: string): Promise<string[]> {
  if ((await kindOf(place)) !== 'folder') return lookAt(place);
  const found: Promise<string[]>[] = [];
  await walkFolder(place, (paths) => void found.push(...paths.map(lookAt)));
  return (await Promise.all(found)).flat();
}

async function lookAt(path: string): Promise<string[]> {
  try {
    // Not the time of its bytes: copies may bring that along, and who may read it now changes only this one.
    const { ctimeMs, size, ino } = await stat(path);
    return [`${path} ${ctimeMs} ${size} ${ino}`];
  } catch {
    // Gone between two looks, or not there at all: the next load says what is missing.
    return [];
  }
}
