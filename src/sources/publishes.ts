/**
 * The hook that every publish and will passes through before it is answered: is it permitted, and is it on disk?
 *
 * Invariant: what is not permitted reaches neither the journal nor a subscriber. MQTT 3.1.1 has no answer that says no
 * [MQTT-3.3.5-2]: it is answered as if it had been taken, counted and logged, as mosquitto does; a connection that ended
 * instead would be made again, and the same message sent again, for ever.
 * Not here: who may publish what.
 */

import type { Handshake } from '../core/types.ts';
import type { Grants } from './grants.ts';
import type { Inbox } from './handshakes.ts';
import type { InFlight } from './in-flight.ts';
import { limitLog } from './limit-log.ts';
import type { SourceContext } from './source.ts';
import { topicProblem } from './topic.ts';

export interface PublishCounters {
  received: number;
  refused: number;
  publishesDenied: number;
  notStored: number;
}

/** What is used of the broker's packets. */
export interface IncomingPacket {
  /** A will has none. */
  readonly cmd?: string;
  readonly topic: string;
  readonly payload: Buffer | string;
  readonly qos: 0 | 1 | 2;
  readonly messageId?: number;
  readonly dup?: boolean;
}

export interface PublishHook {
  /** Calls back once the publish may be answered; with an error its connection ends. */
  authorize(client: object | null, packet: IncomingPacket, callback: (error: Error | null) => void): void;
  /** Whether the broker must not hand it on: it was answered, and that is all. */
  isDenied(packet: object): boolean;
}

export interface PublishOptions {
  readonly context: Pick<SourceContext, 'name' | 'ingest' | 'signal' | 'logger'>;
  readonly inbox: Inbox;
  readonly inFlight: InFlight;
  readonly counters: PublishCounters;
  readonly grants: (client: object | null) => Grants;
  readonly userOf: (client: object | null) => string | undefined;
}

type Done = (error?: Error) => void;

export function createPublishHook(options: PublishOptions): PublishHook {
  const { context, inbox, inFlight, counters, grants, userOf } = options;
  const { name, ingest, signal, logger } = context;
  const warn = limitLog(logger.warn.bind(logger));
  const warnDenied = limitLog(logger.warn.bind(logger));
  const denied = new WeakSet<object>();

  function journal(client: object | null, packet: IncomingPacket, done: Done, handshake?: Handshake): void {
    // Never answered: its connection is about to end, and its sender will send it again. Also holds back the wills
    // of clients that the gateway itself disconnects.
    if (signal.aborted) return;
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    counters.received += 1;
    inFlight.add(payload.length);
    ingest(
      name,
      packet.topic,
      payload,
      packet.qos > 0 ? 'durable' : 'accepted',
      (error) => {
        inFlight.remove(payload.length);
        if (error) {
          counters.notStored += 1;
          warn(
            { source: name, topic: packet.topic, reason: error.message },
            'publish not stored, not acknowledged',
          );
        }
        done(error);
      },
      handshake,
      client ?? undefined,
    );
  }

  function deny(client: object | null, packet: IncomingPacket): void {
    counters.publishesDenied += 1;
    denied.add(packet);
    const { id } = (client ?? {}) as { id?: string };
    warnDenied(
      { source: name, user: userOf(client), client: id, topic: packet.topic },
      'publish not permitted, dropped',
    );
  }

  return {
    authorize(client, packet, callback) {
      const problem = topicProblem(packet.topic);
      if (problem) {
        counters.refused += 1;
        callback(new Error(problem));
        return;
      }
      const isPermitted = grants(client).mayPublish(packet.topic);
      if (!isPermitted) deny(client, packet);
      if (!isPermitted && packet.cmd !== 'publish') {
        callback(new Error('the topic of its will is not permitted'));
        return;
      }
      const take = (stored: Done, handshake?: Handshake): void => {
        if (isPermitted) journal(client, packet, stored, handshake);
        else stored();
      };
      const done: Done = (error) => callback(error ?? null);
      const { messageId } = packet;
      if (packet.qos !== 2 || messageId === undefined || !client) take(done);
      else {
        const { id } = client as { id: string };
        const publish = { messageId, dup: packet.dup === true };
        inbox.receive(id, publish, take, done);
      }
    },
    isDenied: (packet) => counters.publishesDenied > 0 && denied.has(packet),
  };
}
