/** How far buses are behind. From rules/bus-delay.yaml. */

import { field, of, overTime } from '../../influxql.ts';
import { lines } from '../../panels.ts';
import { rowsPanel, toGateway } from '../../tables.ts';
import { rows, series } from '../../target.ts';
import { bus, every, lateness } from './asked.ts';

export const delay = () =>
  lines({
    title: 'Behind the timetable',
    description: 'Minutes, negative when early. Lines at 3 and 10 minutes: warning, critical.',
    unit: 'm',
    decimals: 1,
    targets: [
      series(overTime('mean', 'minutes', { from: 'bus-delay', where: bus, by: ['vehicle'] }), '$tag_vehicle'),
    ],
    every,
    bridgeMs: 3 * 60_000,
    filled: 0,
    limits: 'line',
    steps: lateness,
    legend: 'table',
  });

export const speed = () =>
  lines({
    title: 'Speed',
    description: 'The highest and the average of the top speeds that the buses reached in each minute.',
    unit: 'velocityms',
    decimals: 1,
    min: 0,
    targets: [
      series(overTime('max', 'speed_max', { from: 'bus-delay', where: bus }), 'highest'),
      series(overTime('mean', 'speed_max', { from: 'bus-delay', where: bus }), 'average'),
    ],
    every,
    bridgeMs: 3 * 60_000,
  });

export const busTable = () =>
  rowsPanel({
    title: 'Buses',
    description: 'Each bus as last heard in the time shown: line, delay, top speed of its last minute.',
    unit: 'none',
    targets: [
      rows({
        columns: {
          delay: of('last', 'minutes'),
          line: field('line'),
          speed_max: field('speed_max'),
          operator: field('operator'),
          gateway: field('gateway'),
        },
        from: 'bus-delay',
        where: bus,
        by: ['vehicle'],
      }),
    ],
    columns: [
      { name: 'vehicle', title: 'Bus' },
      { name: 'line', title: 'Line' },
      { name: 'delay', title: 'Delay', unit: 'm', decimals: 1, steps: lateness },
      { name: 'speed_max', title: 'Top speed', unit: 'velocityms', decimals: 1 },
      { name: 'Time', title: 'Heard', unit: 'dateTimeFromNow' },
      { name: 'operator', title: 'Operator' },
      { name: 'gateway', title: 'Gateway', link: toGateway },
    ],
    sortBy: 'Delay',
  });
