/**
 * The embedded MQTT broker (3.1 and 3.1.1), the one door to aedes.
 *
 * Invariant: a QoS 1 or 2 publish is answered (PUBACK, PUBREC) only after the journal has it on disk: aedes answers
 * when `authorizePublish` calls back, before anything else of its own, so that is where frames are taken. While it
 * waits, aedes reads no more of that client: back-pressure, and what arrived together is committed together.
 * Frames are taken in the hook's order, not from the broker's subscriptions, whose order differs.
 * Not here: what may be published, subscribed and by whom (the hooks); keeping sessions over a restart.
 */

import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { Aedes, type AedesOptions, type Client, type PublishPacket } from 'aedes';
import type { BrokerConfig } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { type Access, checkAccess, createAccess } from './access.ts';
import { createClientIds } from './client-ids.ts';
import { type Addresses, logClients } from './client-log.ts';
import { connectRules, maxKeepaliveS } from './connect-rules.ts';
import { type DurableHandshakes, keepHandshakes } from './handshakes.ts';
import { createInFlight, type InFlight } from './in-flight.ts';
import { limitLog } from './limit-log.ts';
import { type Listeners, openListeners } from './listeners.ts';
import { keepPatient } from './patient-keepalive.ts';
import { addressKey } from './peer-address.ts';
import { createPublishHook } from './publishes.ts';
import { keepRetained } from './retained.ts';
import { boundQueues, type Persistence } from './sessions.ts';
import { createSlowGuard, widen } from './slow-subscriber.ts';
import type { PublishOptions, Source, SourceContext } from './source.ts';
import { watchStalled } from './stalled.ts';
import { boundStoredSessions } from './stored-sessions.ts';
import { bePicky } from './strict-packets.ts';
import { createSubscribeHook } from './subscribes.ts';
import { maxTopicLevels, topicProblem } from './topic.ts';
import { beUnhurried } from './unhurried.ts';

/** What the journal is given to answer publishes already taken, before their connections end. */
const drainMs = 500;

const zeroCounters = {
  received: 0,
  refused: 0,
  notStored: 0,
  packetsTooLong: 0,
  packetsUnfinished: 0,
  clientErrors: 0,
  connectionsRefused: 0,
  connectionsRefusedOfAddress: 0,
  loginsRefused: 0,
  loginsBusy: 0,
  clientIdsRefused: 0,
  usersDisconnected: 0,
  publishesDenied: 0,
  subscriptionsDenied: 0,
  subscriptionsTooMany: 0,
  slowDropped: 0,
  slowDisconnected: 0,
  handshakesForgotten: 0,
  queueDropped: 0,
  retainedRefused: 0,
  sessionsForgotten: 0,
};
type Counters = typeof zeroCounters;

/**
 * Starts the broker on every listener. Throws a `GatewayError` when one cannot be opened or would let strangers in.
 * Its `ports` are the real ones where 0 was asked for.
 */
export async function startBroker(config: BrokerConfig, context: SourceContext): Promise<Source> {
  const { name, signal, logger } = context;
  checkAccess(config, context.users, name);
  const counters: Counters = { ...zeroCounters };
  const inFlight = createInFlight(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  const broker = await Aedes.createBroker(fixedOptions(context));
  const addresses: Addresses = new WeakMap();
  const access = setHooks(broker, { config, context, inFlight, counters, addresses });
  logClients(broker, context, counters, addresses);
  const stalled = watchStalled({ onStalled: () => (counters.packetsUnfinished += 1) });
  const onConnection = (socket: Socket): void => {
    addresses.set(socket, socket.remoteAddress);
    widen(socket);
    const client = broker.handle(socket);
    beUnhurried(client, socket);
    stalled.add(client);
    socket.once('close', () => stalled.remove(client));
    bePicky(client, {
      packetBytes: context.limits.packetBytes,
      onTooLong: () => (counters.packetsTooLong += 1),
      onWrongVersion: () => socket.write(wrongVersion),
    });
  };
  const listeners = await openOrClose(broker, config, context, counters, onConnection);
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
      stalled.stop();
      access.stop();
      await stop(broker, listeners, inFlight);
      closed = true;
    }),
    publish: (topic, payload, options) => publish(broker, signal, topic, payload, options),
    replaceUsers: access.replaceUsers,
  };
}

function durableHandshakes({ name, handshakes }: SourceContext): DurableHandshakes {
  return {
    open: handshakes.of(name),
    end: (handshake, done) => handshakes.end(name, handshake, done),
  };
}

/** CONNACK: unacceptable protocol version [MQTT-3.1.2-2]. */
const wrongVersion = Buffer.from([0x20, 2, 0, 1]);

