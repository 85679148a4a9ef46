/** How many alerts fire: the number that a dashboard about gateways begins with. */

import { number } from '../panels.ts';
import { series } from '../target.ts';
import { now, overall } from './health-queries.ts';

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
