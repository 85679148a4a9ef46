/** How full the buses are. From rules/bus-load.yaml and bus-fleet.yaml. */

import { of, overTime } from '../../influxql.ts';
import { bars, lines, strips } from '../../panels.ts';
import { series } from '../../target.ts';
import { betweenStopsMs, bus, crowding, every, fleet, lately } from './asked.ts';

export const load = () =>
  lines({
    title: 'Load of each bus',
    description:
      'Passengers aboard as a share of what the bus may carry (rules/fleet.csv). Lines at 90 % and 100 %: warning, critical.',
    unit: 'percentunit',
    decimals: 0,
    min: 0,
    targets: [
      series(overTime('last', 'share', { from: 'bus-load', where: bus, by: ['vehicle'] }), '$tag_vehicle'),
    ],
    every,
    bridgeMs: betweenStopsMs,
    filled: 0,
    limits: 'line',
    steps: crowding,
    legend: 'table',
  });

export const loadNow = () =>
  bars({
    title: 'Passengers aboard now',
    description:
      'Passengers at the last stop, of the buses that were at one in the last 15 minutes. Buses differ in capacity: how full they are is beside.',
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

export const crowdingStrips = () =>
  strips({
    title: 'Crowding',
    description:
      'Each bus over time: green, from 90 % of capacity orange, from 100 % red. A gap is a bus that was not at a stop for 15 minutes.',
    unit: 'percentunit',
    decimals: 0,
    targets: [
      series(overTime('max', 'share', { from: 'bus-load', where: bus, by: ['vehicle'] }), '$tag_vehicle'),
    ],
    every,
    bridgeMs: betweenStopsMs,
    steps: crowding,
  });

export const fullShare = () =>
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
        overTime('max', 'full_share', { from: 'bus-fleet', where: fleet, by: ['operator'] }),
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
