/**
 * A serial line as a source: the door to the serialport package.
 *
 * Invariant: it never gives up and never hurries: whatever ends the line, it is opened again after an exponential
 * back-off, or at once when the device behind the path has changed. The port is read all the time it is open,
 * except while the journal is behind. A frame cut by a gap is discarded, not joined with what follows.
 * Not here: acknowledgements; a serial line has none, what the journal refuses is lost, and counted.
 */

import { SerialPort } from 'serialport';
import type { Framing, SerialConfig } from '../config/schema.ts';
import { createBackoff } from '../core/backoff.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { type Device, identify, watchDevice } from './device-watch.ts';
import { createFramer, type Framer } from './framing.ts';
import { createInFlight, type InFlight } from './in-flight.ts';
import { limitLog } from './limit-log.ts';
import type { Source, SourceContext, SourceStatus } from './source.ts';

const firstRetryMs = 500;
const maxRetryMs = 30_000;
/** A line that was open this long, or gave a frame, was a good one: its next loss starts with a short wait again. */
const goodLineMs = 10_000;
const maxFramesInFlight = 1000;
const maxBytesInFlight = 1 << 20;

interface Counters {
  received: number;
  notStored: number;
  framesTooLong: number;
  bytesDiscarded: number;
  opened: number;
}

/**
 * Resolves after the first try to open the line, however that ended: a missing device does not stop the gateway.
 * Throws a `GatewayError` for frames that could never be cut or never fit.
 */
export async function startSerial(config: SerialConfig, context: SourceContext): Promise<Source> {
  const { name, limits, signal } = context;
  const { framing, path } = config;
  checkFraming(framing, limits.packetBytes, name);
  const counters: Counters = { received: 0, notStored: 0, framesTooLong: 0, bytesDiscarded: 0, opened: 0 };
  const framer = createFramer(framing, limits.packetBytes);
  const inFlight = createInFlight(maxFramesInFlight, maxBytesInFlight);
  const receive = receiver(framer, inFlight, context, counters);
  const progress = createProgress(config, context);
  const changes = createChanges(path, signal);
  const backoff = createBackoff(firstRetryMs, maxRetryMs);

  /** One life of the line. Resolves with why it ended, once the port is closed. */
  async function openAndRead(device: Device | undefined): Promise<string> {
    if (!device) return 'no such device: is it plugged in, is the path right?';
    const { port, failure } = await open(config);
    if (!port) return failure;
    const over = ended(port);
    counters.opened += 1;
    progress.opened();
    port.on('data', (chunk: Buffer) => receive(port, chunk));
    const reason = await Promise.race([over, changes.until((now) => now?.node !== device.node)]);
    await close(port);
    counters.bytesDiscarded += framer.reset();
    return reason;
  }

  async function tryOnce(): Promise<void> {
    const device = await identify(path);
    const receivedBefore = counters.received;
    const reason = await openAndRead(device);
    if (signal.aborted) return;
    if (counters.received > receivedBefore || progress.openedForMs() >= goodLineMs) backoff.reset();
    const waitMs = backoff.next();
    progress.lost(reason, waitMs);
    const isNews = (now: Device | undefined) => now?.node !== device?.node || now?.access !== device?.access;
    await changes.until(isNews, waitMs);
  }

  async function keepOpen(): Promise<void> {
    while (!signal.aborted) await tryOnce();
    changes.stop();
    progress.closed();
  }

  const closed = keepOpen();
  await progress.firstTry;
  return {
    name,
    kind: 'serial',
    status: () => ({ ...progress.status(), counters: { ...counters } }),
    closed,
  };
}

function checkFraming(framing: Framing, maxBytes: number, name: string): void {
  if (framing === 'line') return;
  const isFixed = 'length' in framing;
  const [what, size] = isFixed ? ['length', framing.length] : ['delimiter', framing.delimiter.length];
  if (Number.isInteger(size) && size > 0 && size <= maxBytes) return;
  throw new GatewayError(`source ${name}: a ${what} of ${size} bytes, it may have 1 to ${maxBytes}`, {
    remedy: `correct \`${what}\`, or raise \`packet\` under \`limits\``,
  });
}

/** Opens the port, or says why not, and what to do about it. */
function open({ path, baud, dataBits, stopBits, parity }: SerialConfig) {
  return new Promise<{ port: SerialPort; failure?: never } | { port?: never; failure: string }>((resolve) => {
    const options = { path, baudRate: baud, dataBits, stopBits, parity, autoOpen: false };
    const port = new SerialPort(options);
    port.open((error) => resolve(error ? { failure: openFailure(error) } : { port }));
  });
}

