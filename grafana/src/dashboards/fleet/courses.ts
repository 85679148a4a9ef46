/** The gateways over time. */

import { lines, strips } from '../../panels.ts';
import { series } from '../../target.ts';
import { bridgeMs, gauge, healthEvery, rate, upBridgeMs } from '../health-queries.ts';
import { upSteps } from '../looks.ts';

export const upStrips = () =>
  strips({
    title: 'Up and connected',
    description:
      'Green: heard, and InfluxDB took its points. Red: it ran while InfluxDB was away for it, and told of that later. A gap: it did not run, or is cut off still.',
    unit: 'none',
    targets: [series(gauge('forward_up', 'min'), '$tag_gateway')],
    every: healthEvery,
    bridgeMs: upBridgeMs,
    states: { 0: { text: 'kept its points', color: 'red' }, 1: { text: 'sent them', color: 'green' } },
    steps: upSteps,
  });

export const firingOver = () =>
  lines({
    title: 'Alerts firing by gateway',
    description: 'How many alerts fired at each time.',
    unit: 'none',
    decimals: 0,
    min: 0,
    targets: [series(gauge('alerts_firing', 'max'), '$tag_gateway')],
    // Of gateways on top of each other none may miss a bucket.
    every: '30s',
    bridgeMs,
    stacked: true,
  });

export const readingsOver = () =>
  lines({
    title: 'Readings a second by gateway',
    description: 'Readings handed to rules.',
    unit: 'suffix:/s',
    decimals: 1,
    min: 0,
    targets: [series(rate('readings'), '$tag_gateway')],
    every: healthEvery,
    bridgeMs,
    legend: 'table',
  });

export const waitingOver = () =>
  lines({
    title: 'Oldest point waiting by gateway',
    description:
      'The age of the oldest point that InfluxDB has not taken yet: rises while a server is away, falls as the backlog is sent.',
    unit: 's',
    min: 0,
    targets: [series(gauge('forward_lag_seconds', 'max'), '$tag_gateway')],
    every: healthEvery,
    bridgeMs,
    legend: 'table',
  });
