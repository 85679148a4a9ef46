/** Buses: who is full, who is late, who is silent. From rules/bus-load.yaml, bus-fleet.yaml, bus-delay.yaml and bus-silent.yaml. */

import type { Board } from '../board.ts';
import { chosen, field, of } from '../influxql.ts';
import { bars, lines, number, type Step, strips } from '../panels.ts';
import { rowsPanel } from '../tables.ts';
import { rows, series } from '../target.ts';
import { dataSourceVariable, tagVariable } from '../variables.ts';

/** `bus-load` warns at 90 % and is critical at 100 % of what the bus may carry. */
const crowding: readonly Step[] = [
  [null, 'green'],
  [0.9, 'orange'],
  [1, 'red'],
];
/** Minutes at which `bus-delay` warns and is critical. */
const lateness: readonly Step[] = [
  [null, 'green'],
  [3, 'orange'],
  [10, 'red'],
];

const fleet = [chosen('gateway'), chosen('operator')];
const bus = [...fleet, chosen('vehicle')];

/** A rule's window is a minute; a counter sends at stops, so its points may be minutes apart. */
const every = '1m';
const betweenStopsMs = 15 * 60_000;
const lately = '15m';

export const buses = (): Board => ({
  uid: 'headgate-buses',
  title: 'Headgate: buses',
  description:
    'Load, delay and silence of each bus, from the rules bus-load, bus-fleet, bus-delay and bus-silent.',
  back: '3h',
  refresh: '30s',
  variables: [
    dataSourceVariable(),
    tagVariable({ tag: 'gateway', label: 'Gateway', measurement: 'bus-delay' }),
    tagVariable({ tag: 'operator', label: 'Operator', measurement: 'bus-delay', within: ['gateway'] }),
    tagVariable({
      tag: 'vehicle',
      label: 'Bus',
      measurement: 'bus-delay',
      within: ['gateway', 'operator'],
    }),
  ],
  annotations: [],
  sections: [
    {
      lines: [
        {
          height: 4,
          panels: [
            [5, onTheRoad()],
            [5, fullestBus()],
            [5, fullBuses()],
            [5, latestBus()],
            [4, lateBuses()],
          ],
        },
      ],
    },
    {
      title: 'Load',
      lines: [
        {
          height: 9,
          panels: [
            [16, load()],
            [8, loadNow()],
          ],
        },
        {
          height: 9,
          panels: [
            [16, crowdingStrips()],
            [8, fullShare()],
          ],
        },
      ],
    },
    {
      title: 'Timetable',
      lines: [
        {
          height: 9,
          panels: [
            [16, delay()],
            [8, speed()],
          ],
        },
        { height: 10, panels: [[24, busTable()]] },
      ],
    },
  ],
});

const last = (name: string, from: string) => ({
  columns: { value: of('last', name) },
  from,
  where: bus,
  by: ['gateway', 'operator', 'vehicle'],
});

const onTheRoad = () =>
  number({
    title: 'Buses on the road',
    description: 'Buses whose position was heard in the last 15 minutes.',
    unit: 'none',
    targets: [
      series({ columns: { buses: of('count', 'value') }, from: [last('minutes', 'bus-delay')] }, 'buses'),
    ],
    lately,
    steps: [[null, 'blue']],
    empty: '0',
  });

const fullestBus = () =>
  number({
    title: 'Fullest bus',
    description:
      'The highest share of capacity of any bus now: passengers at its last stop of those it may carry.',
    unit: 'percentunit',
    decimals: 0,
    targets: [series({ columns: { share: of('max', 'value') }, from: [last('share', 'bus-load')] }, 'share')],
    lately,
    steps: crowding,
    empty: 'none counted',
  });

const fullBuses = () =>
  number({
    title: 'Full buses',
    description:
      'Buses at 90 % of capacity or more in the last five minutes, over all operators (rule bus-fleet).',
    unit: 'none',
    targets: [
      series(
        {
          columns: { full: of('sum', 'value') },
          from: [
            {
              columns: { value: of('last', 'full') },
              from: 'bus-fleet',
              where: fleet,
              by: ['gateway', 'operator'],
            },
          ],
        },
        'full',
      ),
    ],
    lately,
    steps: [
      [null, 'green'],
      [1, 'orange'],
    ],
    empty: 'none counted',
  });

const latestBus = () =>
  number({
    title: 'Longest delay',
    description:
      'How far the bus that is latest now is behind its timetable, as an average over its last minute.',
    unit: 'm',
    decimals: 1,
    targets: [
      series({ columns: { delay: of('max', 'value') }, from: [last('minutes', 'bus-delay')] }, 'delay'),
    ],
    lately,
    steps: lateness,
    empty: 'no positions',
  });

const lateBuses = () =>
  number({
    title: 'Average delay',
    description: 'Minutes behind the timetable, averaged over all buses chosen, now.',
    unit: 'm',
    decimals: 1,
    targets: [
      series({ columns: { delay: of('mean', 'value') }, from: [last('minutes', 'bus-delay')] }, 'delay'),
    ],
    lately,
    steps: lateness,
    empty: 'no positions',
  });

