/**
 * Loaded before a gateway's own modules: its system clock is off by what a file says, in ms, and may be set at any time.
 *
 * Only the clock on the wall; the monotonic one is the machine's. While there is a file `<name>.awaited` beside that one, a time
 * service has not set it yet.
 */

import fs, { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

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

const { existsSync } = fs;
fs.existsSync = (name) => {
  if (!existsSync(`${path}.awaited`)) return existsSync(name);
  if (name === '/run/systemd/timesync/synchronized') return false;
  return name === '/run/systemd/system' || existsSync(name);
};
syncBuiltinESMExports();
