/**
 * `headgate demo`: a gateway on loopback, a simulated depot that publishes to it over real MQTT and a real serial
 * line, and a view of what happens.
 *
 * Not here: the simulation (depot.ts), its time (time.ts), how it looks (view.ts, lines.ts).
 */

import { isAbsolute, join, relative } from 'node:path';
import { GatewayError } from '../../core/errors.ts';
import type { GatewayStatus } from '../../core/status.ts';
import type { Alert } from '../../core/types.ts';
import { type Gateway, startGateway } from '../../gateway.ts';
import { answersOf } from '../answers/index.ts';
import { exitCodes } from '../failure.ts';
import { loadSetup } from '../setup.ts';
import { wantsColours } from '../table.ts';
import { packageVersion } from '../version.ts';
import type { Depot } from './bus.ts';
import { serialName, writeConfig } from './config-file.ts';
import { type DataFolder, defaultFolder, openDataFolder, openScratchFolder } from './data-folder.ts';
import { beginningBefore, senders } from './depot.ts';
import { drive, keepTicking } from './drive.ts';
import { type Face, liveFace, plainFace } from './faces.ts';
import { freePort } from './free-port.ts';
import { summaryLines } from './lines.ts';
import { notesLogger } from './notes.ts';
import { openPublisher } from './publisher.ts';
import type { Scene } from './scene.ts';
import { openSerialLine, type SerialLine } from './serial-line.ts';
import { createDemoTime, type DemoTime } from './time.ts';

export interface DemoOptions {
  /** Points go to this InfluxDB, database `headgate`, instead of files. */
  readonly influx?: string | undefined;
  /** Of the broker; 0 is any free one. Without it 1883, or another one when that is taken. */
  readonly port?: number | undefined;
  /** How much faster than real time the past passes; 120 without it. */
  readonly speed?: number | undefined;
  readonly data?: string | undefined;
  /** Stops by itself after so many real seconds. */
  readonly seconds?: number | undefined;
}

const usualPort = 1883;
const usualSpeed = 120;
/** A tick, 50 ms, is then 25 s: within the lateness of every device. */
const highestSpeed = 500;
/** The past that the demo has to show: two hours, one minute of real time at the usual speed. */
const backMs = 2 * 3_600_000;
const seed = 7;
const alertsKept = 200;
const ratesKept = 60;
const rateEveryMs = 1000;

/** Runs until Ctrl-C, SIGTERM or `seconds`; gives the exit code. Throws when it cannot start. */
export async function demoCommand(options: DemoOptions = {}): Promise<number> {
  // Everybody on the machine can read a process' arguments, in which `--influx` may hold a password.
  if (options.influx?.includes('@')) process.title = 'headgate demo';
  await using ends = new AsyncDisposableStack();
  const stop = stopRequest(options.seconds);
  ends.defer(stop.forget);
  const folder = await openFolder(options);
  ends.defer(() => folder.leave());
  const notes: string[] = [];
  const serial = await openProbe(folder, notes);
  ends.defer(async () => serial?.close());
  const port = options.port ?? (await usualOrFree(notes));
  const setup = await loadSetup(await writeConfig({ folder: folder.path, port, influx: options.influx }));

  const { depot, time } = begin(options.speed ?? usualSpeed);
  // Time waits until there is somebody to publish, and then for what is on its way.
  let isHeld = (): boolean => true;
  ends.defer(keepTicking(time, () => isHeld()));
  const alerts: Alert[] = [];
  const face = faceFor(process.stdout);
  const onAlert = (alert: Alert): void => {
    alerts.push(alert);
    alerts.splice(0, alerts.length - alertsKept);
    face.alert(alert);
  };
  const logger = notesLogger(notes);
  const gateway = await startGateway(setup, {
    clock: time.clock,
    version: packageVersion(),
    logger,
    onAlert,
  });
  ends.defer(() => gateway.stop());
  ends.defer(() => {
    isHeld = () => false;
  });
  folder.claim.answer(answersOf(gateway));
  const publisher = await openPublisher(gateway.ports('mqtt')[0] ?? port, senders);
  ends.defer(() => publisher.close());
  isHeld = () => publisher.pending > 0;

  const scene = sceneOf({ gateway, time, alerts, notes });
  const stopDriving = drive(depot, time, publisher, serial);
  const stopShowing = show(face, scene);
  const failure = await Promise.race([stop.asked, gateway.failed.catch((error: unknown) => ({ error }))]);
  stopDriving();
  stopShowing();
  await publisher.close();
  await gateway.stop();
  const last = scene.now();
  const points = options.influx === undefined ? pointFiles(folder) : last.status.forward.target;
  const lines = summaryLines(last, { startMs: depot.startMs, points }, wantsColours(process.stdout));
  process.stdout.write(`${lines.join('\n')}\n`);
  if (failure !== undefined) throw failure.error;
  return exitCodes.fine;
}

