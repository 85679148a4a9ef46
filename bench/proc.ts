/** What the kernel says of a process: Linux, proc(5). */

import { readFileSync, statSync } from 'node:fs';

/** USER_HZ of proc(5): 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Processor time used so far, of all threads, in ms. */
export function cpuMs(pid: number): number {
  return usedMs(`/proc/${pid}/stat`);
}

/** Of the main thread alone: where messages are parsed and rules run, and what bounds the rate. */
export function mainThreadMs(pid: number): number {
  return usedMs(`/proc/${pid}/task/${pid}/stat`);
}

function usedMs(path: string): number {
  const text = readFileSync(path, 'utf8');
  // The second field is the name in parentheses, which may hold spaces; utime and stime are fields 14 and 15.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

/** Resident now, and the most it ever was. */
export function residentMiB(pid: number): { readonly now: number; readonly peak: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return { now: kibOf(text, 'VmRSS') / 1024, peak: kibOf(text, 'VmHWM') / 1024 };
}

function kibOf(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(text)?.[1]);
}

/** Bytes that the process has caused to be written to the disk, in whole pages. */
export function writtenBytes(pid: number): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

/** Bytes written to the disk that a path is on, by everybody, since the system started; undefined without one of its own. */
export function deviceWrittenBytes(path: string): number | undefined {
  const { dev } = statSync(path);
  // Of makedev(3), for numbers below 4096 and 256.
  const device = `${(dev >> 8) & 0xfff}:${dev & 0xff}`;
  try {
    // The seventh figure of Documentation/block/stat.rst: sectors of 512 bytes written.
    return Number(readFileSync(`/sys/dev/block/${device}/stat`, 'utf8').trim().split(/\s+/)[6]) * 512;
  } catch {
    return undefined;
  }
}
