/**
 * The receiving half of the MQTT client: messages into the journal, their acknowledgements back when it has them.
 *
 * The library handles one packet at a time and acknowledges when its handler calls back; waiting there for the disk
 * would cost a flush per message. So the handler calls back at once, the acknowledgements the library then wants to
 * send are swallowed, and the real ones are sent when the journal answers: what arrived together is committed together.
 * Of QoS 2 that is the PUBREC: with it the server forgets the message.
 *
 * Invariant: at most `maxFrames` or `maxBytes` wait; then no further packet is taken from the socket. Nothing is
 * sent on a connection but what was received on it, except the PUBREC of a QoS 2 message that outlived one.
 * Reaches into a private method of mqtt 5 (`_sendPacket`); its tests pin that.
 */

import { Readable } from 'node:stream';
import type { Handshake } from '../core/types.ts';
import { createInFlight, type InFlight } from './in-flight.ts';
import { limitLog } from './limit-log.ts';
import type { SourceContext } from './source.ts';

const maxFrames = 2000;
const maxBytes = 4 << 20;

type Done = (error?: Error) => void;
interface Message {
  readonly cmd: 'publish';
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos: 0 | 1 | 2;
  readonly dup: boolean;
  readonly messageId?: number;
}
interface AnyPacket {
  readonly cmd: string;
  readonly messageId?: number;
  readonly sessionPresent?: boolean;
}