function fixedOptions({ limits }: SourceContext): AedesOptions {
  return {
    // A new one each start, later ones sorting later: what aedes numbers under it never repeats.
    id: `headgate-${Date.now().toString(36)}`,
    // With a bound, one stuck topic would hold up the delivery of all others, in an unbounded queue.
    concurrency: 0,
    connectTimeout: limits.connectTimeoutMs,
    drainTimeout: 5000,
    keepaliveLimit: maxKeepaliveS,
    maxInflightInbound: 1000,
    queueLimit: 42,
    maxTopicLevels,
  };
}

interface Parts {
  readonly config: BrokerConfig;
  readonly context: SourceContext;
  readonly inFlight: InFlight;
  readonly counters: Counters;
  readonly addresses: Addresses;
}

/** Puts our rules into the places that aedes has for them. */
function setHooks(broker: Aedes, { config, context, inFlight, counters, addresses }: Parts): Access {
  const { limits, logger } = context;
  const warn = namedWarn(context, logger);
  const { persistence, clients } = broker as unknown as { persistence: Persistence; clients: object };
  boundQueues(persistence, counters);
  keepRetained(persistence, counters);
  const inbox = keepHandshakes(persistence, counters, durableHandshakes(context));
  // Of brokers that are no more, which there are none of. A jump of the clock between aedes' sign of life and its look for such
  // wills would make it take those of clients that are here for them.
  persistence.streamWill = () => Readable.from([]);
  const sessions = boundStoredSessions(persistence, {
    limit: limits.sessions,
    isConnected: (id) => Object.hasOwn(clients, id),
    isRefused: (subscription) => subscribes.isRefused(subscription),
    onEnded: (id) => clientIds.sessionEnded(id),
    counters,
  });
  const clientIds = createClientIds(sessions);
  const access = createAccess({
    ...{ config, users: context.users, clientIds, counters },
    addressOf: ({ conn }) => addressKey(addresses.get(conn)),
    warn: namedWarn(context, logger),
  });
  const subscribes = createSubscribeHook({ limit: limits.subscriptions, counters, ...access, warn });
  const publishes = createPublishHook({ context, inbox, inFlight, counters, ...access });
  const connect = connectRules(access);
  const mayForward = createSlowGuard(counters);

  broker.preConnect = connect.preConnect as Aedes['preConnect'];
  broker.authenticate = connect.authenticate as Aedes['authenticate'];
  broker.authorizePublish = publishes.authorize as Aedes['authorizePublish'];
  broker.authorizeSubscribe = subscribes.authorize as Aedes['authorizeSubscribe'];
  broker.authorizeForward = (client, packet) => {
    if (!access.grants(client).mayReceive(packet.topic) || !mayForward(client, packet.qos)) return null;
    if (packet.qos > 0) packet.qos = subscribes.qosFor(client, packet.topic, packet.qos);
    return packet;
  };
  const handOn = broker.publish as Publish;
  broker.publish = ((packet, client, done) => {
    if (!publishes.isDenied(packet)) return handOn.call(broker, packet, client, done);
    if (typeof client === 'function') client();
    else done?.();
  }) as Publish as Aedes['publish'];
  keepPatient(broker);
  broker.on('unsubscribe', (filters, client) => subscribes.unsubscribed(client, filters));
  broker.on('clientDisconnect', ({ id }) => sessions.touch(id));
  return access;
}

/** As aedes calls it: with a client, or without. */
type Publish = (packet: PublishPacket, client?: Client | (() => void), done?: () => void) => void;

function namedWarn({ name }: SourceContext, logger: Logger): Logger['warn'] {
  const warn = limitLog(logger.warn.bind(logger));
  return (details, message) => warn({ source: name, ...details }, message);
}

async function openOrClose(
  broker: Aedes,
  config: BrokerConfig,
  { name, limits, logger }: SourceContext,
  counters: Counters,
  onConnection: (socket: Socket) => void,
): Promise<Listeners> {
  const warn = limitLog(logger.warn.bind(logger));
  try {
    return await openListeners(config.listen, {
      name,
      maxConnections: limits.connections,
      maxConnectionsPerAddress: limits.connectionsPerAddress,
      handshakeTimeoutMs: limits.connectTimeoutMs,
      onConnection,
      onRefused: (from) => {
        if (from === undefined) counters.connectionsRefused += 1;
        else counters.connectionsRefusedOfAddress += 1;
        const limit = from === undefined ? limits.connections : limits.connectionsPerAddress;
        warn({ source: name, from, limit }, 'too many connections, one refused');
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
