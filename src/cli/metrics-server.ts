/**
 * The metrics of a gateway over HTTP, where `metrics` in headgate.yaml asks for it: `/metrics` for Prometheus, `/healthz` for
 * whoever starts a gateway anew that does not move.
 *
 * Nobody is asked who he is: on loopback unless another address was written down. Nothing is read from a request but its method
 * and path; connections are few, for one request each, and end in time whoever sends or reads how slowly; and however many
 * ask, the text is made once a second at most.
 * Not here: the figures (metrics.ts), and what moving means (gateway.ts).
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { GatewayConfig } from '../config/schema.ts';
import { duration } from '../core/health.ts';
import type { Logger } from '../core/log.ts';
import type { GatewayStatus } from '../core/status.ts';
import { hostAndPort, listenError } from '../sources/listeners.ts';
import type { Stillness } from './stillness.ts';

type Listens = NonNullable<GatewayConfig['metrics']>['listen'];

export interface MetricsServer {
  readonly ports: readonly number[];
  /** From now on there are figures; until then the answer is 503: it is starting. */
  answer(gateway: Answering): void;
  close(): Promise<void>;
}

export interface Answering {
  readonly status: () => GatewayStatus;
  readonly stillness: Stillness;
}

const maxHeaderBytes = 8 * 1024;
const requestTimeoutMs = 5000;
/** How often those that send too slowly are looked for. */
const checkEveryMs = 1000;
const freshMs = 1000;

export interface MetricsLimits {
  /** Open at once, for each address. */
  readonly connections: number;
  /** How long one is open, with the reading of the answer. */
  readonly connectionMs: number;
}

/** Scrapers wait 10 s at most, unless told otherwise. */
const usualLimits: MetricsLimits = { connections: 32, connectionMs: 15_000 };

/** What Prometheus calls its text format. */
const metricsType = 'text/plain; version=0.0.4; charset=utf-8';
const plainType = 'text/plain; charset=utf-8';

interface Reply {
  readonly code: number;
  readonly body: string;
  readonly type?: string;
  readonly allow?: string;
}

/** Listens on all addresses, or on none: throws `GatewayError` for one that cannot be used. */
export async function openMetricsServer(
  listens: Listens,
  logger: Logger,
  { connections, connectionMs }: MetricsLimits = usualLimits,
): Promise<MetricsServer> {
  let answering: Answering | undefined;
  const text = once((status: GatewayStatus) => textOf(status), freshMs);

  async function replyTo({ method, url = '' }: IncomingMessage): Promise<Reply> {
    const path = url.split('?')[0];
    if (path !== '/metrics' && path !== '/healthz') {
      return { code: 404, body: 'there are /metrics and /healthz\n' };
    }
    if (method !== 'GET' && method !== 'HEAD')
      return { code: 405, body: 'GET or HEAD\n', allow: 'GET, HEAD' };
    if (answering === undefined) return { code: 503, body: 'starting\n' };
    if (path === '/healthz') return healthOf(answering.stillness);
    return { code: 200, body: await text(answering.status), type: metricsType };
  }

  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(closeServer));
  };
  try {
    for (const listen of listens) {
      const server = createServer(
        {
          maxHeaderSize: maxHeaderBytes,
          requestTimeout: requestTimeoutMs,
          connectionsCheckingInterval: checkEveryMs,
        },
        (request, response) => {
          replyTo(request).then(
            (reply) => send(response, request, reply),
            (error: unknown) => {
              logger.error({ error }, 'the metrics could not be made');
              send(response, request, { code: 500, body: 'the metrics could not be made; see the log\n' });
            },
          );
        },
      );
      server.maxConnections = connections;
      server.on('connection', (socket) => endAfter(socket, connectionMs));
      servers.push(server);
      await listenOn(server, listen);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  const addresses = listens.map(({ host }, i) => `http://${hostAndPort(host, ports[i]!)}/metrics`);
  logger.info({ listen: addresses }, 'metrics are served');
  return {
    ports,
    answer(gateway) {
      answering = gateway;
    },
    close,
  };
}

function healthOf(stillness: Stillness): Reply {
  const stillMs = stillness.tooLongMs();
  if (stillMs === undefined) return { code: 200, body: 'ok\n' };
  return { code: 503, body: `nothing was processed for ${duration(stillMs)}\n` };
}

async function textOf(status: GatewayStatus): Promise<string> {
  // Made of a package that a gateway without metrics need not load.
  const { metricsText, processText } = await import('./metrics.ts');
  return `${await metricsText(status)}${await processText(status)}`;
}

/** One answer for all who ask within so long a time. */
function once(make: (status: GatewayStatus) => Promise<string>, forMs: number) {
  let made: { readonly text: Promise<string>; readonly atMs: number } | undefined;
  return (status: () => GatewayStatus): Promise<string> => {
    const nowMs = performance.now();
    if (made === undefined || nowMs - made.atMs >= forMs) made = { text: make(status()), atMs: nowMs };
    return made.text;
  };
}

function send(response: ServerResponse, request: IncomingMessage, { code, body, type, allow }: Reply): void {
  response.writeHead(code, {
    'Content-Type': type ?? plainType,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    // Who may ask again on it may keep it for ever; and what comes with a request is not read.
    Connection: 'close',
    ...(allow !== undefined && { Allow: allow }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Node looks only at how long a request takes to come, not at how long its answer takes to be read. */
function endAfter(socket: Socket, ms: number): void {
  const timer = setTimeout(() => socket.destroy(), ms).unref();
  socket.once('close', () => clearTimeout(timer));
}

function listenOn(server: Server, { host, port }: Listens[number]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, { host, port }, 'metrics')));
    server.listen({ host, port }, () => {
      // A later error is a failed accept: that one connection is lost, the rest goes on.
      server.removeAllListeners('error').on('error', () => {});
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
