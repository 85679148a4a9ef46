/**
 * An outage for tests: minutes of points into an outbox on a simulated disk, a server that can be away, silent (it takes
 * what it is sent and nobody hears of it) or well, and a count of what it has.
 */

import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { silentLogger } from '../core/log.ts';
import type { Merging, Point } from '../core/types.ts';
import type { Disk } from '../log/files.ts';
import type { ForwardStatus } from './forward.ts';
import { type ForwardOptions, startForward } from './forward.ts';
import { type Outbox, openOutbox } from './outbox.ts';
import { parseLine } from './parse-line.ts';
import type { Sink, SinkOutcome } from './sink.ts';

export const startMs = Date.parse('2026-01-05T06:00:00Z');
export const merges: ReadonlyMap<string, Merging> = new Map([
  ['load', { shape: 'a', fields: { n: 'sum', most: 'max', least: 'min', mean: 'mean', ended: 'last' } }],
]);

const keys = 20;
const perMinute = 6;

/** Whole numbers that follow from the place of the point: sums are exact. */
function numberOf(minute: number, key: number, i: number): number {
  return ((Math.imul(minute * 131 + key * 17 + i, 2_654_435_761) >>> 0) % 100_000) + 1;
}

/** Points of ten seconds: `load` can be merged, `state` cannot. Minutes count from 1. */
export function minuteOf(minute: number): Point[] {
  const points: Point[] = [];
  for (let i = 1; i <= perMinute; i++) {
    const timeMs = startMs + (minute - 1) * 60_000 + i * 10_000;
    for (let key = 0; key < keys; key++) {
      const x = numberOf(minute, key, i);
      const fields = { n: x, most: x, least: x, mean: x, ended: x, middle: x };
      const weights = { mean: x % 7 };
      points.push({ measurement: 'load', tags: { key: `k${key}` }, fields, timeMs, weights });
    }
  }
  points.push({
    measurement: 'state',
    tags: { key: 'all' },
    fields: { minute },
    timeMs: startMs + minute * 60_000,
  });
  return points;
}

export interface Total {
  n: number;
  most: number;
  least: number;
  weighted: number;
}

export function totalsOf(minutes: number): Map<string, Total> {
  const totals = new Map<string, Total>();
  for (let minute = 1; minute <= minutes; minute++) {
    for (const { measurement, tags, fields } of minuteOf(minute)) {
      if (measurement === 'load')
        add(totals, `load,key=${tags.key}`, {
          n: Number(fields.n),
          most: Number(fields.most),
          least: Number(fields.least),
        });
    }
  }
  return totals;
}

function add(totals: Map<string, Total>, series: string, part: Omit<Total, 'weighted'>): void {
  const held = totals.get(series) ?? { n: 0, most: -Infinity, least: Infinity, weighted: 0 };
  totals.set(series, {
    n: held.n + part.n,
    most: Math.max(held.most, part.most),
    least: Math.min(held.least, part.least),
    weighted: 0,
  });
}

export interface Server {
  mode: 'away' | 'silent' | 'well';
  readonly sink: Sink;
  /** Points by identity, as a database holds them. */
  readonly points: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Each request that was answered well. */
  readonly requests: (readonly string[])[];
  totals(): Map<string, Total>;
}

export function createServer(): Server {
  const points = new Map<string, Map<string, string>>();
  const requests: (readonly string[])[] = [];
  const server: Server = {
    mode: 'well',
    points,
    requests,
    sink: {
      async send(lines): Promise<SinkOutcome> {
        await turn();
        if (server.mode === 'away') return { kind: 'unavailable', detail: 'ECONNREFUSED' };
        for (const line of lines) {
          const { series, fields, time } = parseLine(line)!;
          const identity = `${series} ${time}`;
          points.set(identity, new Map([...(points.get(identity) ?? []), ...fields]));
        }
        if (server.mode === 'silent') return { kind: 'unavailable', detail: 'no answer within 10 s' };
        requests.push(lines);
        return { kind: 'accepted' };
      },
      async close() {},
    },
    totals() {
      const totals = new Map<string, Total>();
      for (const [identity, fields] of points) {
        if (!identity.startsWith('load,')) continue;
        const [n, most, least] = ['n', 'most', 'least'].map((name) => Number(fields.get(name)));
        add(totals, identity.split(' ')[0]!, { n: n!, most: most!, least: least! });
      }
      return totals;
    },
  };
  return server;
}

/** Whatever happens: every point is sent, waits, was set aside, is lost, or was merged with others. */
export function balanced(status: ForwardStatus): ForwardStatus {
  const { taken, sent, setAside, lost, merged } = status.through;
  const waiting = status.pendingPoints;
  assert.equal(sent + waiting + setAside + lost + merged, taken, JSON.stringify(status));
  for (const count of [sent, setAside, lost, merged]) assert.ok(count >= 0, JSON.stringify(status));
  return status;
}

export interface Life {
  readonly outbox: Outbox;
  status(): ForwardStatus;
  /** Of that minute, as one batch. */
  append(minute: number): Promise<void>;
  stop(): Promise<void>;
  /** As if it had never been: nothing it still does reaches disk or server. */
  leave(): void;
}

/** From opening the outbox on: one process. */
export async function live(
  disk: Disk,
  server: Server,
  budgetBytes: number,
  options: Partial<ForwardOptions> = {},
): Promise<Life> {
  const outbox = await openOutbox('/outbox', { budgetBytes, logger: silentLogger, disk, setAside: () => {} });
  const stop = new AbortController();
  let isLeft = false;
  const sink: Sink = {
    ...server.sink,
    send: (lines, signal) => (isLeft ? new Promise(() => {}) : server.sink.send(lines, signal)),
  };
  const forwarder = await startForward({
    lane: outbox.points,
    levels: outbox.levels,
    budgetBytes: outbox.pointsBudgetBytes,
    sink,
    target: 'test',
    disk,
    cursorPath: outbox.cursorPath('points'),
    backlogPointsPerSecond: 1e6,
    setAside: () => {},
    logger: silentLogger,
    signal: stop.signal,
    waits: { firstRetryMs: 1, maxRetryMs: 4, refusedMs: 4, flushMs: 50, positionMs: 1 },
    ...options,
  });
  return {
    outbox,
    status: () => balanced(forwarder.status()),
    append: (minute) => outbox.append(startMs + minute * 60_000, minuteOf(minute), [], merges),
    async stop() {
      stop.abort();
      await forwarder.closed;
      await outbox.close();
    },
    leave() {
      isLeft = true;
      stop.abort();
    },
  };
}

/** Far beyond what it takes, also on a machine that is busy with other things. */
const longestMs = 60_000;

/** Resolves once the condition holds. */
export async function settled(life: Life, condition: () => boolean): Promise<void> {
  const limit = performance.now() + longestMs;
  while (!condition()) {
    assert.ok(
      performance.now() < limit,
      `waited too long: ${JSON.stringify(life.status())} ${JSON.stringify(life.outbox.levels.map((l) => [l.lane.first, l.lane.next, l.lane.lastBatchEndMs, l.lane.bytes]))} ${life.outbox.points.first} ${life.outbox.points.next} ${life.outbox.points.bytes}`,
    );
    await turn();
  }
}
