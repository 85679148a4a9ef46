/**
 * A gateway whose disk fails at one step and the ones after it, for a while: what it acknowledged, its points and alerts must
 * be those of a run that was left alone, and it must say what is wrong.
 *
 * Where it ends by itself it is started again, as systemd does.
 */

import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { GatewayError } from '../../src/core/errors.ts';
import { type DiskStep, hookDisk, type StepTarget } from '../peers/disk-hook.ts';
import {
  closing,
  compare,
  createWorkload,
  pointsOf,
  type Receiver,
  type Running,
  run,
  type SaidLine,
  type Site,
} from './site.ts';

/** From the nth of these steps on, so many fail. */
export interface Failure {
  readonly code: 'ENOSPC' | 'EIO' | 'EROFS';
  readonly steps: ReadonlySet<string>;
  readonly nth: number;
  readonly times: number;
}

/** Names of steps are those of disk-hook.ts, and `create` for an `open` that makes a file. */
function nameOfStep(step: DiskStep, { mode }: StepTarget): string {
  return step === 'open' && mode === 'create' ? 'create' : step;
}

/** Steps that need room. */
const changes: ReadonlySet<string> = new Set(['write', 'create', 'rename', 'makeFolder']);

/** The ways to fail, and how many steps of each are tried in every run of the tests. */
export const kinds = [
  // Waited out: the gateway lives on.
  { name: 'is full', code: 'ENOSPC', steps: changes, times: 4, sample: 9 },
  {
    name: 'fails to write or sync',
    code: 'EIO',
    steps: new Set([...changes, 'sync', 'syncFolder']),
    times: 1,
    sample: 9,
  },
  { name: 'is full at a sync', code: 'ENOSPC', steps: new Set(['sync', 'syncFolder']), times: 2, sample: 6 },
  {
    name: 'is read-only',
    code: 'EROFS',
    steps: new Set([...changes, 'remove', 'truncate']),
    times: 8,
    sample: 4,
  },
] as const;

interface Watch {
  failure: Failure | undefined;
  /** Of the steps that may fail. */
  seen: number;
  failed: string[];
  /** Open files of which a sync failed. */
  readonly suspect: Set<number>;
  /** What was done with them afterwards. */
  readonly trusted: string[];
}

const watch: Watch = { failure: undefined, seen: 0, failed: [], suspect: new Set(), trusted: [] };
let isHooked = false;

function hook(): void {
  if (isHooked) return;
  isHooked = true;
  hookDisk((step, path, target) => {
    const { file } = target;
    if (file !== undefined && watch.suspect.has(file) && (step === 'sync' || step === 'write')) {
      watch.trusted.push(`${step} of ${path}`);
    }
    const name = nameOfStep(step, target);
    const { failure } = watch;
    if (failure === undefined || !failure.steps.has(name)) return;
    watch.seen += 1;
    if (watch.seen <= failure.nth || watch.failed.length >= failure.times) return;
    watch.failed.push(`${name} of ${basename(path)}`);
    if (step === 'sync' && file !== undefined) watch.suspect.add(file);
    throw Object.assign(new Error(`${failure.code}: simulated, ${name} '${path}'`), { code: failure.code });
  });
}

const workload = [...createWorkload(7, 40, 6000), ...closing()];

export interface Outcome {
  readonly points: Map<string, string>;
  readonly alerts: ReadonlySet<string>;
  readonly said: readonly SaidLine[];
  /** The disk's states that `status` showed. */
  readonly states: ReadonlySet<string>;
  /** Why it ended by itself, each time. */
  readonly ends: readonly GatewayError[];
  readonly steps: number;
  readonly failed: readonly string[];
  readonly trusted: readonly string[];
}

/** Publishes everything to a gateway on a fresh folder, over as many starts as that takes. */
export async function outcomeOf(
  site: Site,
  data: string,
  receiver: Receiver,
  failure: Failure,
): Promise<Outcome> {
  hook();
  Object.assign(watch, { failure, seen: 0, failed: [], trusted: [] });
  watch.suspect.clear();
  const [fromLine, fromAlert] = [receiver.lines.length, receiver.alerts.length];
  const said: SaidLine[] = [];
  const states = new Set<string>();
  const ends: GatewayError[] = [];
  let left: readonly { topic: string; payload: string }[] = workload;
  let isSettled = false;
  try {
    for (let starts = 0; !isSettled; starts++) {
      if (starts > 40)
        throw new Error(`it never came through: ${ends.map(({ message }) => message).join('\n')}`);
      const running = await run(site, data).catch(async (error: unknown) => {
        if (!(error instanceof GatewayError)) throw error;
        ends.push(error);
        await wait(2);
        return undefined;
      });
      if (running === undefined) continue;
      const over = new AbortController();
      const looking = look(running, states, over.signal);
      const end = running.died.catch((error: GatewayError) => {
        ends.push(error);
        over.abort();
        return 'died' as const;
      });
      left = await running.insist(left, over.signal);
      const way = await Promise.race([end, running.settled(20_000).then(() => 'settled' as const)]).catch(
        (error: unknown) => {
          // It dies while it is waited for.
          if (!over.signal.aborted) throw error;
          return 'died' as const;
        },
      );
      isSettled = way === 'settled';
      over.abort();
      await looking;
      await running.stop().catch((error: unknown) => {
        said.push({ level: 'error', message: String(error), details: {} });
      });
      said.push(...running.said);
    }
    return {
      points: pointsOf(receiver.lines.slice(fromLine)),
      alerts: new Set(receiver.alerts.slice(fromAlert).map(({ message }) => message)),
      ...{ said, states, ends, steps: watch.seen, failed: watch.failed, trusted: watch.trusted },
    };
  } finally {
    watch.failure = undefined;
    rmSync(data, { recursive: true, force: true });
  }
}

async function look({ gateway }: Running, states: Set<string>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    states.add(gateway.status().disk.state);
    await wait(2);
  }
}

/** What is wrong with an outcome; none when all is as promised. */
export function faultsOf(reference: Outcome, outcome: Outcome, { code }: Failure): string[] {
  const faults: string[] = [];
  const difference = compare(reference.points, outcome.points);
  if (difference !== undefined) faults.push(`points differ: ${JSON.stringify(difference).slice(0, 2000)}`);
  const lost = [...reference.alerts].filter((message) => !outcome.alerts.has(message));
  if (lost.length > 0) faults.push(`alerts lost: ${lost.join(', ')}`);
  if (outcome.trusted.length > 0) faults.push(`used after a failed sync: ${outcome.trusted.join(', ')}`);
  const isFull = code === 'ENOSPC' && !outcome.failed.some((what) => /^sync/.test(what));
  for (const { message, remedy } of outcome.ends) {
    // Before it runs it says why it cannot; later it waits.
    if (isFull && !/cannot open|cannot make/.test(message))
      faults.push(`it ended on a full disk: ${message}`);
    if (remedy === undefined || remedy === '') faults.push(`no remedy: ${message}`);
  }
  const warnings = outcome.said.filter(({ level }) => level !== 'info');
  if (outcome.failed.length > 0 && warnings.length + outcome.ends.length === 0) {
    faults.push(`nothing is said of ${outcome.failed.join(', ')}`);
  }
  return faults;
}
