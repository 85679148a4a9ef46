/** Other brokers that are sources: whether they are reached, and let this gateway in. */

import { GatewayError, messageOf } from '../../core/errors.ts';
import { probeBroker } from '../../sources/mqtt-probe.ts';
import { type Check, type Context, type Found, fail, ok, warn } from './check.ts';
import { isUnseen } from './service-secret.ts';

const timeoutMs = 5000;

export const brokers: Check = async (context) =>
  Promise.all(
    Object.entries(context.config.sources).flatMap(([name, source]) =>
      'mqtt' in source ? [ofBroker(context, name, source.mqtt)] : [],
    ),
  );

async function ofBroker(
  { config, running, env, signal }: Context,
  name: string,
  mqtt: Parameters<typeof probeBroker>[0],
): Promise<Found> {
  const line = running?.status?.sources.find((source) => source.name === name);
  // A broker may let in only the client id that the gateway has.
  if (line?.state === 'connected') return ok(`source ${name}`, line.detail);
  if (isUnseen(mqtt.passwordFile ?? mqtt.key, env)) {
    return warn(
      `source ${name}`,
      line?.detail ?? 'not tried: its secret is given to the service alone',
      'sudo headgate doctor',
    );
  }
  try {
    const label = await probeBroker(mqtt, name, { clientId: config.gateway, signal, timeoutMs });
    return ok(`source ${name}`, `${label} lets it in`);
  } catch (error) {
    const why = messageOf(error);
    const address = mqtt.url.replace(/\/\/.*@/, '//');
    const remedy = error instanceof GatewayError ? error.remedy : remedyFor(why);
    return fail(`source ${name}`, `${address}: ${why}`, remedy ?? 'look at the log of that broker');
  }
}

function remedyFor(why: string): string {
  if (/not authorized|bad user ?name|password|identifier rejected/i.test(why)) {
    return 'check username and password_file, and the user on that broker';
  }
  if (/certificate|self.signed|altname/i.test(why))
    return 'check `ca`, and the name in the URL against the certificate';
  // Of TLS and plain MQTT each takes the other for a disturbance.
  if (/closed|before secure|ECONNRESET|connack timeout|invalid|wrong version/i.test(why))
    return 'check the port, and whether the URL begins with mqtt:// (usually 1883) or mqtts:// (8883)';
  return 'check host and port, the network, and whether the broker runs';
}
