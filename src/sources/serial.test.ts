import assert from 'node:assert/strict';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { SerialPort } from 'serialport';
import { type SerialLine, startSerialLine } from '../../test/peers/socat.ts';
import { until } from '../../test/peers/until.ts';
import type { SerialConfig } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { startSerial } from './serial.ts';
import {
  createContext,
  createRecorder,
  type Recorder,
  sourceContract,
  testLimits,
} from './source.contract.ts';
import type { Source, SourceContext } from './source.ts';

const settings = { baud: 9600, dataBits: 8, stopBits: 1, parity: 'none', framing: 'line' } as const;

/** Whether someone else can open the line. */
async function canOpen(path: string): Promise<boolean> {
  const port = new SerialPort({ path, baudRate: 9600, autoOpen: false });
  const error = await new Promise((resolve) => port.open(resolve));
  if (!error) await new Promise((resolve) => port.close(resolve));
  return !error;
}

sourceContract('serial', async () => {
  const line = await startSerialLine();
  return {
    start: (context) => startSerial({ ...settings, path: line.path }, context),
    connect: (source) => until(() => source.status().state === 'open', 'the line is open'),
    send: (payloads) =>
      line.write(Buffer.concat(payloads.flatMap((payload) => [payload, Buffer.from('\r\n')]))),
    isFree: () => canOpen(line.path),
    end: () => line.stop(),
  };
});

interface Setup {
  readonly line: SerialLine;
  readonly source: Source;
  readonly recorder: Recorder;
  readonly stop: () => void;
  texts(): string[];
}

/** A line, and a source on it, both gone after the test. */
async function setUp(
  t: TestContext,
  config: Partial<SerialConfig> = {},
  overrides: Partial<SourceContext> = {},
): Promise<Setup> {
  const line = await startSerialLine();
  const recorder = createRecorder();
  const { context, stop } = createContext(recorder, overrides);
  const source = await startSerial({ ...settings, path: line.path, ...config }, context);
  t.after(async () => {
    stop();
    recorder.release();
    await source.closed;
    await line.stop();
  });
  return {
    line,
    source,
    recorder,
    stop,
    texts: () => recorder.frames.map(({ payload }) => payload.toString()),
  };
}

describe('framing on a real line', () => {
  test('delimiter', async (t) => {
    const { line, texts } = await setUp(t, { framing: { delimiter: '\r' } });
    line.write('t=1\rt=2\r');
    await until(() => texts().length === 2, 'two frames');
    assert.deepEqual(texts(), ['t=1', 't=2']);
  });

  test('fixed length', async (t) => {
    const { line, texts } = await setUp(t, { framing: { length: 4 } });
    line.write('abcdefghij');
    await until(() => texts().length === 2, 'two frames');
    assert.deepEqual(texts(), ['abcd', 'efgh']);
  });

  test('a line too long is dropped, counted and logged once', async (t) => {
    const warnings: string[] = [];
    const logger = {
      debug() {},
      info() {},
      error() {},
      warn: (_: object, text: string) => warnings.push(text),
    };
    const limits = { ...testLimits, packetBytes: 100 };
    const { line, source, texts } = await setUp(t, {}, { limits, logger: logger as Logger });
    line.write(`${'x'.repeat(1000)}\n${'y'.repeat(1000)}\nok\n`);
    await until(() => texts().length === 1, 'the good frame');
    assert.deepEqual(texts(), ['ok']);
    assert.equal(source.status().counters.framesTooLong, 2);
    assert.deepEqual(warnings, ['frame too long, dropped up to the next delimiter']);
  });

  test('frames that could never be cut, or never fit, are refused at the start', async () => {
    const { context } = createContext(createRecorder());
    for (const framing of [{ length: 300_000 }, { length: 0 }, { length: 1.5 }, { delimiter: '' }]) {
      await assert.rejects(startSerial({ ...settings, path: '/dev/null', framing }, context), GatewayError);
    }
  });
});

