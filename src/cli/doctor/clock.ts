/** The time of day: whether a service keeps it, and what the gateway makes of it. InfluxDB's clock: influx.ts. */

import { softwareFromMs } from '../../core/clock.ts';
import { askTimeService } from '../../core/time-service.ts';
import { timeText } from '../units-text.ts';
import { type Check, type Found, fail, ok, warn } from './check.ts';

const setIt =
  'sudo timedatectl set-ntp true, and look whether the time server is reached: timedatectl timesync-status';

export const clock: Check = async ({ running }) => [
  await ofMachine(Date.now()),
  ...(running?.status === undefined ? [] : ofGateway(running.status.clock)),
];

async function ofMachine(nowMs: number): Promise<Found> {
  const words = timeText(Math.floor(nowMs / 1000) * 1000);
  if (nowMs < softwareFromMs) return fail('time of day', `${words} cannot be`, setIt);
  const service = await askTimeService();
  if (service === 'synchronised') return ok('time of day', `${words}, kept by a time service`);
  if (service === 'awaited') return warn('time of day', `${words}, not set by the time service yet`, setIt);
  return warn('time of day', `${words}, kept by no time service`, setIt);
}

function ofGateway({ state, steps }: { readonly state: string; readonly steps: number }): Found[] {
  if (state === 'waiting') {
    return [warn("gateway's clock", 'waits for the time of day: frames are kept and not judged yet', setIt)];
  }
  if (steps === 0) return [];
  return [warn("gateway's clock", `stepped ${steps} times since the start`, setIt, '0')];
}
