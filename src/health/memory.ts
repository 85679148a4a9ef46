/**
 * The memory that is left: what the machine says programs may still take, or what is left to the control group of the
 * process where that is less.
 *
 * Caches that the kernel gives back when asked count as left. Not here: what the process itself takes.
 */

import { freemem } from 'node:os';
import { join } from 'node:path';
import { textOf } from './text-of.ts';

export interface MemoryRoots {
  readonly proc: string;
  /** Of the control groups, version 2. */
  readonly cgroup: string;
}

const systemRoots: MemoryRoots = { proc: '/proc', cgroup: '/sys/fs/cgroup' };

/** In bytes. Never rejects. */
export async function availableMemory(roots: MemoryRoots = systemRoots): Promise<number> {
  const machine = (await machineBytes(roots.proc)) ?? freemem();
  return Math.min(machine, (await groupBytes(roots)) ?? Number.POSITIVE_INFINITY);
}

async function machineBytes(proc: string): Promise<number | undefined> {
  const found = /^MemAvailable:\s*(\d+) kB$/m.exec((await textOf(join(proc, 'meminfo'))) ?? '');
  return found === null ? undefined : Number(found[1]) * 1024;
}

/** Undefined without a limit. */
async function groupBytes({ proc, cgroup }: MemoryRoots): Promise<number | undefined> {
  const own = /^0::(\/.*)$/m.exec((await textOf(join(proc, 'self', 'cgroup'))) ?? '')?.[1];
  if (own === undefined) return undefined;
  const read = (name: string): Promise<string | undefined> => textOf(join(cgroup, own, name));
  const [limit, used, stat] = await Promise.all([
    read('memory.max'),
    read('memory.current'),
    read('memory.stat'),
  ]);
  // `max` is no limit.
  if (!isWhole(limit) || !isWhole(used)) return undefined;
  const cached = /^inactive_file (\d+)$/m.exec(stat ?? '')?.[1] ?? '0';
  return Math.max(0, Number(limit) - Math.max(0, Number(used) - Number(cached)));
}

function isWhole(text: string | undefined): text is string {
  return text !== undefined && /^\d+$/.test(text);
}
