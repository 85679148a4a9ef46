/** The addresses that are listened on, by brokers and for metrics: free, or held by the gateway itself; certificates that are good for a while. */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { BrokerConfig, Listen } from '../../config/schema.ts';
import { GatewayError, messageOf, reasonOf } from '../../core/errors.ts';
import { hostAndPort, openListeners } from '../../sources/listeners.ts';
import { type Check, type Context, type Found, fail, ok, warn } from './check.ts';
import { holdersOfPort, processText } from './processes.ts';

export const listeners: Check = async (context) => {
  const brokers = Object.entries(context.config.sources).flatMap(([name, source]) =>
    'broker' in source ? [[name, source.broker] as const] : [],
  );
  const { metrics } = context.config;
  const found = await Promise.all([
    ...brokers.map(([name, broker]) => ofBroker(context, name, broker)),
    ...(metrics?.listen ?? []).map((one) => ofAddress(context, 'metrics', one)),
  ]);
  return found.flat();
};

async function ofBroker(context: Context, name: string, { listen }: BrokerConfig): Promise<Found[]> {
  const found = await Promise.all(listen.map((one) => ofAddress(context, name, one)));
  const certificates = listen.flatMap(({ tls }) => (tls === undefined ? [] : [tls.cert]));
  return [...found, ...[...new Set(certificates)].flatMap(ofCertificate)];
}

/** Listens for a moment, as the gateway would. */
async function ofAddress({ running }: Context, name: string, listen: Listen): Promise<Found> {
  const subject = `${name} ${hostAndPort(listen.host, listen.port)}`;
  try {
    const opened = await openListeners([listen], {
      ...{ name, maxConnections: 0, maxConnectionsPerAddress: 0, handshakeTimeoutMs: 1000 },
      onConnection: (socket) => socket.destroy(),
      onRefused: () => {},
      onHandshakeError: () => {},
    });
    await opened.close();
    return ok(subject, 'free');
  } catch (error) {
    const taken = ((error as GatewayError).cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE';
    if (!taken) {
      const remedy = error instanceof GatewayError ? error.remedy : undefined;
      return fail(subject, messageOf(error), remedy ?? 'choose another address');
    }
    return ofTaken(subject, listen.port, running?.pid);
  }
}

function ofTaken(subject: string, port: number, gateway: number | undefined): Found {
  const holders = holdersOfPort(port);
  // Whose processes this user may not see; the gateway would have told if it had not got the port.
  if (gateway !== undefined && (holders.length === 0 || holders.some(({ pid }) => pid === gateway))) {
    return ok(subject, `held by the gateway (process ${gateway})`);
  }
  const who = holders.length === 0 ? 'another program' : holders.map(processText).join(', ');
  const remedy = `stop it, or choose another port${holders.length === 0 ? ` (who: sudo ss -ltnp 'sport = :${port}')` : ''}`;
  return fail(subject, `held by ${who}`, remedy);
}

const soonMs = 30 * 86_400_000;

function ofCertificate(path: string): Found[] {
  try {
    const until = new X509Certificate(readFileSync(path)).validToDate;
    const day = until.toISOString().slice(0, 10);
    const leftMs = until.getTime() - Date.now();
    if (leftMs < 0)
      return [fail(path, `the certificate ended on ${day}`, 'renew it, then reload the gateway')];
    if (leftMs < soonMs) return [warn(path, `the certificate ends on ${day}`, 'renew it soon', '30 days')];
    return [ok(path, `certificate until ${day}`, '30 days')];
  } catch (error) {
    return [fail(path, `cannot be read: ${reasonOf(error)}`, 'name a PEM file that the gateway may read')];
  }
}
