/**
 * The process and the machine, looked at now and then: a status is answered at once, with what the last look saw.
 *
 * Invariant: a look never rejects; what cannot be read is absent.
 */

import { statfs } from 'node:fs/promises';
import { loadavg } from 'node:os';
import type { MachineLine } from '../core/status.ts';
import { availableMemory } from './memory.ts';
import { cpuTemperature } from './temperature.ts';

export interface MachineOptions {
  /** The data folder. */
  readonly data: string;
  readonly dataBytes: () => number;
  readonly signal: AbortSignal;
  readonly everyMs?: number;
}

export interface Machine {
  /** As it was at the last look. */
  line(): MachineLine;
  look(): Promise<void>;
}

const usualEveryMs = 10_000;
/** The processor's time over less says little. */
const leastSpanMs = 1000;

type Look = Omit<MachineLine, 'dataBytes'>;

/** Looks at once, and then every so often until the signal aborts. */
export async function watchMachine(options: MachineOptions): Promise<Machine> {
  const { data, dataBytes, signal, everyMs = usualEveryMs } = options;
  const cpuPercent = createMeter();
  let last: Look = await lookAt(data, cpuPercent());
  async function look(): Promise<void> {
    last = await lookAt(data, cpuPercent());
  }
  const timer = setInterval(() => void look(), everyMs).unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  return { line: () => ({ ...last, dataBytes: dataBytes() }), look };
}

async function lookAt(data: string, cpuPercent: number): Promise<Look> {
  const [memoryAvailableBytes, temperatureC, disk] = await Promise.all([
    availableMemory(),
    cpuTemperature(),
    diskOf(data),
  ]);
  return {
    cpuSeconds: cpuSeconds(),
    cpuPercent,
    memoryBytes: process.memoryUsage.rss(),
    memoryAvailableBytes,
    load1m: loadavg()[0]!,
    ...(temperatureC !== undefined && { cpuTemperatureC: temperatureC }),
    ...(disk !== undefined && { disk }),
  };
}

/** As `df` counts it: free is what a process without special rights may use. */
async function diskOf(folder: string): Promise<MachineLine['disk']> {
  const found = await statfs(folder).catch(() => undefined);
  if (found === undefined) return undefined;
  const { bavail, blocks, bsize } = found;
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

/** Of all threads. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Percent of one core since it was asked before, and not a moment before; at first since the process began. */
function createMeter(): () => number {
  let before = { seconds: 0, atMs: 0 };
  let percent = 0;
  return () => {
    const now = { seconds: cpuSeconds(), atMs: performance.now() };
    const passedMs = now.atMs - before.atMs;
    if (passedMs < leastSpanMs) return percent;
    percent = ((now.seconds - before.seconds) * 100_000) / passedMs;
    before = now;
    return percent;
  };
}
