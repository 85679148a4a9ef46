/**
 * The load generator, a process of its own: one MQTT connection that publishes packet by packet.
 *
 * As fast as it can, its packets made beforehand so that it does not compete with what is measured; or at a rate,
 * each message at its moment and with that moment as its time. Told what to do over the IPC channel; see start.ts.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { parser as createParser, generate } from 'mqtt-packet';
import { createFleet, type Encoded } from './messages.ts';
import type { Job, Sent } from './start.ts';

/** Written at once. */
const chunkMessages = 500;
const tickMs = 10;

interface Connection {
  readonly socket: Socket;
  /** QoS 1 answers so far. */
  acknowledged: number;
  onAcknowledged: () => void;
}

async function openConnection(port: number): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const connection: Connection = { socket, acknowledged: 0, onAcknowledged: () => {} };
  const { promise: greeted, resolve } = Promise.withResolvers<void>();
  const parser = createParser();
  parser.on('packet', ({ cmd }) => {
    if (cmd === 'connack') resolve();
    if (cmd === 'puback') connection.acknowledged += 1;
  });
  socket.on('data', (bytes) => {
    parser.parse(bytes);
    connection.onAcknowledged();
  });
  const clientId = `load-${process.pid}`;
  socket.write(
    generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      clientId,
      keepalive: 0,
    }),
  );
  await greeted;
  return connection;
}

/** Resolves when at most so many publishes wait for their answer. */
async function answered(connection: Connection, sent: number, atMost: number): Promise<void> {
  if (sent - connection.acknowledged <= atMost) return;
  await new Promise<void>((resolve) => {
    connection.onAcknowledged = () => {
      if (sent - connection.acknowledged <= atMost) resolve();
    };
  });
}

async function write({ socket }: Connection, bytes: Buffer): Promise<void> {
  if (!socket.write(bytes)) await once(socket, 'drain');
}

interface Chunk {
  readonly bytes: Buffer;
  readonly jsonBytes: number;
}

function chunkOf(messages: readonly Encoded[]): Chunk {
  return {
    bytes: Buffer.concat(messages.map(({ packet }) => packet)),
    jsonBytes: messages.reduce((sum, message) => sum + message.jsonBytes, 0),
  };
}

/** Event times end now: nothing is ahead of its arrival. */
function makeChunks({ messages, topics, qos, eventSpanMs = 0 }: Job): Chunk[] {
  const fleet = createFleet(topics, qos);
  const fromMs = Date.now() - eventSpanMs;
  const stepMs = Math.max(1, Math.floor((eventSpanMs * topics.length) / messages));
  const encode = (i: number) => fleet(i, fromMs + Math.floor(i / topics.length) * stepMs);
  const chunks: Chunk[] = [];
  for (let i = 0; i < messages; i += chunkMessages) {
    const n = Math.min(chunkMessages, messages - i);
    chunks.push(chunkOf(Array.from({ length: n }, (_, k) => encode(i + k))));
  }
  return chunks;
}

async function publishFast(connection: Connection, job: Job, chunks: readonly Chunk[]): Promise<number> {
  const window = job.inFlight ?? Number.POSITIVE_INFINITY;
  let sent = 0;
  let jsonBytes = 0;
  for (const chunk of chunks) {
    if (job.qos === 1) await answered(connection, sent, window - chunkMessages);
    await write(connection, chunk.bytes);
    sent += chunkMessages;
    jsonBytes += chunk.jsonBytes;
  }
  return jsonBytes;
}

async function publishPaced(connection: Connection, job: Job, perSecond: number): Promise<number> {
  const fleet = createFleet(job.topics, job.qos);
  const startMs = Date.now();
  let jsonBytes = 0;
  for (let i = 0; i < job.messages; ) {
    const due = Math.min(job.messages, Math.ceil(((Date.now() - startMs) * perSecond) / 1000));
    const messages: Encoded[] = [];
    for (; i < due; i++) messages.push(fleet(i, startMs + Math.floor((i * 1000) / perSecond)));
    const chunk = chunkOf(messages);
    jsonBytes += chunk.jsonBytes;
    await write(connection, chunk.bytes);
    await wait(tickMs);
  }
  return jsonBytes;
}

async function run(job: Job, chunks: readonly Chunk[], port: number): Promise<Sent> {
  const connection = await openConnection(port);
  const startedMs = Date.now();
  const jsonBytes = await (job.perSecond === undefined
    ? publishFast(connection, job, chunks)
    : publishPaced(connection, job, job.perSecond));
  if (job.qos === 1) await answered(connection, job.messages, 0);
  const finishedMs = Date.now();
  connection.socket.end();
  await once(connection.socket, 'close');
  return { startedMs, finishedMs, jsonBytes };
}

const job = JSON.parse(process.argv[2]!) as Job;
const chunks = job.perSecond === undefined ? makeChunks(job) : [];
process.on('message', async ({ port }: { port: number }) => process.send!(await run(job, chunks, port)));
process.send!('ready');
