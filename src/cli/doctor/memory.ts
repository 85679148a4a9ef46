/** Memory of the machine, and what the gateway has of it. */

import { bytesText } from '../units-text.ts';
import { type Check, type Found, fail, ok, warn } from './check.ts';
import { textOf } from './processes.ts';

const leastBytes = 32 * 1024 * 1024;
const goodBytes = 100 * 1024 * 1024;

export const memory: Check = async ({ running }) => {
  const available = kilobytes(textOf('/proc/meminfo'), 'MemAvailable');
  const total = kilobytes(textOf('/proc/meminfo'), 'MemTotal');
  const own =
    running?.pid === undefined ? undefined : kilobytes(textOf(`/proc/${running.pid}/status`), 'VmRSS');
  return [
    ...(available === undefined || total === undefined ? [] : [machine(available, total)]),
    ...(own === undefined ? [] : [ok('memory of the gateway', bytesText(own))]),
  ];
};

function machine(availableBytes: number, totalBytes: number): Found {
  const words = `${bytesText(availableBytes)} of ${bytesText(totalBytes)} available`;
  const remedy = 'stop other programs, or lower series_per_rule and connections under `limits`';
  if (availableBytes < leastBytes) return fail('memory', words, remedy, bytesText(leastBytes));
  if (availableBytes < goodBytes) return warn('memory', words, remedy, bytesText(goodBytes));
  return ok('memory', words, bytesText(goodBytes));
}

function kilobytes(text: string, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text);
  return found === null ? undefined : Number(found[1]) * 1024;
}
