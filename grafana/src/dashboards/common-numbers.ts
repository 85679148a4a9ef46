/** Numbers that dashboards about gateways have in common. */

import type { Selection } from '../influxql.ts';
import { number } from '../panels.ts';
import { series } from '../target.ts';
import { healthEvery, now, overall } from './health-queries.ts';

export const firingNow = (whose: string) =>
  number({
    title: 'Alerts firing',
    description: `Alerts that fire now, ${whose}; a key counts once, by its most severe alert.`,
    unit: 'none',
    targets: [series(overall('sum', 'alerts_firing'), 'firing')],
    lately: now,
    steps: [
      [null, 'green'],
      [1, 'orange'],
    ],
    loud: true,
  });

export const readingsNow = (rate: Selection, description: string) =>
  number({
    title: 'Readings a second',
    description,
    unit: 'suffix:/s',
    decimals: 1,
    targets: [series(rate, 'readings')],
    every: healthEvery,
    steps: [[null, 'blue']],
    course: true,
  });
