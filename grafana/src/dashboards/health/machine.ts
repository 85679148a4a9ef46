/** How the machines are. */

import { lines } from '../../panels.ts';
import { series } from '../../target.ts';
import { bridgeMs, gauge, healthEvery } from '../health-queries.ts';

export const dataBytes = () =>
  lines({
    title: 'Data folder',
    description:
      'Bytes of journal, outbox and checkpoint; dashed the journal alone. Each has its limit in `limits`.',
    unit: 'bytes',
    min: 0,
    targets: [
      series(gauge('data_bytes'), '$tag_gateway'),
      series(gauge('journal_bytes'), '$tag_gateway, journal'),
    ],
    every: healthEvery,
    bridgeMs,
    overrides: [{ series: '/, journal$/', dashed: true }],
  });

export const diskFree = () =>
  lines({
    title: 'Disk free',
    description: 'Room left where the data folder is.',
    unit: 'bytes',
    min: 0,
    targets: [series(gauge('disk_free_bytes', 'min'), '$tag_gateway')],
    every: healthEvery,
    bridgeMs,
  });

export const memory = () =>
  lines({
    title: 'Memory of the gateway',
    description:
      'Solid: what the process takes. Dashed, on the right: what is left to it on its machine, or in its service; close to none, it is about to be ended.',
    unit: 'bytes',
    min: 0,
    targets: [
      series(gauge('memory_rss_bytes', 'max'), '$tag_gateway'),
      series(gauge('memory_available_bytes', 'min'), '$tag_gateway, available'),
    ],
    every: healthEvery,
    bridgeMs,
    overrides: [{ series: '/, available$/', dashed: true, right: true }],
  });

export const cpu = () =>
  lines({
    title: 'CPU of the gateway',
    description:
      'Of one core: a gateway uses about one, so near 100 % it is at its limit. Dashed: the load of its machine over a minute, on the right.',
    unit: 'percent',
    decimals: 0,
    min: 0,
    targets: [
      series(gauge('cpu_percent', 'max'), '$tag_gateway'),
      series(gauge('load_1m', 'max'), '$tag_gateway, load'),
    ],
    every: healthEvery,
    bridgeMs,
    overrides: [{ series: '/, load$/', dashed: true, right: true, unit: 'short' }],
  });

export const temperature = () =>
  lines({
    title: 'CPU temperature',
    description: 'A Raspberry Pi slows down from 80 °C. Machines without a sensor are not here.',
    unit: 'celsius',
    decimals: 0,
    targets: [series(gauge('cpu_temperature_celsius', 'max'), '$tag_gateway')],
    every: healthEvery,
    bridgeMs,
    limits: 'line',
    steps: [
      [null, 'green'],
      [80, 'red'],
    ],
    empty: 'no machine here tells its temperature',
  });

export const uptime = () =>
  lines({
    title: 'Time since start',
    description:
      'Rises evenly, falls to nothing at each start: a saw is a gateway that is restarted again and again.',
    unit: 's',
    min: 0,
    targets: [series(gauge('uptime_seconds', 'min'), '$tag_gateway')],
    every: healthEvery,
    bridgeMs,
  });
