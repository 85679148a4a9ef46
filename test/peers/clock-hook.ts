/**
 * Loaded before a gateway's own modules: its system clock is off by what a file says, in ms, and may be set at any time.
 *
 * Only the clock on the wall; the monotonic one is the machine's.
 */

import { readFileSync } from 'node:fs';

const path = process.env.HEADGATE_TEST_CLOCK!;
const real = Date.now;
let readMs = Number.NEGATIVE_INFINITY;
let shiftMs = 0;

Date.now = () => {
  const nowMs = real();
  if (nowMs - readMs >= 20) {
    readMs = nowMs;
    shiftMs = Number(readFileSync(path, 'utf8')) || shiftMs;
  }
  return nowMs + shiftMs;
};
