/** How things are with the buses now. */

import { of } from '../../influxql.ts';
import { number } from '../../panels.ts';
import { series } from '../../target.ts';
import { crowding, fleet, last, lately, lateness } from './asked.ts';

export const onTheRoad = () =>
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

export const fullestBus = () =>
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

export const fullBuses = () =>
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

export const latestBus = () =>
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

export const averageDelay = () =>
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
