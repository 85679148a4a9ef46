/**
 * What MQTT 3.1.1 asks of packets and aedes' parser lets pass, and bounds on what the broker reads.
 *
 * Invariant: a packet that breaks a rule ends its connection before anything acts on it, also before CONNECT; nothing longer
 * than its limit is read. Costs a few comparisons a packet.
 *
 * Reaches into private fields of aedes 1.2 and mqtt-packet 9 (tests on the wire pin that); version 2 of aedes has an option
 * for the longest packet.
 */

import { isUtf8 } from 'node:buffer';

interface ParsedPacket {
  readonly cmd: string | null;
  readonly length: number;
  readonly qos: number;
  readonly messageId?: number;
  readonly username?: unknown;
  readonly password?: unknown;
  readonly subscriptions?: readonly unknown[];
  readonly unsubscriptions?: readonly unknown[];
}

/** The part of the packet parser that is wrapped. */
export interface PacketParser {
  readonly packet: ParsedPacket;
  readonly error: Error | null;
  readonly _list: {
    readonly length: number;
    readUInt8(at: number): number;
    slice(start: number, end: number): Buffer;
  };
  readonly _pos: number;
  _parseLength(): boolean;
  _parsePayload(): boolean;
  _parseString(): string | null;
  _emitError(error: Error): void;
}

export interface PacketLimits {
  readonly packetBytes: number;
  readonly onTooLong: () => void;
  /** It spoke another version of MQTT: what to answer before the connection ends. */
  readonly onWrongVersion: () => void;
}

/** CONNECT with its will, and whatever else comes first: who it is from is not known yet. */
export const maxConnectBytes = 16 << 10;

interface BrokerClient {
  readonly _parser: PacketParser;
  readonly connecting: boolean;
  readonly connected: boolean;
}

export function parserOf(client: object): PacketParser {
  return (client as BrokerClient)._parser;
}

/** Makes the parser of a client that has just come strict. */
export function bePicky(client: object, { packetBytes, onTooLong, onWrongVersion }: PacketLimits): void {
  const visitor = client as BrokerClient;
  const parser = visitor._parser;
  const { _parseLength: parseLength, _parsePayload: parsePayload, _parseString: parseString } = parser;
  const connectBytes = Math.min(packetBytes, maxConnectBytes);

  const emitError = parser._emitError;
  // One is enough: a reader that gives up is followed by its caller.
  parser._emitError = (error) => {
    if (!parser.error) emitError.call(parser, error);
  };
  parser._parseLength = () => {
    const known = parseLength.call(parser);
    const { length } = parser.packet;
    const maxBytes = visitor.connected || visitor.connecting ? packetBytes : connectBytes;
    if (!known || length <= maxBytes) return known;
    onTooLong();
    parser._emitError(new Error(`packet of ${length} bytes, at most ${maxBytes}`));
    return false;
  };

  parser._parsePayload = () => {
    const { packet, _list: list } = parser;
    if (list.length < packet.length) return false;
    const before = packet.cmd === 'connect' ? connectProblem(parser) : strangeCommand(packet.cmd);
    if (before !== undefined) {
      if (before === otherVersion) onWrongVersion();
      parser._emitError(new Error(before));
      return true;
    }
    const isDone = parsePayload.call(parser);
    if (!isDone || parser.error) return isDone;
    const problem = packetProblem(packet, parser._pos);
    if (problem !== undefined) parser._emitError(new Error(problem));
    return isDone;
  };

  parser._parseString = () => {
    const start = parser._pos + 2;
    const text = parseString.call(parser);
    if (text === null) return null;
    // [MQTT-1.5.3-1], [MQTT-1.5.3-2]
    if (text.includes('\0')) parser._emitError(new Error('null character in a text'));
    // What is no UTF-8 was read as U+FFFD.
    else if (text.includes('\uFFFD') && !isUtf8(parser._list.slice(start, parser._pos)))
      parser._emitError(new Error('a text that is not UTF-8'));
    return parser.error ? null : text;
  };
}

const fromClients = new Set<string | null>([
  ...['connect', 'publish', 'puback', 'pubrec', 'pubrel', 'pubcomp'],
  ...['subscribe', 'unsubscribe', 'pingreq', 'disconnect'],
]);

function strangeCommand(cmd: string | null): string | undefined {
  return fromClients.has(cmd) ? undefined : `a packet that no client sends: ${cmd}`;
}

const otherVersion = 'a version of MQTT other than 3.1 and 3.1.1';
const levels: Readonly<Record<string, number>> = { MQTT: 4, MQIsdp: 3 };
/** Of a bridge, which some brokers mark in the level. */
const bridgeBit = 0x80;

/** Of the first bytes of CONNECT: protocol name, level, flags. */
function connectProblem({ packet, _list: list }: PacketParser): string | undefined {
  if (packet.length < 2) return 'a CONNECT without its parts';
  const end = 2 + list.readUInt8(0) * 256 + list.readUInt8(1);
  if (packet.length < end + 2) return 'a CONNECT without its parts';
  const name = list.slice(2, end).toString('latin1');
  if (!Object.hasOwn(levels, name)) return 'not MQTT';
  if ((list.readUInt8(end) & ~bridgeBit) !== levels[name]) return otherVersion;
  const flags = list.readUInt8(end + 1);
  // [MQTT-3.1.2-14], [MQTT-3.1.2-22]
  if ((flags & 0x18) === 0x18) return 'a will of QoS 3';
  if ((flags & 0xc0) === 0x40) return 'a password without a user name';
  return undefined;
}

/** Of a packet that has been read up to `end`. */
function packetProblem(packet: ParsedPacket, end: number): string | undefined {
  const { cmd, length } = packet;
  switch (cmd) {
    case 'publish':
      // [MQTT-2.3.1-1]
      if (packet.qos > 0 && !(packet.messageId! > 0)) return 'packet identifier 0';
      return end > length ? 'a PUBLISH shorter than its parts' : undefined;
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return length === 2 && packet.messageId! > 0 ? undefined : `a ${cmd} without its packet identifier`;
    case 'subscribe':
    case 'unsubscribe': {
      if (end !== length) return `a ${cmd} with bytes too many or too few`;
      if (!(packet.messageId! > 0)) return 'packet identifier 0';
      // [MQTT-3.8.3-3], [MQTT-3.10.3-2]
      const { length: filters } = packet.subscriptions ?? packet.unsubscriptions ?? [];
      return filters === 0 ? `a ${cmd} without a filter` : undefined;
    }
    case 'pingreq':
    case 'disconnect':
      return length === 0 ? undefined : `a ${cmd} with bytes too many`;
    default:
      return end === length ? undefined : 'a CONNECT with bytes too many';
  }
}
