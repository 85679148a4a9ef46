/** Buses: who is full, who is late, who is silent. */

import { alertLog, alertStrips, annotations } from '../../alerts.ts';
import type { Board } from '../../board.ts';
import { dataSourceVariable, tagVariable } from '../../variables.ts';
import { bus, ofBuses } from './asked.ts';
import { crowdingStrips, fullShare, load, loadNow } from './load.ts';
import { averageDelay, fullBuses, fullestBus, latestBus, onTheRoad } from './numbers.ts';
import { busTable, delay, speed } from './timetable.ts';

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
  annotations: annotations(ofBuses, 'critical'),
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
            [4, averageDelay()],
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
    {
      title: 'Alerts',
      lines: [
        {
          height: 9,
          panels: [
            [
              8,
              stripsOf(
                'bus-load',
                'Load alerts',
                'From 90 % of capacity orange, from 100 % for two minutes red.',
              ),
            ],
            [
              8,
              stripsOf(
                'bus-delay',
                'Delay alerts',
                'From 3 minutes for two minutes orange, from 10 minutes red.',
              ),
            ],
            [
              8,
              stripsOf('bus-silent', 'Silent buses', 'Red while a bus that was heard is not heard any more.'),
            ],
          ],
        },
        {
          height: 9,
          panels: [
            [
              24,
              alertLog(
                { title: 'Alerts of buses', description: 'The newest 100 changes, as they were told.' },
                ofBuses,
              ),
            ],
          ],
        },
      ],
    },
  ],
});

/** By bus, from the first change in the time shown on. */
function stripsOf(rule: string, title: string, description: string) {
  const about = {
    title,
    description: `${description} A strip begins with the first change in the time shown.`,
  };
  return alertStrips(about, { rules: [rule], where: bus, by: ['vehicle'], alias: '$tag_vehicle' });
}