/** What is used of the library's client. */
interface ReceivingClient {
  readonly connected: boolean;
  readonly stream: { destroy(): unknown };
  handleMessage(message: Message, done: Done): void;
  on(event: 'packetreceive', listener: (packet: AnyPacket) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  _sendPacket(packet: AnyPacket, done?: Done, ...rest: unknown[]): void;
}

export interface ReceiverCounters {
  received: number;
  notStored: number;
  tooLong: number;
}

/** One connection: `incomingStore` is an option of the new client, which is then attached. */
export interface Reception {
  readonly incomingStore: object;
  attach(client: object): void;
}

export interface Receiver {
  open(): Reception;
  /** Resolves when the journal has answered all it was given, or after `timeoutMs`. */
  drained(timeoutMs: number): Promise<void>;
}

interface Connection {
  isOpen: boolean;
  /** An error ends the connection: MQTT 3.1.1 knows no refusal, and only a new one gets the message again. */
  answer(packet: AnyPacket, error: Error | undefined): void;
}

/** By id. They outlive a connection, with the server's session. */
type Handshakes = Map<number, { stored: boolean }>;

export function createReceiver(context: SourceContext, counters: ReceiverCounters): Receiver {
  const { signal } = context;
  const inFlight = createInFlight(maxFrames, maxBytes);
  const journal = journalWith(context, inFlight, counters);
  const handshakes: Handshakes = new Map(
    context.handshakes.of(context.name).map(({ messageId }) => [messageId, { stored: true }]),
  );
  let newest: Connection | undefined;

  function end(messageId: number, done: Done): void {
    const handshake = handshakes.get(messageId);
    context.handshakes.end(context.name, { client: '', messageId }, (error) => {
      if (!error && handshakes.get(messageId) === handshake) handshakes.delete(messageId);
      done(error);
    });
  }

  /** The server does not know it any more. */
  function forget(messageId: number): void {
    handshakes.delete(messageId);
    context.handshakes.end(context.name, { client: '', messageId }, () => {});
  }

  function takeQoS2(message: Message, messageId: number): void {
    const handshake = { stored: false };
    handshakes.set(messageId, handshake);
    journal(
      message,
      (error) => {
        if (handshakes.get(messageId) !== handshake) return;
        if (error) handshakes.delete(messageId);
        else handshake.stored = true;
        newest?.answer({ cmd: 'pubrec', messageId }, error);
      },
      { client: '', messageId },
    );
  }

  function open(): Reception {
    const connection: Connection = { isOpen: true, answer() {} };
    const goesOn = (): boolean => connection.isOpen && !signal.aborted;
    /** To the next packet, when there is room; never after the connection or the gateway ended. */
    const proceed = (done: Done | undefined): void => inFlight.whenRoom(() => goesOn() && done?.());

    function handleMessage(message: Message, done: Done): void {
      const { messageId, qos } = message;
      if (!goesOn()) return;
      // One of QoS 2 comes with its PUBREL, and was taken with its PUBLISH.
      if (qos !== 2) {
        journal(message, (error) => {
          if (qos === 1) connection.answer({ cmd: 'puback', messageId: messageId! }, error);
        });
      }
      if (qos === 0) proceed(done);
      else done();
    }

    const incomingStore = handshakeStore(handshakes, (message, messageId, done) => {
      if (!goesOn()) return;
      const known = message.dup ? handshakes.get(messageId) : undefined;
      if (!known) takeQoS2(message, messageId);
      else if (known.stored) connection.answer({ cmd: 'pubrec', messageId }, undefined);
      done();
    });

    function attach(opened: object): void {
      const client = opened as ReceivingClient;
      newest = connection;
      connection.answer = interceptAnswers(client, proceed, end);
      client.handleMessage = handleMessage;
      client.on('packetreceive', ({ cmd, sessionPresent }) => {
        if (cmd === 'connack' && !sessionPresent) for (const id of [...handshakes.keys()]) forget(id);
      });
      client.on('close', () => {
        connection.isOpen = false;
      });
    }
    return { incomingStore, attach };
  }

  return { open, drained: (timeoutMs) => inFlight.drained(timeoutMs) };
}

function journalWith(
  { name, ingest, limits, logger }: SourceContext,
  inFlight: InFlight,
  counters: ReceiverCounters,
): (message: Message, stored: Done, handshake?: Handshake) => void {
  const warn = limitLog(logger.warn.bind(logger));
  return ({ topic, payload, qos }, stored, handshake) => {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    if (bytes.length > limits.packetBytes) {
      // Acknowledged, or the server would send it for ever.
      counters.tooLong += 1;
      warn(
        { source: name, topic, bytes: bytes.length, limit: limits.packetBytes },
        'message too long, dropped',
      );
      stored();
      return;
    }
    counters.received += 1;
    inFlight.add(bytes.length);
    ingest(
      name,
      topic,
      bytes,
      qos > 0 ? 'durable' : 'accepted',
      (error) => {
        if (error) {
          counters.notStored += 1;
          warn({ source: name, topic, reason: error.message }, 'message not stored, not acknowledged');
        }
        stored(error);
        inFlight.remove(bytes.length);
      },
      handshake,
    );
  };
}

/**
 * Swallows the acknowledgements that the library sends by itself; returns how the real ones are sent. A PUBCOMP waits until
 * its handshake has ended: with it the server may use the id for another message.
 */
function interceptAnswers(
  client: ReceivingClient,
  proceed: (done: Done | undefined) => void,
  end: (messageId: number, done: Done) => void,
): Connection['answer'] {
  const send = client._sendPacket.bind(client);
  const answer: Connection['answer'] = (packet, error) => {
    if (!client.connected) return;
    if (error) client.stream.destroy();
    else send(packet);
  };
  client._sendPacket = (packet, done, ...rest) => {
    const { cmd } = packet;
    if (cmd !== 'puback' && cmd !== 'pubrec' && cmd !== 'pubcomp') {
      send(packet, done, ...rest);
      return;
    }
    if (cmd === 'pubcomp') end(packet.messageId!, (error) => answer(packet, error));
    proceed(done);
  };
  return answer;
}

/** What the library calls its store of incoming QoS 2 messages: here only their ids are kept. */
function handshakeStore(
  handshakes: Handshakes,
  take: (message: Message, messageId: number, done: Done) => void,
): object {
  return {
    put: (message: Message, done: Done) => take(message, message.messageId!, done),
    get({ messageId }: AnyPacket, done: (error: Error | null, message?: Partial<Message>) => void) {
      if (handshakes.has(messageId!))
        done(null, { cmd: 'publish', topic: '', qos: 2, messageId: messageId! });
      else done(new Error('no such message'));
    },
    del: (_packet: AnyPacket, done: Done) => done(),
    createStream: () => Readable.from([]),
    close: (done: Done) => done(),
  };
}
