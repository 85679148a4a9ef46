/**
 * The broker's memory of QoS 2 publishes between PUBLISH and PUBREL.
 *
 * Invariant: a publish sent again (DUP) is known from the moment its first copy is handed to the journal until its
 * PUBREL, also over a reconnect, so it is journaled once and forwarded once (MQTT 3.1.1, 4.3.3-2). A PUBREL that did not
 * wait for its PUBREC waits for the journal: some clients take PUBCOMP alone for the acknowledgement. So it is over a
 * restart of the gateway: what was half open begins here, and PUBCOMP waits until the journal knows of the end, for its
 * receiver may use the id for another message. Bounded.
 * Not here: what the journal notes of a handshake.
 */

import type { Handshake } from '../core/types.ts';
import type { Persistence, SessionClient, StoredPacket } from './sessions.ts';

export interface HandshakeLimits {
  /** Of one session; more end its connection. */
  readonly perSession: number;
  /** Of all; beyond it the session longest without a new one loses its own, and may be journaled twice. */
  readonly all: number;
}

const defaultHandshakeLimits: HandshakeLimits = { perSession: 1000, all: 100_000 };

export interface HandshakeCounters {
  handshakesForgotten: number;
}

type Done = (error?: Error) => void;

/** What is known of a source's handshakes over a restart. */
export interface DurableHandshakes {
  readonly open: readonly Handshake[];
  readonly end: (handshake: Handshake, done: Done) => void;
}

/** One QoS 2 message between PUBLISH and PUBREL. */
interface HalfOpen {
  /** Callbacks that wait for the journal; undefined once it has the message. */
  waiting: Done[] | undefined;
  /** Handed on to subscribers. */
  forwarded: boolean;
}

export interface Inbox {
  /**
   * A QoS 2 publish has arrived. Calls `journal` when it is new; calls `done` when the journal has it. Also a publish
   * without DUP is new, whatever is known of its id: a client that lost its session must not lose its message.
   */
  receive(
    clientId: string,
    publish: { messageId: number; dup: boolean },
    journal: (done: Done, handshake: Handshake) => void,
    done: Done,
  ): void;
}

/** Settles when the journal has the message; never when it refused it. */
async function stored({ waiting }: HalfOpen): Promise<void> {
  if (!waiting) return;
  await new Promise<void>((resolve) => {
    waiting.push((error) => {
      if (!error) resolve();
    });
  });
}

/** Settles when that is durable. Else never, and the connection ends: the PUBREL comes again on the next one. */
function ended({ end }: DurableHandshakes, client: SessionClient, messageId: number): Promise<void> {
  return new Promise((resolve) => {
    end({ client: client.id, messageId }, (error) => {
      if (error) client.close?.();
      else resolve();
    });
  });
}

function createInbox(limits: HandshakeLimits, counters: HandshakeCounters, durable: DurableHandshakes) {
  /** By client id, least recently begun first. */
  const sessions = new Map<string, Map<number, HalfOpen>>();
  let all = 0;
  for (const { client, messageId } of durable.open) {
    remember(client, messageId, { waiting: undefined, forwarded: false });
  }

  function drop(clientId: string): number {
    const dropped = [...(sessions.get(clientId)?.keys() ?? [])];
    sessions.delete(clientId);
    all -= dropped.length;
    for (const messageId of dropped) durable.end({ client: clientId, messageId }, () => {});
    return dropped.length;
  }

  function remember(clientId: string, messageId: number, handshake: HalfOpen): void {
    const session = sessions.get(clientId) ?? new Map<number, HalfOpen>();
    if (!session.has(messageId)) all += 1;
    session.set(messageId, handshake);
    sessions.delete(clientId);
    sessions.set(clientId, session);
    for (const oldest of sessions.keys()) {
      if (all <= limits.all) break;
      counters.handshakesForgotten += drop(oldest);
    }
  }

  function forget(clientId: string, messageId: number, handshake: HalfOpen): void {
    const session = sessions.get(clientId);
    if (session?.get(messageId) !== handshake) return;
    all -= 1;
    session.delete(messageId);
    if (session.size === 0) sessions.delete(clientId);
  }

  function begin(
    clientId: string,
    messageId: number,
    journal: (done: Done, handshake: Handshake) => void,
    done: Done,
  ): void {
    const session = sessions.get(clientId);
    if (session && session.size >= limits.perSession && !session.has(messageId)) {
      done(new Error(`more than ${limits.perSession} QoS 2 publishes await their PUBREL`));
      return;
    }
    const handshake: HalfOpen = { waiting: [done], forwarded: false };
    remember(clientId, messageId, handshake);
    journal(
      (error) => {
        const waiting = handshake.waiting ?? [];
        handshake.waiting = undefined;
        if (error) forget(clientId, messageId, handshake);
        for (const callback of waiting) callback(error);
      },
      { client: clientId, messageId },
    );
  }

  const inbox: Inbox = {
    receive(clientId, { messageId, dup }, journal, done) {
      const known = dup ? sessions.get(clientId)?.get(messageId) : undefined;
      if (!known) return begin(clientId, messageId, journal, done);
      if (known.waiting) known.waiting.push(done);
      else done();
    },
  };
  return { inbox, sessions, forget, drop };
}

/** Replaces the persistence's QoS 2 store: ids instead of whole packets, and known before the journal answers. */
export function keepHandshakes(
  persistence: Persistence,
  counters: HandshakeCounters,
  durable: DurableHandshakes,
  limits: HandshakeLimits = defaultHandshakeLimits,
): Inbox {
  const { inbox, sessions, forget, drop } = createInbox(limits, counters, durable);
  const find = (client: SessionClient, packet: StoredPacket) =>
    sessions.get(client.id)?.get(packet.messageId!);
  const notFound = new Error('no such packet');

  persistence.incomingGetPacket = async (client, packet) => {
    const handshake = find(client, packet);
    if (!handshake) throw notFound;
    if (packet.cmd === 'publish' && !handshake.forwarded) {
      // Claimed at once: two copies of one publish may ask before either is stored.
      handshake.forwarded = true;
      throw notFound;
    }
    if (packet.cmd === 'pubrel') await stored(handshake);
    return packet;
  };
  persistence.incomingStorePacket = async () => {};
  persistence.incomingDelPacket = async (client, packet) => {
    const handshake = find(client, packet);
    if (!handshake) throw notFound;
    await ended(durable, client, packet.messageId!);
    forget(client.id, packet.messageId!, handshake);
  };
  persistence.cleanIncoming = async (client) => {
    drop(client.id);
  };
  return inbox;
}
