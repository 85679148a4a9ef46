/**
 * Whether this machine's clock was set by a time service: what the system says of it.
 *
 * `systemd-timesyncd` leaves a file once it has set the clock. Of the others (chrony, ntpd, PTP) `timedatectl` knows: it asks the
 * kernel, whom they tell. A machine without systemd, such as a container, has no service to wait for.
 * Not here: what is done meanwhile.
 */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';

/** `none`: there is no service, or none that could be asked. */
export type TimeService = 'synchronised' | 'awaited' | 'none';

const timesyncFolder = '/run/systemd/timesync';
const systemdFolder = '/run/systemd/system';
const answerWithinMs = 2000;

export async function askTimeService(): Promise<TimeService> {
  if (existsSync(`${timesyncFolder}/synchronized`)) return 'synchronised';
  if (!existsSync(systemdFolder)) return 'none';
  return serviceIn(await timedatectl());
}

/** What the properties of `timedatectl show` say. */
export function serviceIn(properties: string): TimeService {
  const lines = properties.split('\n').map((line) => line.trim());
  if (lines.includes('NTPSynchronized=yes')) return 'synchronised';
  return lines.includes('NTP=yes') ? 'awaited' : 'none';
}

/** Empty when there is none. */
function timedatectl(): Promise<string> {
  const properties = ['show', '--property=NTP', '--property=NTPSynchronized'];
  return new Promise((resolve) => {
    execFile('timedatectl', properties, { timeout: answerWithinMs }, (error, stdout) =>
      resolve(error === null ? stdout : ''),
    );
  });
}
