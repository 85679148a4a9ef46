/**
 * The embedded MQTT broker (3.1 and 3.1.1), the one door to aedes.
 *
 * Invariant: a QoS 1 or 2 publish is answered (PUBACK, PUBREC) only after the journal has it on disk: aedes answers
 * when `authorizePublish` calls back, before anything else of its own, so that is where frames are taken. While it
 * waits, aedes reads no more of that client: back-pressure, and what arrived together is committed together.
 * Frames are taken in the hook's order, not from the broker's subscriptions, whose order differs.
 * Not here: users and their permissions; keeping sessions over a restart.
 */

import type { EventEmitter } from 'node:events';
import { Aedes, type AedesOptions, type Client, type ConnectPacket, type PublishPacket } from 'aedes';
import type { BrokerConfig } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import { checkAccess } from './access.ts';
import { type Inbox, keepHandshakes } from './handshakes.ts';
import { createInFlight, type InFlight } from './in-flight.ts';
import { limitLog } from './limit-log.ts';
import { type Listeners, openListeners } from './listeners.ts';
import { limitPackets } from './packet-limit.ts';
import { boundSessions, type Persistence } from './sessions.ts';
import { createSlowGuard, widen } from './slow-subscriber.ts';
import type { PublishOptions, Source, SourceContext } from './source.ts';
import { maxTopicLevels, topicProblem } from './topic.ts';

/** A silent client may be ended when it seems dead (MQTT 3.1.1, 3.1.2.10), also one that asked for no keep-alive. */
const maxKeepaliveS = 3600;
/** What the journal is given to answer publishes already taken, before their connections end. */
const drainMs = 500;

const zeroCounters = {
  received: 0,
  refused: 0,
  notStored: 0,
  packetsTooLong: 0,
  clientErrors: 0,
  connectionsRefused: 0,
  slowDropped: 0,
  slowDisconnected: 0,
  handshakesForgotten: 0,
  queueDropped: 0,
  retainedRefused: 0,
};
type Counters = typeof zeroCounters;
/** Of peers, by connection: a socket that has ended does not know any more. */
type Addresses = WeakMap<object, string | undefined>;

/**
 * Starts the broker on every listener. Throws a `GatewayError` when one cannot be opened or would let strangers in.
 * Its `ports` are the real ones where 0 was asked for.
 */
