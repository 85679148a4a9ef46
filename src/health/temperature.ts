/**
 * The temperature of the CPU, as Linux tells it: the thermal zone of the CPU by its type, or else the hardware monitor of
 * the CPU by its name. Absent where there is neither, as in most virtual machines.
 */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { textOf } from './text-of.ts';

/** Types of thermal zones, the best first: where several of one kind are there, such as one a core, the hottest counts. */
const zoneTypes: readonly RegExp[] = [
  /^x86_pkg_temp$/,
  /^cpu/i,
  /^(?:soc|pkg|package|bigcore|littlecore|cluster)/i,
  /^imx_thermal_zone$/,
];

/** Names of drivers; their first input is the package, or what regulates the fan. */
const monitorNames = new Set(['coretemp', 'k10temp', 'zenpower', 'cpu_thermal', 'soc_thermal']);

/** Beyond these a sensor is broken, or says that it has nothing to say. */
const [leastC, mostC] = [-60, 200];

/** In degrees Celsius. `root` is the folder of device classes. Never rejects. */
export async function cpuTemperature(root = '/sys/class'): Promise<number | undefined> {
  return (await fromZones(join(root, 'thermal'))) ?? (await fromMonitors(join(root, 'hwmon')));
}

async function fromZones(folder: string): Promise<number | undefined> {
  const zones = await namesIn(folder, /^thermal_zone\d+$/);
  const types = await Promise.all(zones.map((zone) => textOf(join(folder, zone, 'type'))));
  for (const pattern of zoneTypes) {
    const own = zones.filter((_, i) => pattern.test(types[i] ?? ''));
    const hottest = await hottestOf(own.map((zone) => join(folder, zone, 'temp')));
    if (hottest !== undefined) return hottest;
  }
  return undefined;
}

async function fromMonitors(folder: string): Promise<number | undefined> {
  const monitors = await namesIn(folder, /^hwmon\d+$/);
  const names = await Promise.all(monitors.map((monitor) => textOf(join(folder, monitor, 'name'))));
  const own = monitors.filter((_, i) => monitorNames.has(names[i] ?? ''));
  return hottestOf(own.map((monitor) => join(folder, monitor, 'temp1_input')));
}

async function hottestOf(paths: readonly string[]): Promise<number | undefined> {
  const all = (await Promise.all(paths.map(degreesIn))).filter((degrees) => degrees !== undefined);
  return all.length === 0 ? undefined : Math.max(...all);
}

/** The file holds thousandths of a degree; one that is asleep or broken cannot be read. */
async function degreesIn(path: string): Promise<number | undefined> {
  const text = await textOf(path);
  const degrees = text === undefined || !/^-?\d+$/.test(text) ? Number.NaN : Number(text) / 1000;
  return degrees >= leastC && degrees <= mostC ? degrees : undefined;
}

async function namesIn(folder: string, pattern: RegExp): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.filter((name) => pattern.test(name)).sort();
}
