/** Limits and words that mean the same on every dashboard about gateways. */

import type { Step } from '../panels.ts';

/** Seconds that processing is behind. A batch a second: below two is at rest. */
export const behindSteps: readonly Step[] = [
  [null, 'green'],
  [5, 'orange'],
  [60, 'red'],
];

/** Seconds that the oldest point waits for InfluxDB. */
export const waitingSteps: readonly Step[] = [
  [null, 'green'],
  [60, 'orange'],
  [3600, 'red'],
];

export const upStates = {
  0: { text: 'down', color: 'red' },
  1: { text: 'up', color: 'green' },
};

/** What should be none. */
export const noneSteps: readonly Step[] = [
  [null, 'green'],
  [1, 'red'],
];

export const upSteps: readonly Step[] = [
  [null, 'red'],
  [1, 'green'],
];
