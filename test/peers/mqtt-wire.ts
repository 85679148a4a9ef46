/**
 * MQTT packet by packet on real sockets, as a client and as a server: what was answered when, and what was not.
 */

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import mqtt, { type IConnectPacket, type Packet } from 'mqtt-packet';
import { until } from './until.ts';

export interface Wire {
  readonly socket: Socket;
  /** In order of arrival. */
  readonly received: Packet[];
  send(...packets: Packet[]): void;
  /** All packets of one kind received so far. */
  all<Command extends Packet['cmd']>(command: Command): Extract<Packet, { cmd: Command }>[];
  /** Waits for the first packet of a kind. */
  first<Command extends Packet['cmd']>(command: Command): Promise<Extract<Packet, { cmd: Command }>>;
  readonly closed: boolean;
  destroy(): void;
}

/** On a socket that is connected already, also one of TLS. */
export function wireOf(socket: Socket): Wire {
  const parser = mqtt.parser();
  const received: Packet[] = [];
  parser.on('packet', (packet: Packet) => received.push(packet));
  socket.on('data', (chunk) => parser.parse(chunk));
  socket.on('error', () => {});
  const all = <Command extends Packet['cmd']>(command: Command) =>
    received.filter((packet): packet is Extract<Packet, { cmd: Command }> => packet.cmd === command);
  return {
    socket,
    received,
    send: (...packets) => void socket.write(Buffer.concat(packets.map((packet) => mqtt.generate(packet)))),
    all,
    async first(command) {
      await until(() => all(command).length > 0 || socket.destroyed, `a ${command}`);
      const [packet] = all(command);
      if (!packet) throw new Error(`closed before a ${command}`);
      return packet;
    },
    get closed() {
      return socket.destroyed;
    },
    destroy: () => socket.destroy(),
  };
}

/** A client that has said CONNECT and was let in. */
export async function connectWire(port: number, options: Partial<IConnectPacket> = {}): Promise<Wire> {
  const wire = await openWire(port);
  wire.send(connectPacket(options));
  await wire.first('connack');
  return wire;
}

/** A connection that has said nothing yet. */
export async function openWire(port: number): Promise<Wire> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return wireOf(socket);
}

export function connectPacket(options: Partial<IConnectPacket> = {}): IConnectPacket {
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId: 'wire',
    keepalive: 60,
    ...options,
  };
}

export function publishPacket(
  topic: string,
  payload: string | Buffer,
  options: { qos?: 0 | 1 | 2; messageId?: number; dup?: boolean; retain?: boolean } = {},
): Packet {
  return { cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false, ...options };
}

export interface WireServer {
  readonly port: number;
  /** Every connection so far, the newest last. */
  readonly connections: Wire[];
  stop(): Promise<void>;
}

/** A server that greets each client and grants its subscriptions; anything else is the test's. */
export async function startWireServer(
  options: { port?: number; returnCode?: () => number; sessionPresent?: () => boolean } = {},
): Promise<WireServer> {
  const connections: Wire[] = [];
  const server = createServer((socket) => {
    const wire = wireOf(socket);
    connections.push(wire);
    socket.on('data', () => answer(wire));
    const answered = new Set<Packet>();
    function answer({ received, send }: Wire): void {
      for (const packet of received.filter((one) => !answered.has(one))) {
        answered.add(packet);
        if (packet.cmd === 'connect') {
          const returnCode = options.returnCode?.() ?? 0;
          send({ cmd: 'connack', returnCode, sessionPresent: options.sessionPresent?.() ?? false });
        } else if (packet.cmd === 'subscribe') {
          send({
            cmd: 'suback',
            messageId: packet.messageId!,
            granted: packet.subscriptions.map(({ qos }) => qos),
          });
        } else if (packet.cmd === 'pingreq') {
          send({ cmd: 'pingresp' });
        }
      }
    }
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    connections,
    async stop() {
      for (const wire of connections) wire.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
