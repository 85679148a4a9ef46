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
import { createChanges, type Device, identify } from './device-watch.ts';
import { createFramer, type Framer, type FramerCounters } from './framing.ts';
import { createInFlight, type InFlight } from './in-flight.ts';
import { limitLog } from './limit-log.ts';
import { createProgress, type Reading } from './serial-progress.ts';
import type { Source, SourceContext } from './source.ts';

const firstRetryMs = 500;
const maxRetryMs = 30_000;
/** A line that was open this long, or gave a frame, was a good one: its next loss starts with a short wait again. */
const goodLineMs = 10_000;
const maxFramesInFlight = 1000;
const maxBytesInFlight = 1 << 20;

interface Counters {
  received: number;
  notStored: number;
  opened: number;
  /** Tries that did not open it. */
  openFailures: number;
}

/**
 * Resolves after the first try to open the line, however that ended: a missing device does not stop the gateway.
 * Throws a `GatewayError` for frames that could never be cut or never fit.
 */
export async function startSerial(config: SerialConfig, context: SourceContext): Promise<Source> {
  const { name, limits, signal } = context;
  const { framing, path } = config;
  checkFraming(framing, limits.packetBytes, name);
  const counters: Counters = { received: 0, notStored: 0, opened: 0, openFailures: 0 };
  const reading: Reading = { bytes: 0, trouble: '' };
  const framer = createFramer(framing, limits.packetBytes);
  const inFlight = createInFlight(maxFramesInFlight, maxBytesInFlight);
  const receive = receiver(framer, inFlight, context, counters, reading);
  const progress = createProgress(config, context, reading);
  const changes = createChanges(path, signal);
  const backoff = createBackoff(firstRetryMs, maxRetryMs);

  /** One life of the line. Resolves with why it ended, once the port is closed. */
  async function openAndRead(device: Device | undefined): Promise<string> {
    const { port, failure } = device ? await open(config) : { failure: noDevice };
    if (!port) {
      counters.openFailures += 1;
      return failure;
    }
    const over = ended(port);
    counters.opened += 1;
    Object.assign(reading, { bytes: 0, trouble: '' });
    progress.opened();
    holdBack(port, inFlight);
    port.on('data', (chunk: Buffer) => {
      receive(chunk);
      holdBack(port, inFlight);
    });
    const reason = await Promise.race([over, changes.until((now) => now?.node !== device?.node)]);
    await close(port);
    // What was read before the loss and held back.
    for (let chunk = port.read(); chunk !== null; chunk = port.read()) receive(chunk as Buffer);
    framer.reset();
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
    status: () => ({ ...progress.status(), counters: { ...counters, ...framer.counters } }),
    closed,
  };
}

function checkFraming(framing: Framing, maxBytes: number, name: string): void {
  if (typeof framing === 'string') return;
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

const noDevice = 'no such device: is it plugged in, is the path right?';
const openFailures: readonly (readonly [RegExp, string])[] = [
  [/No such file/i, noDevice],
  [
    /Permission denied/i,
    "permission denied: add the gateway's user to the group of the device, usually `dialout`",
  ],
  [
    /Cannot lock port|Resource temporarily unavailable|Device or resource busy/i,
    'another program has it open: `fuser -v` tells which',
  ],
  [/Inappropriate ioctl|Is a directory/i, 'not a serial line'],
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

/** Lets the port alone while the journal is behind. */
function holdBack(port: SerialPort, inFlight: InFlight): void {
  if (!inFlight.full || port.isPaused()) return;
  port.pause();
  inFlight.whenRoom(() => port.resume());
}

const tooLongTrouble = (limit: number) =>
  `frames of more than ${limit} bytes are dropped: are \`baud\` and \`framing\` right?`;
const damagedTrouble = 'damaged frames are dropped: are `baud` and `framing` right, is the cable good?';

/** What happens with each chunk of an open port. */
function receiver(
  framer: Framer,
  inFlight: InFlight,
  context: SourceContext,
  counters: Counters,
  reading: Reading,
) {
  const { name, ingest, limits, logger } = context;
  const warn = limitLog(logger.warn.bind(logger));
  const warnTooLong = limitLog(logger.warn.bind(logger));
  const warnDamaged = limitLog(logger.warn.bind(logger));

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

  /** Told to the log for a time, to `status` for as long as nothing good comes. */
  function tellTrouble(before: FramerCounters): void {
    const { framesTooLong, framesDamaged } = framer.counters;
    if (framesTooLong > before.framesTooLong) {
      reading.trouble = tooLongTrouble(limits.packetBytes);
      warnTooLong(
        { source: name, limit: limits.packetBytes },
        'frame too long, dropped up to the next delimiter',
      );
    }
    if (framesDamaged > before.framesDamaged) {
      reading.trouble = damagedTrouble;
      warnDamaged({ source: name }, 'frame damaged, dropped');
    }
  }

  return (chunk: Buffer): void => {
    const before = { ...framer.counters };
    const frames = framer.push(chunk);
    reading.bytes += chunk.length;
    tellTrouble(before);
    if (frames.length > 0) reading.trouble = '';
    for (const frame of frames) take(frame);
  };
}
