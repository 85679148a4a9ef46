/** Whether what is made gets through. */

import { of } from '../../influxql.ts';
import { lines, strips } from '../../panels.ts';
import { series } from '../../target.ts';
import { bridgeMs, gauge, healthEvery, increase, upBridgeMs } from '../health-queries.ts';
import { upStates, upSteps, waitingSteps } from '../looks.ts';

export const waiting = () =>
  lines({
    title: 'Oldest point waiting',
    description: 'The age of the oldest point that InfluxDB has not taken yet. Line at one minute.',
    unit: 's',
    min: 0,
    targets: [series(gauge('forward_lag_seconds', 'max'), '$tag_gateway')],
    every: healthEvery,
    bridgeMs,
    limits: 'line',
    steps: waitingSteps.slice(0, 2),
  });

export const backlog = () =>
  lines({
    title: 'Points waiting',
    description:
      'Points in the outbox. They survive restarts and power cuts; when the outbox gets full the oldest are merged to longer windows.',
    unit: 'short',
    decimals: 0,
    min: 0,
    targets: [series(gauge('outbox_points', 'max'), '$tag_gateway')],
    every: healthEvery,
    bridgeMs,
  });

export const forwarded = () =>
  lines({
    title: 'Points sent, refused, dropped',
    description:
      'Points in each interval, over all gateways chosen. Refused ones are set aside with what the server said.',
    unit: 'short',
    decimals: 0,
    min: 0,
    targets: [
      series(totalIncrease('forwarded_points'), 'sent'),
      series(totalIncrease('refused_points'), 'refused'),
      series(totalIncrease('dropped_points'), 'dropped'),
    ],
    every: healthEvery,
    buckets: 60,
    bridgeMs,
    overrides: [
      { series: 'sent', colour: 'green' },
      { series: 'refused', colour: 'orange' },
      { series: 'dropped', colour: 'red' },
    ],
  });

const totalIncrease = (name: string) => ({
  columns: { [name]: of('sum', name) },
  from: [increase(name)],
  every: '$__interval' as const,
  fill: 'none' as const,
});

export const serverStrips = () =>
  strips({
    title: 'InfluxDB, as each gateway sees it',
    description:
      'Red while the server did not answer or refused. What it says of an outage is known here only after it: it is sent with what waited.',
    unit: 'none',
    targets: [series(gauge('forward_up', 'min'), '$tag_gateway')],
    every: healthEvery,
    bridgeMs: upBridgeMs,
    states: upStates,
    steps: upSteps,
  });
