/** Whether InfluxDB is there and would take points; whose clock is right. */

import { probeInflux } from '../../outbox/probe.ts';
import { type Check, type Found, ok, type Running, warn } from './check.ts';
import { isUnseen } from './service-secret.ts';

const names = { settings: 'influx', server: 'influx', points: 'influx', clock: 'clock of influx' } as const;

export const influx: Check = async ({ config, running, env, signal }) => {
  const { influx } = config.forward;
  if (influx === undefined) return [ok('influx', 'none: points go to files in data/points')];
  if (isUnseen(influx.passwordFile ?? influx.tokenFile, env)) return [unseen(running)];
  const findings = await probeInflux(influx, { signal });
  return findings.map(
    ({ about, state, words, remedy }): Found => ({
      ...{ state, subject: names[about], value: words },
      ...(remedy !== undefined && state !== 'ok' && { remedy }),
    }),
  );
};

/** The secret is the service's alone; so is then the word on it. */
function unseen(running: Running | undefined): Found {
  const forward = running?.status?.forward;
  if (forward === undefined) {
    return warn(
      'influx',
      'not tried: its secret is given to the service alone',
      'sudo headgate doctor, while it runs',
    );
  }
  // Of a target that is down or refuses, what the gateway says of itself is shown already.
  return ok('influx', `${forward.target}: ${forward.state}, as the gateway says`);
}
