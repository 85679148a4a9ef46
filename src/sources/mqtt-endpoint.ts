/** Where another broker is and how to be let in. Secrets are read at every try, so a changed one needs no restart. */

import { readFile } from 'node:fs/promises';
import type { MqttConfig } from '../config/schema.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { hostAndPort } from './listeners.ts';

export interface Endpoint {
  readonly protocol: 'mqtt' | 'mqtts' | 'ws' | 'wss';
  readonly host: string;
  readonly port: number;
  /** For WebSockets. */
  readonly path?: string;
  /** For people; without credentials. */
  readonly label: string;
}

export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

const protocols: Readonly<Record<string, Endpoint['protocol']>> = {
  'mqtt:': 'mqtt',
  'tcp:': 'mqtt',
  'mqtts:': 'mqtts',
  'ssl:': 'mqtts',
  'tls:': 'mqtts',
  'ws:': 'ws',
  'wss:': 'wss',
};
const defaultPorts = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 };

/** Throws a `GatewayError` that shows the URL without its credentials. */
export function parseEndpoint({ url, ca, cert, key }: MqttConfig, name: string): Endpoint {
  const shown = url.replace(/\/\/.*@/, '//…@');
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const protocol = parsed && protocols[parsed.protocol];
  if (!parsed || !protocol || parsed.hostname === '') {
    throw new GatewayError(`source ${name}: \`${shown}\` is not the URL of an MQTT broker`, {
      remedy: 'write it as mqtt://HOST:1883, mqtts://HOST:8883 (TLS), ws://HOST/PATH or wss://HOST/PATH',
    });
  }
  if ((ca ?? cert ?? key) !== undefined && !protocol.endsWith('s')) {
    throw new GatewayError(`source ${name}: certificates are given, but \`${shown}\` does not use TLS`, {
      remedy: 'write the URL with mqtts:// (usually port 8883) or wss://, or remove `ca`, `cert` and `key`',
    });
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  const port = parsed.port === '' ? defaultPorts[protocol] : Number(parsed.port);
  const path = protocol.startsWith('ws') ? { path: parsed.pathname + parsed.search } : {};
  return { protocol, host, port, ...path, label: hostAndPort(host, port) };
}

/** Reads the files named in the configuration. Throws a `GatewayError` when one cannot be read. */
export async function readCredentials(config: MqttConfig): Promise<Credentials> {
  const parsed = new URL(config.url);
  const username = config.username ?? decodeURIComponent(parsed.username);
  const secret = config.passwordFile
    ? (await read(config.passwordFile)).toString('utf8').replace(/\r?\n$/, '')
    : '';
  const password = config.password ?? (secret || decodeURIComponent(parsed.password));
  const [ca, cert, key] = await Promise.all(
    [config.ca, config.cert, config.key].map((file) => file && read(file)),
  );
  return {
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
  };
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new GatewayError(`cannot read ${file} (${messageOf(error)})`, {
      remedy: 'check the path, and that the gateway may read it',
      cause: error,
    });
  }
}
