/** Its rules and sources over time. */

import { of, type Selection } from '../../influxql.ts';
import { strips } from '../../panels.ts';
import { series } from '../../target.ts';
import { bridgeMs, healthEvery, ofGateway } from '../health-queries.ts';
import { upStates, upSteps } from '../looks.ts';

const over = (name: string, from: string, by: string): Selection => ({
  columns: { [name]: of('max', name) },
  from,
  where: ofGateway,
  by: [by],
  every: '$__interval',
  fill: 'null',
});

export const ruleStrips = () =>
  strips({
    title: 'Alerts by rule',
    description: 'Green while no alert of the rule fires, orange while one does, red from three on.',
    unit: 'none',
    targets: [series(over('alerts_firing', 'headgate_rule', 'rule'), '$tag_rule')],
    every: healthEvery,
    bridgeMs,
    steps: [
      [null, 'green'],
      [1, 'orange'],
      [3, 'red'],
    ],
  });

export const sourceStrips = () =>
  strips({
    title: 'Sources',
    description:
      'Green while the broker listens, the client is connected, the serial line is open; red while not.',
    unit: 'none',
    targets: [
      series({ ...over('up', 'headgate_source', 'source'), columns: { up: of('min', 'up') } }, '$tag_source'),
    ],
    every: healthEvery,
    bridgeMs,
    states: upStates,
    steps: upSteps,
  });