describe('a cable', () => {
  test('pulled and plugged in again, as a new node behind the same link', async (t) => {
    const { line, source, texts } = await setUp(t);
    line.write('before\npart');
    await until(() => texts().length === 1, 'the first frame');
    await line.unplug();
    await until(() => source.status().state === 'waiting', 'the loss is noticed');
    assert.match(source.status().detail, /^waiting for .*line \(.*\), next try in \d+ s$/);
    await line.plug();
    await until(() => source.status().state === 'open', 'the line is open again');
    line.write('after\n');
    await until(() => texts().length === 2, 'the second frame');
    assert.deepEqual(texts(), ['before', 'after']);
    assert.equal(source.status().counters.bytesDiscarded, 4);
  });

  test('pulled in the middle of a stream, where reading may give end-of-file for ever', async (t) => {
    const { line, source, recorder } = await setUp(t);
    const feeding = setInterval(() => line.write('x'.repeat(200).concat('\n').repeat(100)), 1);
    await until(() => recorder.frames.length > 2000, 'a stream');
    clearInterval(feeding);
    line.write('x'.repeat(60_000));
    await line.unplug();
    await until(() => source.status().state === 'waiting', 'the loss is noticed');
  });

  test('pulled while the journal is behind and nothing is read', async (t) => {
    const { line, source, recorder } = await setUp(t);
    recorder.hold();
    line.write('x\n'.repeat(3000));
    await until(() => recorder.waiting >= 1000, 'the bound is reached');
    await line.unplug();
    await until(() => source.status().state === 'waiting', 'the loss is noticed');
    recorder.release();
    await line.plug();
    await until(() => source.status().state === 'open', 'the line is open again');
  });

  test('that leads to another device: the link is re-pointed while the old node lives', async (t) => {
    const other = await startSerialLine();
    t.after(() => other.stop());
    const { line, texts, source } = await setUp(t);
    const fresh = join(line.folder, 'fresh');
    await symlink(other.path, fresh);
    await rename(fresh, line.path);
    await until(() => source.status().counters.opened === 2, 'opened anew');
    other.write('from the other\n');
    await until(() => texts().length === 1, 'a frame of the other');
    assert.deepEqual(texts(), ['from the other']);
  });
});

describe('a device that cannot be opened', () => {
  const waitingFor = (source: Source) => until(() => source.status().state === 'waiting', 'it waits');

  test('is awaited without hurry, and opened as soon as it appears, also in a folder made anew', async (t) => {
    const device = await startSerialLine();
    const folder = join(device.folder, 'by-id');
    const recorder = createRecorder();
    const { context, stop } = createContext(recorder);
    const source = await startSerial({ ...settings, path: join(folder, 'usb') }, context);
    t.after(async () => {
      stop();
      await source.closed;
      await device.stop();
    });
    assert.match(source.status().detail, /no such device/);
    await mkdir(folder);
    await symlink(device.path, join(folder, 'usb'));
    await until(() => source.status().state === 'open', 'it is open');
    await rm(folder, { recursive: true });
    await waitingFor(source);
    await mkdir(folder);
    await symlink(device.path, join(folder, 'usb'));
    await until(() => source.status().state === 'open', 'it is open again');
  });

  test('because another program has it', async (t) => {
    const { line, source: first } = await setUp(t);
    const { context, stop } = createContext(createRecorder());
    const second = await startSerial({ ...settings, path: line.path }, context);
    t.after(async () => {
      stop();
      await second.closed;
    });
    assert.equal(first.status().detail, 'open, 9600 baud, nothing received yet');
    assert.match(second.status().detail, /another program has it open/);
  });

  test('because it is no serial line', async (t) => {
    const { line } = await setUp(t);
    const path = join(line.folder, 'file');
    await writeFile(path, 'text');
    const { context, stop } = createContext(createRecorder());
    const source = await startSerial({ ...settings, path }, context);
    t.after(async () => {
      stop();
      await source.closed;
    });
    assert.match(source.status().detail, /not a serial line/);
  });

  test('because its path leads through a file', async (t) => {
    const { line } = await setUp(t);
    await writeFile(join(line.folder, 'file'), 'text');
    const { context, stop } = createContext(createRecorder());
    const source = await startSerial({ ...settings, path: join(line.folder, 'file', 'usb') }, context);
    assert.match(source.status().detail, /no such device/);
    stop();
    await source.closed;
  });

  test('logs the loss once, however often it tries', async (t) => {
    const lines: string[] = [];
    const write = (_: object, text: string) => void lines.push(text);
    const logger: Logger = { debug: write, info: write, warn: write, error: write };
    const { line, source } = await setUp(t, {}, { logger });
    await line.unplug();
    await waitingFor(source);
    await until(() => /next try in [2-9] s/.test(source.status().detail), 'it has tried a few times');
    assert.deepEqual(lines, ['serial line open', 'no serial line, trying on until it is back']);
  });
});

test('reads no further than the journal follows', async (t) => {
  const { line, recorder, texts } = await setUp(t);
  recorder.hold();
  line.write(Array.from({ length: 20_000 }, (_, i) => `${i}\n`).join(''));
  await until(() => recorder.waiting >= 1000, 'the bound is reached');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const held = recorder.frames.length;
  assert.ok(held < 20_000, `${held} frames taken while nothing was acknowledged`);
  recorder.release();
  await until(() => recorder.frames.length === 20_000, 'the rest');
  assert.deepEqual(
    texts(),
    Array.from({ length: 20_000 }, (_, i) => String(i)),
  );
});
