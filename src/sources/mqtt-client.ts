/**
 * Another broker as a source, with this gateway as its client (MQTT 3.1.1): the door to the mqtt package.
 *
 * Invariant: a message is acknowledged (QoS 1 PUBACK, QoS 2 PUBREC) only after the journal has it on disk, in the
 * order of arrival; acknowledgements of a connection that is gone are dropped, the server sends those messages again
 * (persistent session). It never gives up: every loss is followed by another try, with exponential back-off.
 * Each try is a new client of the library, so nothing of a broken connection lives on; what must outlive it (QoS 2
 * ids, message ids) is handed in.
 * Not here: filters that were subscribed before a restart and are wanted no more stay subscribed in the server's session,
 * their frames are counted as unrouted.
 */

import { connect, DefaultMessageIdProvider, type IClientOptions, type IStore, type MqttClient } from 'mqtt';
import type { MqttConfig } from '../config/schema.ts';
import { createBackoff, sleep } from '../core/backoff.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { type Endpoint, parseEndpoint, readCredentials } from './mqtt-endpoint.ts';
import { createReceiver, type Receiver } from './mqtt-receiver.ts';
import type { PublishOptions, Source, SourceContext, SourceStatus } from './source.ts';
import { topicProblem } from './topic.ts';

const firstRetryMs = 500;
const maxRetryMs = 60_000;
/** A connection that lasted this long was a good one: the next loss starts with a short wait again. */
const goodConnectionMs = 10_000;
const connectTimeoutMs = 10_000;
const keepaliveS = 30;
/** What the journal is given to answer messages already taken, and the server to take leave. */
const drainMs = 500;
const leaveMs = 200;

/** Starts connecting and does not wait for it. Throws a `GatewayError` for a URL that cannot be meant. */
export async function startMqttClient(config: MqttConfig, context: SourceContext): Promise<Source> {
  const { name, signal } = context;
  const endpoint = parseEndpoint(config, name);
  const counters = { received: 0, notStored: 0, tooLong: 0, published: 0, connections: 0, failures: 0 };
  const receiver = createReceiver(context, counters);
  const subscriptions = createSubscriptions(config.qos, context);
  const progress = createProgress(endpoint, context);
  const options = fixedOptions(config, context, endpoint);
  let client: MqttClient | undefined;

  /** One connection, from the first try to its end; resolves with the reason. */
  async function connection(): Promise<string> {
    const reception = receiver.open();
    const credentials = await readCredentials(config);
    if (signal.aborted) return 'stopped';
    const opened = connect({
      ...options,
      ...credentials,
      incomingStore: reception.incomingStore as IStore,
    } as IClientOptions);
    client = opened;
    // Every publish that waits for its answer listens for the end.
    opened.setMaxListeners(0);
    reception.attach(opened);
    opened.on('connect', () => {
      counters.connections += 1;
      progress.connected();
      subscriptions.renew(opened);
    });
    return ended(opened);
  }

  async function keepConnected(): Promise<void> {
    const backoff = createBackoff(firstRetryMs, maxRetryMs);
    while (!signal.aborted) {
      const reason = await connection().catch(reasonOf);
      if (signal.aborted) break;
      counters.failures += 1;
      if (progress.lastedMs() >= goodConnectionMs) backoff.reset();
      const waitMs = backoff.next();
      progress.lost(reason, waitMs);
      await sleep(waitMs, signal);
    }
    progress.closed();
  }

  signal.addEventListener('abort', () => void leave(client, receiver), { once: true });
  return {
    name,
    kind: 'mqtt',
    status: () => ({ ...progress.status(subscriptions.refused()), counters: { ...counters } }),
    closed: keepConnected(),
    async publish(topic, payload, publishOptions) {
      await publish(client, endpoint, topic, payload, publishOptions);
      counters.published += 1;
    },
    subscribe: (filters) => subscriptions.replace(filters, client),
  };
}

function fixedOptions(config: MqttConfig, context: SourceContext, endpoint: Endpoint): IClientOptions {
  const { protocol, host, port, path } = endpoint;
  return {
    protocol,
    host,
    port,
    ...(path === undefined ? {} : { path }),
    protocolVersion: 4,
    clientId: config.clientId ?? context.clientId,
    clean: false,
    keepalive: keepaliveS,
    connectTimeout: connectTimeoutMs,
    // The next try is made here, with a new client.
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // One sequence over all connections: the server may still remember an id of the last one.
    messageIdProvider: new DefaultMessageIdProvider(),
  };
}

/** Resolves with the reason when the connection has ended, or never came about. */
function ended(client: MqttClient): Promise<string> {
  return new Promise((resolve) => {
    let reason = 'the server closed the connection';
    client.on('error', (error) => {
      reason = reasonOf(error);
      // After a packet that cannot be understood the library would go on reading.
      client.stream.destroy();
    });
    client.once('close', () => resolve(reason));
  });
}