function openFolder({ data, influx }: DemoOptions): Promise<DataFolder> {
  if (data === undefined && influx !== undefined) return openScratchFolder();
  return openDataFolder(data ?? defaultFolder);
}

/** The serial line, or a note why there is none. */
async function openProbe(folder: DataFolder, notes: string[]): Promise<SerialLine | undefined> {
  const line = await openSerialLine(join(folder.path, serialName));
  if (typeof line !== 'string') return line;
  notes.push(`no serial line: ${line}; the probe and its rule stay quiet`);
  return undefined;
}

async function usualOrFree(notes: string[]): Promise<number> {
  const port = await freePort(usualPort);
  if (port !== usualPort) notes.push(`port ${usualPort} is in use: the broker listens on ${port}`);
  return port;
}

/** The depot and its time: from the last rush hour that leaves enough past to show. */
function begin(speed: number): { depot: Depot; time: DemoTime } {
  if (!(speed >= 1 && speed <= highestSpeed)) {
    const remedy = `write a number from 1 to ${highestSpeed}; ${usualSpeed} is usual`;
    throw new GatewayError(`--speed ${speed} is out of reach`, { remedy });
  }
  const presentMs = Date.now();
  const midnightMs = new Date(presentMs).setHours(0, 0, 0, 0);
  const startMs = speed === 1 ? presentMs : beginningBefore(presentMs, midnightMs, backMs);
  return { depot: { seed, midnightMs, startMs }, time: createDemoTime({ startMs, speed }) };
}

function faceFor(stdout: NodeJS.WriteStream): Face {
  return stdout.isTTY ? liveFace(stdout, wantsColours(stdout)) : plainFace((text) => stdout.write(text));
}

interface Stage {
  readonly gateway: Gateway;
  readonly time: DemoTime;
  readonly alerts: readonly Alert[];
  readonly notes: readonly string[];
}

interface SceneSource {
  now(): Scene;
  /** Takes a value of the readings' rate. */
  sample(): void;
}

function sceneOf({ gateway, time, alerts, notes }: Stage): SceneSource {
  const startedMs = performance.now();
  const rates: number[] = [];
  let samples = [{ readings: 0, atMs: startedMs }];
  return {
    now: () => ({
      status: withShortTarget(gateway.status()),
      alerts,
      rates,
      elapsedMs: performance.now() - startedMs,
      speed: time.speed(),
      notes,
    }),
    sample() {
      const now = { readings: gateway.status().fates.readings, atMs: performance.now() };
      const before = samples[0]!;
      rates.push(((now.readings - before.readings) * 1000) / (now.atMs - before.atMs));
      rates.splice(0, rates.length - ratesKept);
      samples = [...samples, now].slice(-2);
    },
  };
}

function show(face: Face, scene: SceneSource): () => void {
  const sampling = setInterval(scene.sample, rateEveryMs);
  const showing = setInterval(() => face.show(scene.now()), face.everyMs);
  return () => {
    clearInterval(sampling);
    clearInterval(showing);
    face.end();
  };
}

/** Points in files are named from here; the view has little room. */
function withShortTarget(status: GatewayStatus): GatewayStatus {
  const { forward } = status;
  const target = isAbsolute(forward.target) ? fromHere(forward.target) : forward.target;
  return { ...status, forward: { ...forward, target } };
}

function fromHere(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short || '.';
}

/** Where the points are, as a user would type it from here. */
function pointFiles(folder: DataFolder): string {
  return fromHere(join(folder.path, 'points', '*.lp'));
}

interface StopRequest {
  readonly asked: Promise<undefined>;
  forget(): void;
}

/**
 * Ctrl-C, SIGTERM, the end of `seconds`, or of whoever reads the output (`| head`). A second Ctrl-C ends the process
 * at once, as if nobody listened.
 */
function stopRequest(seconds: number | undefined): StopRequest {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const stop = (): void => {
    forget();
    resolve(undefined);
  };
  const timer = seconds === undefined ? undefined : setTimeout(stop, seconds * 1000);
  const forget = (): void => {
    clearTimeout(timer);
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // Stays: the last words may find nobody either.
  process.stdout.on('error', stop);
  return { asked: promise, forget };
}
