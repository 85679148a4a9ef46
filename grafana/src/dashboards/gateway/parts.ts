/** Its kinds of devices, and its rules. */

import { field, of, perSecond, type Selection, times } from '../../influxql.ts';
import { lines } from '../../panels.ts';
import { rowsPanel } from '../../tables.ts';
import { rows, series } from '../../target.ts';
import { bridgeMs, healthEvery, ofGateway } from '../health-queries.ts';

const rateOf = (name: string, from: string, by: string): Selection => ({
  columns: { [name]: perSecond(name) },
  from,
  where: ofGateway,
  by: [by],
  every: '$__interval',
  fill: 'none',
});

export const deviceReadings = () =>
  lines({
    title: 'Readings a second by device',
    description: 'Readings of each kind of device that were handed to rules.',
    unit: 'suffix:/s',
    decimals: 1,
    min: 0,
    targets: [series(rateOf('readings', 'headgate_device', 'device'), '$tag_device')],
    every: healthEvery,
    bridgeMs,
    legend: 'table',
  });

export const deviceTable = () =>
  rowsPanel({
    title: 'Kinds of devices',
    description:
      'As last heard in the time shown, counted over the life of the data folder. What was set aside has its reasons in `headgate devices`.',
    unit: 'none',
    targets: [
      rows({
        columns: {
          readings: of('last', 'readings'),
          duplicates: field('duplicates'),
          set_aside: field('set_aside'),
          series: field('series'),
          heard: field('seconds_since_heard'),
        },
        from: 'headgate_device',
        where: ofGateway,
        by: ['device'],
      }),
    ],
    columns: [
      { name: 'device', title: 'Device' },
      { name: 'series', title: 'Keys', unit: 'none' },
      { name: 'heard', title: 'Since last heard', unit: 's', decimals: 0 },
      { name: 'readings', title: 'Readings', unit: 'short' },
      { name: 'duplicates', title: 'Duplicates', unit: 'short' },
      {
        name: 'set_aside',
        title: 'Set aside',
        unit: 'short',
        steps: [
          [null, 'text'],
          [1, 'orange'],
        ],
      },
    ],
    hidden: ['Time'],
    sortBy: 'Readings',
  });

export const rulePoints = () =>
  lines({
    title: 'Points a minute by rule',
    description: 'Results that each rule gave to be sent.',
    unit: 'suffix:/min',
    decimals: 1,
    min: 0,
    targets: [
      series(
        { ...rateOf('points', 'headgate_rule', 'rule'), columns: { points: perMinute('points') } },
        '$tag_rule',
      ),
    ],
    every: healthEvery,
    buckets: 30,
    bridgeMs,
    legend: 'table',
  });

const perMinute = (name: string) => times(perSecond(name), 60);

export const ruleTable = () =>
  rowsPanel({
    title: 'All rules',
    description:
      'As last heard in the time shown, counted over the life of the data folder: each reading is filtered, late, over the limit of keys, in an open window or in results.',
    unit: 'none',
    targets: [
      rows({
        columns: {
          readings: of('last', 'readings'),
          filtered: field('filtered'),
          late: field('late'),
          over_limit: field('over_limit'),
          in_windows: field('in_windows'),
          in_results: field('in_results'),
          points: field('points'),
          alerts_fired: field('alerts_fired'),
          alerts_firing: field('alerts_firing'),
          keys: field('keys'),
        },
        from: 'headgate_rule',
        where: ofGateway,
        by: ['rule'],
      }),
    ],
    columns: [
      { name: 'rule', title: 'Rule' },
      {
        name: 'alerts_firing',
        title: 'Firing',
        unit: 'none',
        steps: [
          [null, 'transparent'],
          [1, 'orange'],
        ],
        loud: true,
      },
      { name: 'alerts_fired', title: 'Fired', unit: 'none' },
      { name: 'keys', title: 'Keys', unit: 'none' },
      { name: 'readings', title: 'Readings', unit: 'short' },
      { name: 'filtered', title: 'Filtered', unit: 'short' },
      { name: 'late', title: 'Late', unit: 'short' },
      { name: 'over_limit', title: 'Over limit', unit: 'short' },
      { name: 'in_windows', title: 'In windows', unit: 'short' },
      { name: 'in_results', title: 'In results', unit: 'short' },
      { name: 'points', title: 'Points', unit: 'short' },
    ],
    hidden: ['Time'],
    sortBy: 'Firing',
  });