export async function startBroker(config: BrokerConfig, context: SourceContext): Promise<Source> {
  const { name, signal, logger } = context;
  checkAccess(config, name);
  const counters: Counters = { ...zeroCounters };
  const inFlight = createInFlight(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  const broker = await Aedes.createBroker(fixedOptions(counters));
  const persistence = (broker as unknown as { persistence: Persistence }).persistence;
  boundSessions(persistence, counters);
  broker.authorizePublish = takePublishes(context, keepHandshakes(persistence, counters), inFlight, counters);
  const addresses: Addresses = new WeakMap();
  logClients(broker, context, counters, addresses);
  const listeners = await openOrClose(broker, config, context, counters, addresses);
  logger.info({ source: name, listen: listeners.addresses }, 'broker listens');

  let closed = false;
  return {
    name,
    kind: 'broker',
    ports: listeners.ports,
    status: () => ({
      state: closed ? 'closed' : 'listening',
      detail: closed ? 'closed' : [...listeners.addresses, clientCount(broker.connectedClients)].join(', '),
      counters: { ...counters, clients: broker.connectedClients },
    }),
    closed: aborted(signal).then(async () => {
      await stop(broker, listeners, inFlight);
      closed = true;
    }),
    publish: (topic, payload, options) => publish(broker, signal, topic, payload, options),
  };
}

function fixedOptions(counters: Counters): AedesOptions {
  const mayForward = createSlowGuard(counters);
  return {
    // A new one each start, later ones sorting later: what aedes numbers under it never repeats.
    id: `headgate-${Date.now().toString(36)}`,
    // With a bound, one stuck topic would hold up the delivery of all others, in an unbounded queue.
    concurrency: 0,
    connectTimeout: 8000,
    drainTimeout: 5000,
    keepaliveLimit: maxKeepaliveS,
    maxInflightInbound: 1000,
    queueLimit: 42,
    maxTopicLevels,
    preConnect: limitKeepalive,
    authorizeSubscribe: (_client, subscription, callback) => {
      // Not offered: as a plain topic it would be granted and never get anything.
      callback(null, subscription.topic.startsWith('$share/') ? null : subscription);
    },
    authorizeForward: (client, packet) => (mayForward(client, packet.qos) ? packet : null),
  };
}

/** aedes refuses what is beyond its limit with a code that MQTT 3.1.1 does not know; so the value is lowered. */
function limitKeepalive(
  _client: Client,
  packet: ConnectPacket,
  callback: (error: null, ok: boolean) => void,
) {
  if (!packet.keepalive || packet.keepalive > maxKeepaliveS) packet.keepalive = maxKeepaliveS;
  callback(null, true);
}

/** The hook every publish and will passes through before it is answered. */
function takePublishes(
  { name, ingest, signal, logger }: SourceContext,
  inbox: Inbox,
  inFlight: InFlight,
  counters: Counters,
): Aedes['authorizePublish'] {
  const warn = limitLog(logger.warn.bind(logger));

  function journal(packet: PublishPacket, done: (error?: Error) => void): void {
    // Never answered: its connection is about to end, and its sender will send it again. Also holds back the wills
    // of clients that the gateway itself disconnects.
    if (signal.aborted) return;
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    counters.received += 1;
    inFlight.add(payload.length);
    ingest(name, packet.topic, payload, packet.qos > 0 ? 'durable' : 'accepted', (error) => {
      inFlight.remove(payload.length);
      if (error) {
        counters.notStored += 1;
        warn(
          { source: name, topic: packet.topic, reason: error.message },
          'publish not stored, not acknowledged',
        );
      }
      done(error);
    });
  }

  return (client, packet, callback) => {
    const problem = topicProblem(packet.topic);
    if (problem) {
      counters.refused += 1;
      callback(new Error(problem));
      return;
    }
    const done = (error?: Error): void => callback(error ?? null);
    const { messageId } = packet;
    // A will has no id; the sweeper of forgotten wills has no client.
    if (packet.qos !== 2 || messageId === undefined || !client) journal(packet, done);
    else inbox.receive(client.id, { messageId, dup: packet.dup }, (stored) => journal(packet, stored), done);
  };
}

function logClients(
  broker: Aedes,
  { name, logger }: SourceContext,
  counters: Counters,
  addresses: Addresses,
): void {
  const warn = limitLog(logger.warn.bind(logger));
  const error = limitLog(logger.error.bind(logger));
  broker.on('client', (client) => logger.debug({ source: name, client: client.id }, 'client connected'));
  broker.on('clientDisconnect', (client) => logger.debug({ source: name, client: client.id }, 'client left'));
  broker.on('clientError', (client, { message }) => {
    counters.clientErrors += 1;
    const from = addresses.get(client.conn);
    warn({ source: name, client: client.id, from, reason: message }, 'client disconnected');
  });
  broker.on('connectionError', (client, { message }) => {
    warn(
      { source: name, from: addresses.get(client.conn), reason: message },
      'connection ended before it became a client',
    );
  });
  (broker as EventEmitter).on('error', ({ message }: Error) =>
    error({ source: name, reason: message }, 'broker failed inside'),
  );
}

async function openOrClose(
  broker: Aedes,
  config: BrokerConfig,
  { name, limits, logger }: SourceContext,
  counters: Counters,
  addresses: Addresses,
): Promise<Listeners> {
  const warn = limitLog(logger.warn.bind(logger));
  try {
    return await openListeners(config.listen, {
      name,
      maxConnections: limits.connections,
      onConnection: (socket) => {
        addresses.set(socket, socket.remoteAddress);
        widen(socket);
        limitPackets(broker.handle(socket), limits.packetBytes, () => {
          counters.packetsTooLong += 1;
        });
      },
      onRefused: () => {
        counters.connectionsRefused += 1;
        warn({ source: name, limit: limits.connections }, 'too many connections, one refused');
      },
      onHandshakeError: ({ message }, from) =>
        warn({ source: name, from, reason: message }, 'no TLS connection'),
    });
  } catch (error) {
    broker.close();
    throw error;
  }
}

function publish(
  broker: Aedes,
  signal: AbortSignal,
  topic: string,
  payload: string | Buffer,
  { qos, retain }: PublishOptions,
): Promise<void> {
  const problem = signal.aborted ? 'the broker is stopping' : topicProblem(topic);
  if (problem) return Promise.reject(new GatewayError(`cannot publish to "${topic}": ${problem}`));
  const packet: PublishPacket = {
    cmd: 'publish',
    topic,
    payload: Buffer.from(payload),
    qos,
    retain,
    dup: false,
  };
  return new Promise((resolve, reject) => {
    broker.publish(packet, (error) => (error ? reject(error) : resolve()));
  });
}

async function stop(broker: Aedes, listeners: Listeners, inFlight: InFlight): Promise<void> {
  listeners.stop();
  await inFlight.drained(drainMs);
  // The last answers are written in the turns after their callbacks.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  const ended = new Promise<void>((resolve) => broker.close(resolve));
  await listeners.close();
  await ended;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function clientCount(clients: number): string {
  return clients === 1 ? '1 client' : `${clients} clients`;
}