const load = () =>
  lines({
    title: 'Load of each bus',
    description:
      'Passengers aboard as a share of what the bus may carry (rules/fleet.csv). Lines at 90 % and 100 %: warning, critical.',
    unit: 'percentunit',
    decimals: 0,
    min: 0,
    targets: [
      series(
        {
          columns: { share: of('last', 'share') },
          from: 'bus-load',
          where: bus,
          by: ['vehicle'],
          every: '$__interval',
          fill: 'null',
        },
        '$tag_vehicle',
      ),
    ],
    every,
    bridgeMs: betweenStopsMs,
    filled: 0,
    limits: 'line',
    steps: crowding,
    legend: 'table',
  });

const loadNow = () =>
  bars({
    title: 'Passengers aboard now',
    description:
      'Passengers at the last stop in the last 15 minutes. The colour is that of the number: buses differ in capacity, so see the share beside.',
    unit: 'none',
    min: 0,
    targets: [
      series(
        { columns: { load: of('last', 'load') }, from: 'bus-load', where: bus, by: ['vehicle'] },
        '$tag_vehicle',
      ),
    ],
    lately,
    steps: [[null, 'blue']],
  });

const crowdingStrips = () =>
  strips({
    title: 'Crowding',
    description:
      'Each bus over time: green, from 90 % of capacity orange, from 100 % red. A gap is a bus that was not at a stop for 15 minutes.',
    unit: 'percentunit',
    decimals: 0,
    targets: [
      series(
        {
          columns: { share: of('max', 'share') },
          from: 'bus-load',
          where: bus,
          by: ['vehicle'],
          every: '$__interval',
          fill: 'null',
        },
        '$tag_vehicle',
      ),
    ],
    every,
    bridgeMs: betweenStopsMs,
    steps: crowding,
  });

const fullShare = () =>
  lines({
    title: 'Full buses by operator',
    description:
      'Of the buses heard in the last five minutes, the share that was full. The rule bus-fleet warns at 30 %.',
    unit: 'percentunit',
    decimals: 0,
    min: 0,
    max: 1,
    targets: [
      series(
        {
          columns: { full_share: of('max', 'full_share') },
          from: 'bus-fleet',
          where: fleet,
          by: ['operator'],
          every: '$__interval',
          fill: 'null',
        },
        'operator $tag_operator',
      ),
    ],
    every,
    bridgeMs: betweenStopsMs,
    limits: 'area',
    steps: [
      [null, 'transparent'],
      [0.3, 'orange'],
    ],
  });

const delay = () =>
  lines({
    title: 'Behind the timetable',
    description: 'Minutes, negative when early. Lines at 3 and 10 minutes: warning, critical.',
    unit: 'm',
    decimals: 1,
    targets: [
      series(
        {
          columns: { minutes: of('mean', 'minutes') },
          from: 'bus-delay',
          where: bus,
          by: ['vehicle'],
          every: '$__interval',
          fill: 'null',
        },
        '$tag_vehicle',
      ),
    ],
    every,
    bridgeMs: 3 * 60_000,
    filled: 0,
    limits: 'line',
    steps: lateness,
    legend: 'table',
  });

const speed = () =>
  lines({
    title: 'Speed',
    description: 'The highest and the average of the top speeds that the buses reached in each minute.',
    unit: 'velocityms',
    decimals: 1,
    min: 0,
    targets: [
      series(
        {
          columns: { highest: of('max', 'speed_max') },
          from: 'bus-delay',
          where: bus,
          every: '$__interval',
          fill: 'null',
        },
        'highest',
      ),
      series(
        {
          columns: { average: of('mean', 'speed_max') },
          from: 'bus-delay',
          where: bus,
          every: '$__interval',
          fill: 'null',
        },
        'average',
      ),
    ],
    every,
    bridgeMs: 3 * 60_000,
  });

const busTable = () =>
  rowsPanel({
    title: 'Buses',
    description: 'Each bus as last heard in the time shown: line, delay, top speed of its last minute.',
    unit: 'none',
    targets: [
      rows({
        columns: { delay: of('last', 'minutes'), line: field('line'), speed_max: field('speed_max') },
        from: 'bus-delay',
        where: bus,
        by: ['gateway', 'operator', 'vehicle'],
      }),
    ],
    columns: [
      { name: 'vehicle', title: 'Bus' },
      { name: 'line', title: 'Line' },
      { name: 'delay', title: 'Delay', unit: 'm', decimals: 1, steps: lateness, loud: true },
      { name: 'speed_max', title: 'Top speed', unit: 'velocityms', decimals: 1 },
      { name: 'Time', title: 'Heard', unit: 'dateTimeFromNow' },
      { name: 'operator', title: 'Operator' },
      { name: 'gateway', title: 'Gateway' },
    ],
    sortBy: 'Delay',
  });
