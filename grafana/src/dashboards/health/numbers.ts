/** What should be none, or enough. */

import { number } from '../../panels.ts';
import { series } from '../../target.ts';
import { grownBy, now, overall } from '../health-queries.ts';
import { noneSteps, upSteps } from '../looks.ts';

export const setAside = () =>
  number({
    title: 'Set aside',
    description:
      'Readings that could not be used, in the time shown. Their reasons are in data/dead-letters and `headgate devices`.',
    unit: 'short',
    decimals: 0,
    targets: [series(grownBy('set_aside'), 'set aside')],
    steps: [
      [null, 'green'],
      [1, 'orange'],
    ],
  });

export const late = () =>
  number({
    title: 'Too late',
    description:
      'Readings that came after their window had closed, in the time shown, summed over rules. Many: raise `lateness` of the device.',
    unit: 'short',
    decimals: 0,
    targets: [series(grownBy('late'), 'late')],
    steps: [
      [null, 'green'],
      [1, 'orange'],
    ],
  });

export const dropped = () =>
  number({
    title: 'Points dropped',
    description:
      'Points lost because the outbox was full, in the time shown. It should be none: give it more room, or the server back sooner.',
    unit: 'short',
    decimals: 0,
    targets: [series(grownBy('dropped_points'), 'dropped')],
    steps: noneSteps,
  });

export const restarts = () =>
  number({
    title: 'Restarts',
    description: 'Starts of gateways in the time shown, over all chosen.',
    unit: 'short',
    decimals: 0,
    targets: [series(grownBy('restarts'), 'restarts')],
    steps: [
      [null, 'green'],
      [1, 'orange'],
    ],
  });

export const leastDisk = () =>
  number({
    title: 'Least disk free',
    description: 'Of the gateway with the least room where its data is.',
    unit: 'bytes',
    decimals: 1,
    targets: [series(overall('min', 'disk_free_bytes'), 'free')],
    lately: now,
    steps: [
      [null, 'red'],
      [200e6, 'orange'],
      [1e9, 'green'],
    ],
  });

export const clockSure = () =>
  number({
    title: 'Clock',
    description: 'Whether every gateway knows the time of day. A guess: its points may have a wrong time.',
    unit: 'none',
    targets: [series(overall('min', 'clock_sure'), 'clock')],
    lately: now,
    words: { 0: { text: 'guessed', color: 'red' }, 1: { text: 'sure', color: 'green' } },
    steps: upSteps,
  });
