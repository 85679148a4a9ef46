/** Its rules and sources over time. */

import { type Aggregate, overTime } from '../../influxql.ts';
import { strips } from '../../panels.ts';
import { series } from '../../target.ts';
import { bridgeMs, healthEvery, ofGateway } from '../health-queries.ts';
import { upStates, upSteps } from '../looks.ts';

const over = (aggregate: Aggregate, name: string, from: string, by: string) =>
  overTime(aggregate, name, { from, where: ofGateway, by: [by] });

export const ruleStrips = () =>
  strips({
    title: 'Alerts by rule',
    description: 'Green while no alert of the rule fires, orange while one does, red from three on.',
    unit: 'none',
    targets: [series(over('max', 'alerts_firing', 'headgate_rule', 'rule'), '$tag_rule')],
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
    targets: [series(over('min', 'up', 'headgate_source', 'source'), '$tag_source')],
    every: healthEvery,
    bridgeMs,
    states: upStates,
    steps: upSteps,
  });
