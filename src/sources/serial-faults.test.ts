/** A serial line that misbehaves: what comes over it, who else wants it, and a cable that is pulled again and again. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { readdirSync } from 'node:fs';
import { chmod, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { type SerialLine, startSerialLine } from '../../test/peers/socat.ts';
import { heardAt } from '../../test/peers/uart.ts';
import { until } from '../../test/peers/until.ts';
import type { SerialConfig } from '../config/schema.ts';
import type { Logger } from '../core/log.ts';
import { startSerial } from './serial.ts';
import { createContext, createRecorder, type Recorder } from './source.contract.ts';
import type { Source } from './source.ts';

const settings = { baud: 9600, dataBits: 8, stopBits: 1, parity: 'none', framing: 'line' } as const;

interface Setup {
  readonly line: SerialLine;
  readonly source: Source;
  readonly recorder: Recorder;
  /** Messages of the log. */
  readonly said: string[];
  readonly signal: AbortSignal;
  texts(): string[];
}

async function setUp(t: TestContext, config: Partial<SerialConfig> = {}): Promise<Setup> {
  const line = await startSerialLine();
  const recorder = createRecorder();
  const said: string[] = [];
  const write = (_: object, text: string): void => void said.push(text);
  const logger: Logger = { debug: write, info: write, warn: write, error: write };
  const { context, stop } = createContext(recorder, { logger });
  const source = await startSerial({ ...settings, path: line.path, ...config }, context);
  t.after(async () => {
    stop();
    recorder.release();
    await source.closed;
    await line.stop();
  });
  const texts = (): string[] => recorder.frames.map(({ payload }) => payload.toString());
  return { line, source, recorder, said, signal: context.signal, texts };
}

const countersOf = ({ source }: Setup) => source.status().counters;
const isOpen = ({ source }: Setup) => until(() => source.status().state === 'open', 'the line is open');
const isWaiting = ({ source }: Setup) => until(() => source.status().state === 'waiting', 'it waits');

/** The same bytes every time: a linear congruential generator. */
function noise(bytes: number): Buffer {
  let state = 42;
  return Buffer.from(
    Array.from({ length: bytes }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    }),
  );
}

describe('what comes over the line', () => {
  test('garbage: every byte is in a frame, discarded or an end of a frame, and good frames follow', async (t) => {
    for (const [framing, end] of [
      ['line', '\n'],
      ['slip', '\xc0'],
      ['cobs', '\0'],
    ] as const) {
      const setup = await setUp(t, { framing });
      const { line, texts } = setup;
      line.write(noise(50_000));
      line.write(Buffer.from(`${end}${framing === 'cobs' ? '\x05' : ''}good${end}`, 'latin1'));
      await until(() => texts().at(-1) === 'good', `a good frame after the garbage, ${framing}`);
      assert.equal(countersOf(setup).received, texts().length);
      assert.equal(countersOf(setup).framesTooLong, 0);
      assert.equal(countersOf(setup).framesDamaged! > 50, framing !== 'line', framing);
      assert.equal(setup.source.status().detail, 'open, 9600 baud');
    }
  });

  test('half a line, silence, and the rest are one frame', async (t) => {
    const setup = await setUp(t);
    setup.line.write('{"level":');
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(countersOf(setup).received, 0);
    setup.line.write('4.2}\r\n');
    await until(() => setup.texts().length === 1, 'one frame');
    assert.deepEqual(setup.texts(), ['{"level":4.2}']);
  });

  test('at a wrong baud rate nothing good is taken for good, and the right rate is heard at once', async (t) => {
    const sent = Buffer.from(Array.from({ length: 500 }, (_, i) => `{"n":${i},"level":4.2}\r\n`).join(''));
    for (const baud of [1200, 4800, 19_200, 115_200]) {
      const setup = await setUp(t, { framing: 'cobs' });
      setup.line.write(heardAt(baud, 9600, sent));
      setup.line.write(Buffer.from('\0\x05good\0', 'latin1'));
      await until(() => setup.texts().at(-1) === 'good', `a good frame, heard ${baud} before`);
      assert.ok(setup.texts().every((text) => !text.includes('level')));
    }
  });

  test('a line without an end is dropped, counted and said once, with what to do about it', async (t) => {
    const setup = await setUp(t);
    const { line, source, said } = setup;
    for (let i = 0; i < 64; i++) line.write(Buffer.alloc(64 << 10, 'x'));
    await until(() => countersOf(setup).bytesDiscarded === 64 * (64 << 10), 'all of it is discarded');
    assert.equal(countersOf(setup).framesTooLong, 1);
    assert.deepEqual(said, ['serial line open', 'frame too long, dropped up to the next delimiter']);
    assert.equal(
      source.status().detail,
      'open, 9600 baud; frames of more than 262144 bytes are dropped: are `baud` and `framing` right?',
    );
    line.write('\nok\n');
    await until(() => setup.texts().length === 1, 'the next frame');
    assert.deepEqual(setup.texts(), ['ok']);
    assert.equal(source.status().detail, 'open, 9600 baud');
  });

  test('damaged frames are said once, with what to do about it', async (t) => {
    const setup = await setUp(t, { framing: 'slip' });
    setup.line.write(Buffer.from('a\xdb\xc0'.repeat(50), 'latin1'));
    await until(() => countersOf(setup).framesDamaged === 50, 'all are counted');
    assert.deepEqual(setup.said, ['serial line open', 'frame damaged, dropped']);
    assert.match(setup.source.status().detail, /damaged frames are dropped: are `baud` and `framing` right/);
  });
});