const openFailures: readonly (readonly [RegExp, string])[] = [
  [/No such file/i, 'no such device: is it plugged in, is the path right?'],
  [
    /Permission denied/i,
    "permission denied: add the gateway's user to the group of the device, usually `dialout`",
  ],
  [
    /Cannot lock port|Resource temporarily unavailable/i,
    'another program has it open: `fuser -v` tells which',
  ],
  [/Inappropriate ioctl/i, 'not a serial line'],
];

function openFailure(error: Error): string {
  return openFailures.find(([pattern]) => pattern.test(error.message))?.[1] ?? error.message;
}

/** Resolves with the reason when the port has closed by itself. */
function ended(port: SerialPort): Promise<string> {
  return new Promise((resolve) => {
    port.on('error', (error) => resolve(messageOf(error)));
    port.on('close', () => resolve('the device is gone'));
  });
}

function close(port: SerialPort): Promise<void> {
  return new Promise((resolve) => {
    port.removeAllListeners('data');
    if (port.isOpen) port.close(() => resolve());
    else if (port.closing) port.once('close', () => resolve());
    else resolve();
  });
}

/** What happens with each chunk of an open port. */
function receiver(framer: Framer, inFlight: InFlight, context: SourceContext, counters: Counters) {
  const { name, ingest, limits, logger } = context;
  const warn = limitLog(logger.warn.bind(logger));
  const warnTooLong = limitLog(logger.warn.bind(logger));

  function take(frame: Buffer): void {
    const bytes = frame.length;
    counters.received += 1;
    inFlight.add(bytes);
    ingest(name, '', frame, 'accepted', (error) => {
      inFlight.remove(bytes);
      if (!error) return;
      counters.notStored += 1;
      warn({ source: name, reason: error.message }, 'frame not stored, lost');
    });
  }

  return (port: SerialPort, chunk: Buffer): void => {
    for (const frame of framer.push(chunk)) take(frame);
    if (framer.tooLong > counters.framesTooLong) {
      counters.framesTooLong = framer.tooLong;
      warnTooLong(
        { source: name, limit: limits.packetBytes },
        'frame too long, dropped up to the next delimiter',
      );
    }
    if (!inFlight.full) return;
    port.pause();
    inFlight.whenRoom(() => port.resume());
  };
}

/** Waiting for the device behind the path to change; a new wait ends the one before. */
function createChanges(path: string, signal: AbortSignal) {
  let end: (reason: string) => void = () => {};
  let look: () => void = () => {};
  const stop = watchDevice(path, () => look());

  /** Resolves when `isNews` holds for what is found, after `timeoutMs`, or when the signal aborts. */
  function until(isNews: (now: Device | undefined) => boolean, timeoutMs?: number): Promise<string> {
    end('another wait');
    return new Promise((resolve) => {
      let isOver = false;
      let isLooking = false;
      const timer = timeoutMs === undefined ? undefined : setTimeout(finish, timeoutMs, 'waited');
      const abort = (): void => finish('stopped');

      function finish(reason: string): void {
        isOver = true;
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        resolve(reason);
      }
      async function lookOnce(): Promise<void> {
        if (isOver || isLooking) return;
        isLooking = true;
        const now = await identify(path);
        isLooking = false;
        if (!isOver && isNews(now)) finish(now ? 'another device is behind the path' : 'the device is gone');
      }
      end = finish;
      look = () => void lookOnce();
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
    });
  }
  return { until, stop };
}

/** What is told of the line: one line in the log when it is lost, one when it is back. */
function createProgress({ path, baud }: SerialConfig, { name, logger }: SourceContext) {
  const { promise: firstTry, resolve: triedOnce } = Promise.withResolvers<void>();
  let state: SourceStatus['state'] = 'connecting';
  let sinceMs = 0;
  let reason = '';
  let nextTryMs = 0;
  let toldLoss = false;

  function detail(): string {
    if (state === 'open') return `open, ${baud} baud`;
    if (state !== 'waiting') return state;
    const seconds = Math.max(0, Math.ceil((nextTryMs - performance.now()) / 1000));
    return `waiting for ${path} (${reason}), next try in ${seconds} s`;
  }

  return {
    firstTry,
    opened() {
      state = 'open';
      sinceMs = performance.now();
      toldLoss = false;
      triedOnce();
      logger.info({ source: name, path, baud }, 'serial line open');
    },
    /** How long the line was open; 0 when it was not. */
    openedForMs: () => (state === 'open' ? performance.now() - sinceMs : 0),
    lost(why: string, waitMs: number) {
      state = 'waiting';
      reason = why;
      nextTryMs = performance.now() + waitMs;
      triedOnce();
      if (!toldLoss)
        logger.warn({ source: name, path, reason }, 'no serial line, trying on until it is back');
      toldLoss = true;
    },
    closed() {
      state = 'closed';
      triedOnce();
    },
    status: () => ({ state, detail: detail() }),
  };
}