/** With what to do about it. An error of several addresses at once has no message, only a code. */
function reasonOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  const message = messageOf(error) || String(code ?? 'unknown error');
  if (error instanceof GatewayError && error.remedy) return `${message}: ${error.remedy}`;
  // CONNACK return codes 4 and 5 (MQTT 3.1.1, 3.2.2.3).
  return code === 4 || code === 5 ? `${message}: check \`username\` and \`password_file\`` : message;
}

/** Takes leave: waits for the journal, says DISCONNECT, and ends the socket whatever the server does. */
async function leave(client: MqttClient | undefined, receiver: Receiver): Promise<void> {
  await receiver.drained(drainMs);
  if (client?.connected) {
    client.end();
    await Promise.race([new Promise<void>((resolve) => client.once('close', resolve)), sleep(leaveMs)]);
  }
  client?.stream.destroy();
}

/** The server's answer decides: for QoS 0 the socket's. Only while connected: nothing is queued in memory. */
function publish(
  client: MqttClient | undefined,
  endpoint: Endpoint,
  topic: string,
  payload: string | Buffer,
  options: PublishOptions,
): Promise<void> {
  const problem = client?.connected ? topicProblem(topic) : `not connected to ${endpoint.label}`;
  if (!client || problem) return Promise.reject(new GatewayError(`cannot publish to "${topic}": ${problem}`));
  return new Promise((resolve, reject) => {
    const lost = (): void =>
      reject(new GatewayError(`connection to ${endpoint.label} lost before the answer`));
    client.once('close', lost);
    client.publish(topic, payload, options, (error) => {
      client.off('close', lost);
      if (error) reject(error);
      else resolve();
    });
  });
}

/** What is subscribed: renewed at every connection, because a session may be gone and filters may have changed. */
function createSubscriptions(qos: 0 | 1 | 2, { name, subscriptions, logger }: SourceContext) {
  let wanted: readonly string[] = subscriptions;
  let refused = new Set<string>();

  /** One by one, so that one refusal leaves the others standing and is known by its name. */
  function subscribe(client: MqttClient, filters: readonly string[]): void {
    for (const filter of filters) {
      client.subscribe(filter, { qos }, (error) => {
        if (!error || !client.connected) return;
        refused.add(filter);
        logger.warn({ source: name, filter, reason: error.message }, 'subscription refused by the server');
      });
    }
  }

  return {
    refused: (): readonly string[] => [...refused],
    renew(client: MqttClient) {
      refused = new Set();
      subscribe(client, wanted);
    },
    replace(filters: readonly string[], client: MqttClient | undefined) {
      const before = wanted;
      wanted = filters;
      if (!client?.connected) return;
      const gone = before.filter((filter) => !filters.includes(filter));
      if (gone.length > 0) client.unsubscribe(gone);
      for (const filter of gone) refused.delete(filter);
      subscribe(
        client,
        filters.filter((filter) => !before.includes(filter)),
      );
    },
  };
}

/** What is told of the connection: one line in the log when it is lost, one when it is back. */
function createProgress({ label }: Endpoint, { name, logger }: SourceContext) {
  let state: SourceStatus['state'] = 'connecting';
  let sinceMs = performance.now();
  let reason = '';
  let nextTryMs = 0;
  let toldLoss = false;

  function detail(refused: readonly string[]): string {
    if (state === 'closed') return 'closed';
    const refusals = refused.length > 0 ? `, the server refused to subscribe ${refused.join(' ')}` : '';
    if (state === 'connected') return `connected to ${label}${refusals}`;
    if (reason === '') return `connecting to ${label}`;
    const seconds = Math.max(0, Math.ceil((nextTryMs - performance.now()) / 1000));
    return `no connection to ${label} (${reason}), next try in ${seconds} s`;
  }

  return {
    connected() {
      if (state === 'connected') return;
      state = 'connected';
      sinceMs = performance.now();
      toldLoss = false;
      logger.info({ source: name, server: label }, 'connected');
    },
    /** How long the connection lasted; 0 when there was none. */
    lastedMs: () => (state === 'connected' ? performance.now() - sinceMs : 0),
    lost(why: string, waitMs: number) {
      state = 'connecting';
      reason = why;
      nextTryMs = performance.now() + waitMs;
      if (!toldLoss)
        logger.warn({ source: name, server: label, reason }, 'no connection, trying on until it is back');
      toldLoss = true;
    },
    closed() {
      state = 'closed';
    },
    status: (refused: readonly string[]) => ({ state, detail: detail(refused) }),
  };
}
