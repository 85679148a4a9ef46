/** How the gateway is now. */

import { of } from '../../influxql.ts';
import { number } from '../../panels.ts';
import { series } from '../../target.ts';
import { firingNow, readingsNow } from '../common-numbers.ts';
import { gauge, healthEvery, now, ofGateway, overall, rate } from '../health-queries.ts';
import { behindSteps, waitingSteps } from '../looks.ts';

export const upFor = () =>
  number({
    title: 'Up for',
    description: 'Time since the gateway started.',
    unit: 's',
    decimals: 1,
    targets: [series(overall('max', 'uptime_seconds'), 'up for')],
    lately: now,
    steps: [[null, 'green']],
    empty: 'not heard',
    loud: true,
  });

export const version = () =>
  number({
    title: 'Version',
    description: 'The version that runs, as last heard.',
    unit: 'none',
    targets: [
      series({ columns: { version: of('last', 'version') }, from: 'headgate', where: ofGateway }, 'version'),
    ],
    text: 'version',
    steps: [[null, 'text']],
  });

export const firing = () => firingNow('over all rules');

export const readings = () => readingsNow(rate('readings'), 'Readings handed to rules.');

export const behind = () =>
  number({
    title: 'Processing behind',
    description: 'How long what has arrived waits for its rules. At rest it is below two seconds.',
    unit: 's',
    decimals: 1,
    targets: [series(gauge('behind_seconds'), 'behind')],
    every: healthEvery,
    steps: behindSteps,
    course: true,
  });

export const waiting = () =>
  number({
    title: 'Oldest point waiting',
    description: 'The age of the oldest point that InfluxDB has not taken yet.',
    unit: 's',
    decimals: 0,
    targets: [series(gauge('forward_lag_seconds'), 'waiting')],
    every: healthEvery,
    steps: waitingSteps,
    course: true,
  });
