/**
 * What servers that stand in for InfluxDB 2 and 3 share: HTTP, points kept by identity, going away and coming back.
 *
 * Invariant: a point that is written again is there once, its fields those written last; `kill` keeps the points, as a disk
 * does. Not here: who may write what, and the words of the answers.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { freePort } from './free-port.ts';
import type { FieldType, ReadPoint } from './lines.ts';

export interface PeerRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export interface PeerAnswer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Of one database or bucket. */
export interface Store {
  /** Values by field, by identity: measurement, tags and time. */
  readonly points: Map<string, Map<string, string>>;
  /** By measurement and field. */
  readonly types: Map<string, FieldType>;
}

export interface Gates {
  /** Answers all writes so instead. */
  instead: PeerAnswer | undefined;
  /** Writes are done, and the connection is cut before their answer. */
  cutsAnswers: boolean;
  requests: number;
}

export interface PeerServer {
  readonly url: string;
  readonly gates: Gates;
  start(): Promise<void>;
  kill(): Promise<void>;
}

export function createStore(): Store {
  return { points: new Map(), types: new Map() };
}

export function typeOf({ types }: Store, measurement: string, field: string): FieldType | undefined {
  return types.get(JSON.stringify([measurement, field]));
}

export function keep({ points, types }: Store, { measurement, tags, fields, time }: ReadPoint): void {
  const identity = `${[measurement, ...tags].join(',')} ${time}`;
  const held = points.get(identity) ?? new Map<string, string>();
  for (const [name, { type, text }] of fields) {
    types.set(JSON.stringify([measurement, name]), type);
    held.set(name, text);
  }
  points.set(identity, held);
}

/** Listens on a port that stays the same; `answer` gives an answer for each request. */
export async function startPeerServer(answer: (request: PeerRequest) => PeerAnswer): Promise<PeerServer> {
  const port = await freePort();
  const gates: Gates = { instead: undefined, cutsAnswers: false, requests: 0 };
  let server: Server | undefined;
  async function start(): Promise<void> {
    server = createServer(async (incoming, response) => {
      const request = await read(incoming).catch(() => undefined);
      if (request === undefined) return;
      const isWrite = request.method === 'POST' && request.path.endsWith('/write');
      if (isWrite) gates.requests += 1;
      const { status, body = '', headers = {} } = (isWrite ? gates.instead : undefined) ?? answer(request);
      if (isWrite && gates.cutsAnswers) incoming.socket.resetAndDestroy();
      else response.writeHead(status, headers).end(body);
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  }
  async function kill(): Promise<void> {
    const running = server;
    server = undefined;
    if (running === undefined) return;
    const closed = once(running.close(), 'close');
    running.closeAllConnections();
    await closed;
  }
  await start();
  return { url: `http://127.0.0.1:${port}`, gates, start, kill };
}

async function read(incoming: IncomingMessage): Promise<PeerRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks);
  const text = (incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString();
  const { pathname: path, searchParams: query } = new URL(incoming.url!, 'http://peer');
  return { method: incoming.method!, path, query, headers: incoming.headers, text };
}
