/** What every kind of source must do; each kind's test runs this with a peer of its own. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Limits } from '../config/schema.ts';
import { silentLogger } from '../core/log.ts';
import type { Ingest, OpenHandshakes } from '../core/types.ts';
import type { Source, SourceContext } from './source.ts';

export interface Recorded {
  readonly source: string;
  readonly topic: string;
  readonly payload: Buffer;
  readonly when: 'durable' | 'accepted';
}

/** A journal in memory whose acknowledgements the test decides. */
export interface Recorder {
  readonly ingest: Ingest;
  readonly frames: Recorded[];
  /** Frames not acknowledged yet. */
  readonly waiting: number;
  /** Acknowledges what waits, and from now on everything at once. */
  release(error?: Error): void;
  /** From now on acknowledgements wait. */
  hold(): void;
  /** Refuses the next frames. */
  refuse(frames: number): void;
}

export function createRecorder(holding = false): Recorder {
  const frames: Recorded[] = [];
  let waiting: ((error?: Error) => void)[] = [];
  let isHolding = holding;
  let refusals = 0;
  function releaseAll(error?: Error): void {
    const released = waiting;
    waiting = [];
    for (const acknowledge of released) acknowledge(error);
  }
  return {
    frames,
    get waiting() {
      return waiting.length;
    },
    ingest(source, topic, payload, when, acknowledge) {
      if (refusals > 0) {
        refusals -= 1;
        setImmediate(acknowledge, new Error('no space left on device'));
        return;
      }
      frames.push({ source, topic, payload: Buffer.from(payload), when });
      waiting.push(acknowledge);
      if (!isHolding) setImmediate(() => isHolding || releaseAll());
    },
    release(error) {
      isHolding = false;
      releaseAll(error);
    },
    hold() {
      isHolding = true;
    },
    refuse(count) {
      refusals = count;
    },
  };
}

export const testLimits: Limits = {
  journalBytes: 1 << 29,
  outboxBytes: 1 << 30,
  seriesPerRule: 10_000,
  packetBytes: 256 << 10,
  connections: 1000,
  connectionsPerAddress: 1000,
  connectTimeoutMs: 8000,
  subscriptions: 100,
  sessions: 1000,
};

/** Of a source that was never there before. */
export const noHandshakes: OpenHandshakes = { of: () => [], end: (_source, _handshake, done) => done() };

/** A context whose signal is aborted by `stop`. */
export function createContext(recorder: Recorder, overrides: Partial<SourceContext> = {}) {
  const controller = new AbortController();
  const context: SourceContext = {
    name: 'under-test',
    ingest: (...frame) => recorder.ingest(...frame),
    handshakes: noHandshakes,
    subscriptions: ['#'],
    limits: testLimits,
    logger: silentLogger,
    signal: controller.signal,
    clientId: 'headgate-test',
    ...overrides,
  };
  return { context, stop: () => controller.abort() };
}

/** One source of the kind and the device at its other end. */
export interface Bench {
  start(context: SourceContext): Promise<Source>;
  /** Resolves when the source can hear the device. */
  connect(source: Source): Promise<void>;
  /** Sends each payload as one frame. */
  send(payloads: readonly Buffer[]): void;
  /** How many frames the device knows to be taken; absent where nothing is ever answered. */
  acknowledged?(): number;
  /** Whether port or line can be had by someone else. */
  isFree(): Promise<boolean>;
  end(): Promise<void>;
}

const payloads = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => Buffer.from(`{"n":${from + i},"unit":"°C"}`));

async function until(condition: () => unknown, what: string): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) assert.fail(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export function sourceContract(kind: Source['kind'], makeBench: () => Promise<Bench>): void {
  async function withSource(
    recorder: Recorder,
    body: (bench: Bench, source: Source, stop: () => void) => Promise<void>,
  ): Promise<void> {
    const bench = await makeBench();
    const { context, stop } = createContext(recorder);
    try {
      const source = await bench.start(context);
      await bench.connect(source);
      await body(bench, source, stop);
      stop();
      await source.closed;
    } finally {
      stop();
      await bench.end();
    }
  }

  describe(`${kind} keeps the contract of sources`, () => {
    test('delivers frames in order with their bytes, under its own name', async () => {
      const recorder = createRecorder();
      await withSource(recorder, async (bench, source) => {
        assert.equal(source.kind, kind);
        bench.send(payloads(500));
        await until(() => recorder.frames.length >= 500, '500 frames');
        assert.deepEqual(
          recorder.frames.map(({ payload }) => payload.toString()),
          payloads(500).map(String),
        );
        assert.ok(recorder.frames.every((frame) => frame.source === 'under-test'));
        assert.equal(source.status().counters.received, 500);
      });
    });

    test('acknowledges nothing before the journal does', async () => {
      const recorder = createRecorder(true);
      await withSource(recorder, async (bench) => {
        bench.send(payloads(20));
        await until(() => recorder.waiting === 20, '20 frames wait');
        assert.equal(bench.acknowledged?.() ?? 0, 0);
        recorder.release();
        await until(() => (bench.acknowledged?.() ?? 20) === 20, 'all acknowledged');
      });
    });

    test('goes on after the journal refused frames, and counts them', async () => {
      const recorder = createRecorder();
      await withSource(recorder, async (bench, source) => {
        recorder.refuse(1);
        bench.send(payloads(1));
        await until(() => source.status().counters.notStored === 1, 'the refusal is counted');
        assert.equal(bench.acknowledged?.() ?? 0, 0);
        await bench.connect(source);
        bench.send(payloads(3, 100));
        await until(() => recorder.frames.some(({ payload }) => payload.includes('102')), 'later frames');
      });
    });

    test('closes within a second, also while frames wait, and leaves nothing behind', async () => {
      const recorder = createRecorder(true);
      await withSource(recorder, async (bench, source, stop) => {
        bench.send(payloads(5));
        await until(() => recorder.waiting === 5, '5 frames wait');
        assert.equal(await bench.isFree(), false);
        const beforeMs = performance.now();
        stop();
        await source.closed;
        assert.ok(performance.now() - beforeMs < 1000, 'took a second or more');
        assert.equal(await bench.isFree(), true);
        assert.equal(source.status().state, 'closed');
        recorder.release();
      });
    });

    test('answers what the journal has taken while it stops', async () => {
      const recorder = createRecorder(true);
      await withSource(recorder, async (bench, source, stop) => {
        bench.send(payloads(5));
        await until(() => recorder.waiting === 5, '5 frames wait');
        stop();
        recorder.release();
        await source.closed;
        if (bench.acknowledged) await until(() => bench.acknowledged!() === 5, 'all acknowledged');
      });
    });

    test('says how it is', async () => {
      const recorder = createRecorder();
      await withSource(recorder, async (_bench, source) => {
        const { state, detail, counters } = source.status();
        assert.notEqual(state, 'closed');
        assert.match(detail, /\S/);
        assert.ok(Object.values(counters).every(Number.isFinite));
      });
    });
  });
}
