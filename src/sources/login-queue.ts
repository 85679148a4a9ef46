/**
 * Checks passwords, so that a storm of wrong ones neither stops the gateway nor eats its memory.
 *
 * Invariant: at most `concurrent` checks run at once, off the event loop; at most `waiting` wait, those of one address after
 * those of the others; a password found right is known again without a check, until its hash changes. After wrong ones
 * an address waits, longer each time. A user that does not exist costs as much as a wrong password.
 * Not here: which users there are.
 */

import { createHmac, randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { maxPasswordBytes, nobodysHash, parsePasswordHash, verifyPassword } from '../core/password-hash.ts';

export interface Login {
  /** The stored hash; undefined: there is no such user. */
  readonly hash: string | undefined;
  readonly password: Buffer;
  readonly address: string;
  /** Whoever asked has gone: the check is not worth its time. */
  isGone(): boolean;
  /** Called once, later. `busy`: not checked, too many wait. */
  done(result: 'right' | 'wrong' | 'busy'): void;
}

export interface LoginQueueOptions {
  readonly concurrent: number;
  readonly waiting: number;
  readonly waitingOfAddress: number;
  readonly patienceMs: number;
  readonly penaltyMs: number;
  readonly maxPenaltyMs: number;
  readonly nowMs: () => number;
}

const usual: LoginQueueOptions = {
  // Each takes a thread of the pool that the disk needs as well.
  concurrent: availableParallelism() >= 4 ? 2 : 1,
  waiting: 2000,
  waitingOfAddress: 500,
  patienceMs: 20_000,
  penaltyMs: 250,
  maxPenaltyMs: 8000,
  nowMs: () => performance.now(),
};

const mostKnown = 10_000;
/** So long after its last wrong password an address is one like any other. */
const forgiveMs = 300_000;

interface Waiting {
  readonly login: Login;
  readonly sinceMs: number;
}
interface Penalty {
  readonly failures: number;
  readonly sinceMs: number;
  readonly untilMs: number;
}

export interface LoginQueue {
  check(login: Login): void;
  /** Answers all that wait with `busy`, and from now on everybody. */
  stop(): void;
}

export function createLoginQueue(options: Partial<LoginQueueOptions> = {}): LoginQueue {
  const limits = { ...usual, ...options };
  const { nowMs } = limits;
  const known = createKnown();
  const penalties = createPenalties(limits);
  /** By address, never empty; whose turn it is comes first. */
  const queues = new Map<string, Waiting[]>();
  let waiting = 0;
  let running = 0;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  function check(login: Login): void {
    const { password, address, done } = login;
    const queue = queues.get(address) ?? [];
    const isFull = waiting >= limits.waiting || queue.length >= limits.waitingOfAddress;
    if (password.length > maxPasswordBytes) setImmediate(done, 'wrong');
    else if (known.has(login)) setImmediate(done, 'right');
    else if (isFull || isStopped) setImmediate(done, 'busy');
    else {
      queues.set(address, queue);
      queue.push({ login, sinceMs: nowMs() });
      waiting += 1;
      startNext();
    }
  }

  function startNext(): void {
    clearTimeout(timer);
    while (running < limits.concurrent && !isStopped) {
      const next = take();
      if (typeof next === 'number') {
        if (next < Number.POSITIVE_INFINITY) timer = setTimeout(startNext, next).unref();
        return;
      }
      // Found out for another one meanwhile: a fleet with one password costs one check.
      if (known.has(next)) next.done('right');
      else void run(next);
    }
  }

  /** Whose turn it is; or in how many milliseconds somebody may be. */
  function take(): Login | number {
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const [address, queue] of queues) {
      dropStale(queue);
      const waitMs = penalties.untilMs(address) - nowMs();
      if (queue.length > 0 && waitMs > 0) {
        soonestMs = Math.min(soonestMs, waitMs);
        continue;
      }
      queues.delete(address);
      const first = queue.shift();
      // Behind the others.
      if (queue.length > 0) queues.set(address, queue);
      if (first === undefined) continue;
      waiting -= 1;
      return first.login;
    }
    return soonestMs;
  }

  /** Those who have gone or waited too long. */
  function dropStale(queue: Waiting[]): void {
    while (queue.length > 0) {
      const { login, sinceMs } = queue[0]!;
      if (nowMs() - sinceMs <= limits.patienceMs && !login.isGone()) return;
      queue.shift();
      waiting -= 1;
      setImmediate(login.done, 'busy');
    }
  }

  async function run(login: Login): Promise<void> {
    const { hash, password, address, done } = login;
    running += 1;
    const stored = hash === undefined ? nobodysHash : parsePasswordHash(hash);
    // What fails in the thread pool, for want of memory, is no proof of a password.
    const fits = await verifyPassword(password, stored).catch(() => undefined);
    running -= 1;
    const isRight = fits === true && hash !== undefined;
    if (isRight) known.add(login);
    else if (fits !== undefined) penalties.add(address);
    done(isRight ? 'right' : fits === undefined ? 'busy' : 'wrong');
    startNext();
  }

  return {
    check,
    stop() {
      isStopped = true;
      clearTimeout(timer);
      const all = [...queues.values()].flat();
      queues.clear();
      waiting = 0;
      for (const { login } of all) login.done('busy');
    },
  };
}

/** Passwords found right, as fingerprints under a key of this process that is in no file. */
function createKnown() {
  const key = randomBytes(32);
  const prints = new Set<string>();
  const fingerprint = ({ hash, password }: Login): string =>
    createHmac('sha256', key).update(`${hash}\0`).update(password).digest('base64');
  return {
    has: (login: Login) => login.hash !== undefined && prints.has(fingerprint(login)),
    add(login: Login) {
      if (prints.size >= mostKnown) prints.clear();
      prints.add(fingerprint(login));
    },
  };
}

/** How long an address waits after wrong passwords: twice as long each time, up to a bound. */
function createPenalties({ penaltyMs, maxPenaltyMs, nowMs }: LoginQueueOptions) {
  const penalties = new Map<string, Penalty>();
  return {
    untilMs: (address: string) => penalties.get(address)?.untilMs ?? 0,
    add(address: string) {
      const now = nowMs();
      const before = penalties.get(address);
      const failures = before && now - before.sinceMs < forgiveMs ? before.failures + 1 : 1;
      const waitMs = Math.min(penaltyMs * 2 ** Math.min(failures - 1, 20), maxPenaltyMs);
      // The one longest without a failure comes first, and goes first.
      penalties.delete(address);
      if (penalties.size >= mostKnown) penalties.delete(penalties.keys().next().value!);
      penalties.set(address, { failures, sinceMs: now, untilMs: now + waitMs });
    },
  };
}
