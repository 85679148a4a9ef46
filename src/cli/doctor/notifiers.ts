/** Webhooks: whether their servers are reached, by a connection on which nothing is said. */

import net from 'node:net';
import tls from 'node:tls';
import type { WebhookConfig } from '../../config/schema.ts';
import { messageOf } from '../../core/errors.ts';
import { hostAndPort } from '../../sources/listeners.ts';
import { type Check, type Found, fail, ok } from './check.ts';

const timeoutMs = 5000;

export const notifiers: Check = async ({ config, signal }) =>
  Promise.all(
    Object.entries(config.notify).flatMap(([name, notifier]) =>
      'webhook' in notifier ? [ofWebhook(name, notifier.webhook, signal)] : [],
    ),
  );

async function ofWebhook(name: string, { url }: WebhookConfig, signal: AbortSignal): Promise<Found> {
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const address = { host, port: port === '' ? (isTls ? 443 : 80) : Number(port) };
  const shown = hostAndPort(address.host, address.port);
  try {
    await connect(address, isTls, signal);
    return ok(`notifier ${name}`, `${shown} is reached${isTls ? ', its certificate is good' : ''}`);
  } catch (error) {
    const { words, remedy } = inWords(error);
    return fail(`notifier ${name}`, `${shown}: ${words}`, remedy);
  }
}

function inWords(error: unknown): { readonly words: string; readonly remedy: string } {
  const words = messageOf(error);
  if (/certificate|altname/i.test(words)) {
    const remedy =
      'a certificate of an authority that this machine knows; others: NODE_EXTRA_CA_CERTS of the service';
    return { words, remedy };
  }
  if (/^(EPROTO|ERR_SSL)/.test((error as NodeJS.ErrnoException).code ?? '')) {
    const remedy = 'check the port, and whether the URL begins with http:// or https://';
    return { words: 'what answers does not speak TLS', remedy };
  }
  return { words, remedy: 'check host and port, the network and its firewall, and whether the server runs' };
}

function connect(
  { host, port }: { readonly host: string; readonly port: number },
  isTls: boolean,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const servername = isTls && net.isIP(host) === 0 ? { servername: host } : {};
    const socket = isTls ? tls.connect({ host, port, ...servername }) : net.connect({ host, port });
    const end = (settle: () => void): void => {
      socket.destroy();
      settle();
    };
    socket.once(isTls ? 'secureConnect' : 'connect', () => end(resolve));
    socket.once('error', (error) => end(() => reject(error)));
    socket.setTimeout(timeoutMs, () =>
      end(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`))),
    );
    signal.addEventListener('abort', () => end(() => reject(new Error('no answer'))), { once: true });
  });
}
