/** Whether another broker is there and lets this gateway in: one connection, with a client id of its own, ended at once. */

import { randomBytes } from 'node:crypto';
import { connect, type IClientOptions } from 'mqtt';
import type { MqttConfig } from '../config/schema.ts';
import { parseEndpoint, readCredentials } from './mqtt-endpoint.ts';

/**
 * Resolves with the address once it was let in. Rejects with what stands in the way: `GatewayError` for what is written wrong, else
 * the words of the network or the server.
 */
export async function probeBroker(
  config: MqttConfig,
  name: string,
  { clientId, signal, timeoutMs }: { clientId: string; signal: AbortSignal; timeoutMs: number },
): Promise<string> {
  const { label, ...endpoint } = parseEndpoint(config, name);
  const credentials = await readCredentials(config);
  const client = connect({
    ...{ ...endpoint, ...credentials, protocolVersion: 4, clean: true },
    // The session of the gateway that runs is left alone.
    clientId: `${config.clientId ?? clientId}-doctor-${randomBytes(3).toString('hex')}`,
    connectTimeout: timeoutMs,
    reconnectPeriod: 0,
  } as IClientOptions);
  try {
    await new Promise<void>((resolve, reject) => {
      client.on('connect', () => resolve());
      client.on('error', reject);
      client.on('close', () => reject(new Error('the server closed the connection')));
      setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs).unref();
      signal.addEventListener('abort', () => reject(new Error('no answer')), { once: true });
    });
    return label;
  } finally {
    client.end(true);
  }
}
