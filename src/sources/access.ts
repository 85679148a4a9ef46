/** Who may reach the broker. Not here: users and their permissions. */

import net from 'node:net';
import type { BrokerConfig } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import { hostAndPort } from './listeners.ts';

/** Until users are checked here, only this machine's own clients may connect, unless it is written down otherwise. */
export function checkAccess({ listen, users, allowAnonymous }: BrokerConfig, name: string): void {
  if (users !== undefined) {
    throw new GatewayError(`source ${name}: \`users: ${users}\` cannot be enforced by this version`, {
      remedy: 'remove `users` and listen on 127.0.0.1; a broker that ignored it would be open to everyone',
    });
  }
  const strangers = listen.find(({ host }) => !isLoopback(host));
  if (strangers && !allowAnonymous) {
    const where = hostAndPort(strangers.host, strangers.port);
    throw new GatewayError(`source ${name}: ${where} would let everyone in the network publish`, {
      remedy: 'listen on host 127.0.0.1, or write `allow_anonymous: true` beside `listen`',
    });
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (net.isIPv4(host) && host.startsWith('127.'));
}
