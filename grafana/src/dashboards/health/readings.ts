/** Whether what arrives is used, and in time. */

import { lines, strips } from '../../panels.ts';
import { series } from '../../target.ts';
import { bridgeMs, gauge, healthEvery, totalRate } from '../health-queries.ts';
import { behindSteps } from '../looks.ts';

export const fates = () =>
  lines({
    title: 'What became of readings',
    description:
      'Readings a second found in payloads, over all gateways chosen: used, seen before, or set aside because they could not be used.',
    unit: 'suffix:/s',
    decimals: 2,
    min: 0,
    targets: [
      series(totalRate('set_aside'), 'set aside'),
      series(totalRate('duplicates'), 'duplicates'),
      series(totalRate('readings'), 'used'),
    ],
    every: healthEvery,
    bridgeMs,
    stacked: true,
    legend: 'table',
    overrides: [
      { series: 'used', colour: 'green' },
      { series: 'duplicates', colour: 'blue' },
      { series: 'set aside', colour: 'red' },
    ],
  });

export const ruleFates = () =>
  lines({
    title: 'What rules left out',
    description:
      'Readings a second that rules were given and did not use, summed over rules: refused by `where`, too late for their window, or of keys beyond the limit.',
    unit: 'suffix:/s',
    decimals: 2,
    min: 0,
    targets: [
      series(totalRate('filtered'), 'filtered'),
      series(totalRate('late'), 'late'),
      series(totalRate('over_limit'), 'over limit'),
    ],
    every: healthEvery,
    bridgeMs,
    legend: 'table',
    overrides: [
      { series: 'filtered', colour: 'blue' },
      { series: 'late', colour: 'orange' },
      { series: 'over limit', colour: 'red' },
    ],
  });

export const behind = () =>
  lines({
    title: 'Processing behind',
    description:
      'How long what has arrived waits for its rules. Line at 5 s; for long above it: more arrives than is processed.',
    unit: 's',
    min: 0,
    targets: [series(gauge('behind_seconds', 'max'), '$tag_gateway')],
    every: healthEvery,
    bridgeMs,
    limits: 'line',
    steps: behindSteps.slice(0, 2),
  });

export const heldBack = () =>
  strips({
    title: 'Senders held back',
    description:
      'Orange while more arrived than was processed, and senders had to wait for their acknowledgements.',
    unit: 'none',
    targets: [series(gauge('held_back', 'max'), '$tag_gateway')],
    every: healthEvery,
    bridgeMs,
    states: { 0: { text: 'keeping up', color: 'green' }, 1: { text: 'held back', color: 'orange' } },
    steps: [
      [null, 'green'],
      [1, 'orange'],
    ],
  });
