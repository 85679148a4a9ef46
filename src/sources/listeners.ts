/**
 * The broker's listening sockets: plain and TLS, one bound on connections for all of them, and one for each address.
 *
 * Invariant: after `close` no socket is left, also none that never said CONNECT.
 * Not here: what is spoken on them.
 */

import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import type { Listen } from '../config/schema.ts';
import { GatewayError, messageOf, reasonOf } from '../core/errors.ts';
import { addressKey } from './peer-address.ts';

export interface Listeners {
  readonly ports: readonly number[];
  /** "127.0.0.1:1883", with " (TLS)" where it is. */
  readonly addresses: readonly string[];
  /** Takes no new connections. */
  stop(): void;
  /** Ends every connection too. */
  close(): Promise<void>;
}

export interface ListenOptions {
  /** Of the source, for messages. */
  readonly name: string;
  readonly maxConnections: number;
  readonly onConnection: (socket: net.Socket) => void;
  readonly maxConnectionsPerAddress: number;
  readonly handshakeTimeoutMs: number;
  /** A connection too many: of all, or of its address. */
  readonly onRefused: (address: string | undefined) => void;
  /** A TLS handshake failed, for example for want of a client certificate. */
  readonly onHandshakeError: (error: Error, address: string | undefined) => void;
}

/** Finds peers that vanished without a word, also those that speak with keep-alive 0. */
const keepAliveProbeMs = 60_000;

/** Opens all or none. Throws a `GatewayError` for an address that cannot be used or a certificate that is wrong. */
export async function openListeners(listens: readonly Listen[], options: ListenOptions): Promise<Listeners> {
  const sockets: Admitted = { all: new Set(), byAddress: new Map() };
  const servers: net.Server[] = [];
  const stop = (): void => {
    for (const server of servers) server.close();
  };
  const close = async (): Promise<void> => {
    const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const socket of sockets.all) socket.destroy();
    await Promise.all(closed);
  };

  try {
    for (const listen of listens) {
      const server = createServer(listen, (socket) => admit(socket, sockets, options), options);
      await startListening(server, listen, options.name);
      servers.push(server);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  const addresses = listens.map(
    ({ host, tls: secure }, i) => `${hostAndPort(host, ports[i]!)}${secure ? ' (TLS)' : ''}`,
  );
  return { ports, addresses, stop, close };
}

interface Admitted {
  readonly all: Set<net.Socket>;
  readonly byAddress: Map<string, number>;
}

/** Whether there is room for one more connection; one too many is ended. */
function admit(socket: net.Socket, { all, byAddress }: Admitted, options: ListenOptions): boolean {
  const address = addressKey(socket.remoteAddress);
  const ofAddress = byAddress.get(address) ?? 0;
  const isTooMany = all.size >= options.maxConnections;
  if (isTooMany || ofAddress >= options.maxConnectionsPerAddress) {
    options.onRefused(isTooMany ? undefined : address);
    socket.destroy();
    return false;
  }
  all.add(socket);
  byAddress.set(address, ofAddress + 1);
  socket.once('close', () => {
    all.delete(socket);
    const left = byAddress.get(address)! - 1;
    if (left > 0) byAddress.set(address, left);
    else byAddress.delete(address);
  });
  return true;
}

function createServer(
  listen: Listen,
  admitted: (socket: net.Socket) => boolean,
  options: ListenOptions,
): net.Server {
  const socketOptions = { keepAlive: true, keepAliveInitialDelay: keepAliveProbeMs, noDelay: true };
  if (!listen.tls) {
    return net.createServer(socketOptions, (socket) => {
      if (admitted(socket)) options.onConnection(socket);
    });
  }
  const server = createTlsServer(
    { ...socketOptions, handshakeTimeout: options.handshakeTimeoutMs },
    listen,
    options.name,
  );
  server.on('connection', admitted);
  server.on('secureConnection', options.onConnection);
  server.on('tlsClientError', (error, socket) => {
    options.onHandshakeError(error, socket.remoteAddress);
    // After a time-out Node.js leaves it open.
    socket.destroy();
  });
  return server;
}

function createTlsServer(base: tls.TlsOptions, listen: Listen, name: string): tls.Server {
  const { cert, key, clientCa } = listen.tls!;
  const read = (file: string): Buffer => {
    try {
      return readFileSync(file);
    } catch (error) {
      throw new GatewayError(`source ${name}: cannot read ${file}: ${reasonOf(error)}`, {
        remedy: 'check the path under `tls`, and that the gateway may read it',
        cause: error,
      });
    }
  };
  const files = { cert: read(cert), key: read(key), ...(clientCa ? { ca: read(clientCa) } : {}) };
  try {
    return tls.createServer({
      ...base,
      ...files,
      requestCert: clientCa !== undefined,
      rejectUnauthorized: true,
    });
  } catch (error) {
    throw new GatewayError(`source ${name}: ${cert} and ${key} are no usable pair: ${messageOf(error)}`, {
      remedy: '`cert` and `key` must be PEM files that belong together',
      cause: error,
    });
  }
}

function startListening(server: net.Server, listen: Listen, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, listen, `source ${name}`)));
    server.listen({ port: listen.port, host: listen.host }, () => {
      // A later error is a failed accept (no file descriptors left): that one connection is lost, the rest goes on.
      server.removeAllListeners('error').on('error', () => {});
      resolve();
    });
  });
}

const remedies: Record<string, string> = {
  EADDRINUSE:
    'another program (a mosquitto service, another gateway?) has it: stop that, or choose another port',
  EACCES: 'ports below 1024 need the right to bind them: choose another port, or grant CAP_NET_BIND_SERVICE',
  EADDRNOTAVAIL:
    'the host must be an address of this machine: 127.0.0.1, its own address, or 0.0.0.0 for all',
  ENOTFOUND: 'the host must be an address of this machine: 127.0.0.1, its own address, or 0.0.0.0 for all',
};

/** Why an address cannot be listened on, and what to do. `who` wanted to. */
export function listenError(
  error: Error & { code?: string },
  { host, port }: Pick<Listen, 'host' | 'port'>,
  who: string,
): GatewayError {
  const what = error.code === 'EADDRINUSE' ? 'the port is in use' : messageOf(error);
  const remedy = remedies[error.code ?? ''];
  return new GatewayError(`${who}: cannot listen on ${hostAndPort(host, port)}: ${what}`, {
    ...(remedy ? { remedy } : {}),
    cause: error,
  });
}

/** As written in a URL: IPv6 in brackets. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
