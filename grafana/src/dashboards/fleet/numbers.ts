/** How the fleet is now. */

import { number } from '../../panels.ts';
import { series } from '../../target.ts';
import { firingNow, readingsNow } from '../common-numbers.ts';
import { now, overall, totalRate } from '../health-queries.ts';
import { behindSteps, waitingSteps } from '../looks.ts';

export const heardNow = () =>
  number({
    title: 'Up',
    description: 'Gateways whose health was heard in the last two minutes.',
    unit: 'none',
    targets: [series(overall('count', 'uptime_seconds'), 'up')],
    lately: now,
    steps: [
      [null, 'red'],
      [1, 'green'],
    ],
    empty: '0',
    loud: true,
  });

export const heardAtAll = () =>
  number({
    title: 'Known',
    description:
      'Gateways whose health was heard at any time shown. More than are up: some have gone, see the table.',
    unit: 'none',
    targets: [series(overall('count', 'uptime_seconds'), 'known')],
    steps: [[null, 'blue']],
    empty: '0',
  });

export const firing = () => firingNow('over all rules and gateways');

export const readings = () =>
  readingsNow(totalRate('readings'), 'Readings handed to rules, over all gateways chosen.');

export const behind = () =>
  number({
    title: 'Processing behind',
    description:
      'The gateway that is most behind: how long what has arrived waits for its rules. More than some seconds for long: it gets more than it can process.',
    unit: 's',
    decimals: 1,
    targets: [series(overall('max', 'behind_seconds'), 'behind')],
    lately: now,
    steps: behindSteps,
  });

export const waiting = () =>
  number({
    title: 'Oldest point waiting',
    description:
      'The oldest point of any gateway that InfluxDB has not taken yet. A gateway whose server is away keeps its points and sends them later.',
    unit: 's',
    decimals: 0,
    targets: [series(overall('max', 'forward_lag_seconds'), 'waiting')],
    lately: now,
    steps: waitingSteps,
  });