describe('a cable', () => {
  test('pulled while nothing is read: what was read before is kept', async (t) => {
    const setup = await setUp(t);
    const { line, recorder } = setup;
    recorder.hold();
    line.write('x\n'.repeat(20_000));
    await until(() => recorder.waiting >= 1000, 'the bound is reached');
    // The port reads on until its own buffer is full.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await line.unplug();
    await isWaiting(setup);
    await line.plug();
    await isOpen(setup);
    const before = countersOf(setup).received!;
    line.write('after\n');
    recorder.release();
    await until(() => setup.texts().at(-1) === 'after', 'a frame of the line that is back');
    assert.equal(countersOf(setup).received, before + 1);
    assert.ok(before > 10_000, `${before} frames`);
  });

  test('pulled and plugged in again and again while nothing is read: no more and no more is taken', async (t) => {
    const setup = await setUp(t);
    const { line, recorder } = setup;
    recorder.hold();
    line.write('x\n'.repeat(2000));
    await until(() => recorder.waiting >= 1000, 'the bound is reached');
    for (let i = 0; i < 5; i++) {
      await line.unplug();
      await isWaiting(setup);
      await line.plug();
      await isOpen(setup);
      line.write('y\n'.repeat(2000));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.ok(recorder.waiting <= 2000, `${recorder.waiting} frames wait`);
    recorder.release();
    await until(() => setup.texts().filter((text) => text === 'y').length >= 2000, 'the last ones');
  });

  test('of a process that died: its link leads nowhere', async (t) => {
    const setup = await setUp(t);
    const { line } = setup;
    await line.kill();
    await isWaiting(setup);
    await rm(line.path);
    await line.plug();
    await isOpen(setup);
  });

  test('100 times: nothing is left behind, nothing lost that came over an open line', async (t) => {
    const setup = await setUp(t);
    const { line, source, signal, said } = setup;
    const reconnect = async (n: number): Promise<void> => {
      await line.unplug();
      await isWaiting(setup);
      await line.plug();
      await isOpen(setup);
      line.write(`${n}\n`);
      await until(() => setup.texts().at(-1) === String(n), `frame ${n}`);
    };
    await reconnect(-1);
    const before = held(signal);
    for (let n = 0; n < 100; n++) await reconnect(n);
    // Watchers and polls of a wait that is over are closed a turn later.
    await until(() => held(signal) === before, `no more is held than before: ${before}, ${held(signal)}`);
    assert.equal(setup.texts().length, 101);
    assert.equal(source.status().counters.opened, 102);
    assert.equal(said.filter((text) => text === 'serial line open').length, 102);
  });
});

/** Descriptors, timers, watchers and listeners of this process. */
function held(signal: AbortSignal): string {
  const timers = process.getActiveResourcesInfo().filter((kind) => /Timeout|FSEvent/.test(kind));
  const listeners = getEventListeners(signal, 'abort').length;
  return `${readdirSync('/proc/self/fd').length} descriptors, ${timers.toSorted().join(' ')}, ${listeners} listeners`;
}

describe('a device that is there', () => {
  test('but another process has it: it says so, and opens it when it is free', async (t) => {
    const setup = await setUp(t);
    const other = await startSerialLine();
    t.after(() => other.stop());
    const owner = spawn('flock', [other.path, 'cat'], { stdio: ['pipe', 'pipe', 'ignore'] });
    owner.stdin.write('locked\n');
    await once(owner.stdout, 'data');
    await pointTo(setup.line, other.path);
    const says = /another program has it open: `fuser -v` tells which/;
    await until(() => says.test(setup.source.status().detail), 'it says so');
    assert.ok(countersOf(setup).openFailures! > 0);
    owner.stdin.end();
    await isOpen(setup);
  });

  test('but not for this user: it says so, and opens it as soon as it may', async (t) => {
    const line = await startSerialLine();
    t.after(() => line.stop());
    await chmod(line.folder, 0o755);
    await chmod(line.path, 0o000);
    asNobody(t);
    const { context, stop } = createContext(createRecorder());
    const source = await startSerial({ ...settings, path: line.path }, context);
    t.after(async () => {
      stop();
      await source.closed;
    });
    assert.match(source.status().detail, /permission denied: add the gateway's user to the group/);
    assert.ok(source.status().counters.openFailures! > 0);
    asRoot();
    await chmod(line.path, 0o666);
    await until(() => source.status().state === 'open', 'it is open');
  });
});

/** The by-id link of a line now leads to another device. */
async function pointTo({ folder, path }: SerialLine, node: string): Promise<void> {
  const fresh = join(folder, 'fresh');
  await symlink(node, fresh);
  await rename(fresh, path);
}

const isRoot = process.getuid?.() === 0;

/** Mode bits stop nobody who is root. */
function asNobody(t: TestContext): void {
  if (!isRoot) return;
  process.seteuid!(65_534);
  t.after(asRoot);
}

function asRoot(): void {
  if (isRoot) process.seteuid!(0);
}
