/**
 * Bytes on the listener of the embedded broker: what CONNECT, PUBLISH and the others look like, changed anywhere.
 *
 * Holds: the connection ends once it was written and closed; all that came back are packets of a server, CONNACK first; nothing
 * is thrown; what the journal got are topics that may be published to; a client beside it is answered and gets its messages.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { startBroker } from '../../../src/sources/mqtt-broker.ts';
import { createContext, createRecorder, testLimits } from '../../../src/sources/source.contract.ts';
import { topicProblem } from '../../../src/sources/topic.ts';
import { connectWire, publishPacket, type Wire } from '../../peers/mqtt-wire.ts';
import { until } from '../../peers/until.ts';
import { mutated } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { Target } from '../target.ts';

const words = [
  'a',
  'a/b',
  '#',
  '+',
  '$SYS/x',
  '',
  'a/+/c',
  '$share/g/a',
  '\u0000',
  'ö/\ufffd',
  'x/'.repeat(33),
  '+/+/#',
];
const qosOf = (random: Random): 0 | 1 | 2 => random.pick([0, 1, 2] as const);

function packetOf(random: Random): Packet {
  const topic = random.pick(words) || 'a';
  const messageId = 1 + random.int(5);
  switch (random.int(12)) {
    case 0:
      return {
        cmd: 'subscribe',
        messageId,
        subscriptions: [
          { topic, qos: qosOf(random) },
          { topic: 'a/#', qos: 1 },
        ],
      };
    case 1:
      return { cmd: 'unsubscribe', messageId, unsubscriptions: [topic] };
    case 2:
      return { cmd: random.pick(['puback', 'pubrec', 'pubrel', 'pubcomp'] as const), messageId } as Packet;
    case 3:
      return { cmd: random.pick(['pingreq', 'disconnect'] as const) };
    case 4:
      return connectOf(random);
    default: {
      const qos = qosOf(random);
      const flags = { qos, dup: random.int(3) === 0, retain: random.int(4) === 0 };
      return publishPacket(topic, 'x'.repeat(random.int(20)), qos > 0 ? { ...flags, messageId } : flags);
    }
  }
}

function connectOf(random: Random): Packet {
  const isOld = random.int(5) === 0;
  const will = {
    topic: random.pick(words) || 'w',
    payload: Buffer.from('gone'),
    qos: qosOf(random),
    retain: random.int(3) === 0,
  };
  return {
    ...({ cmd: 'connect', clean: true, keepalive: random.int(100) } as const),
    ...(isOld
      ? ({ protocolId: 'MQIsdp', protocolVersion: 3 } as const)
      : ({ protocolId: 'MQTT', protocolVersion: 4 } as const)),
    clientId: random.pick(['one', 'two', 'x'.repeat(40)]),
    ...(random.int(3) === 0 ? { clean: false } : {}),
    ...(random.int(3) === 0 ? { will } : {}),
    ...(random.int(3) === 0 ? { username: 'u', password: Buffer.from('p') } : {}),
  };
}

function make(random: Random): Buffer {
  const packets = [connectOf(random), ...Array.from({ length: random.int(8) }, () => packetOf(random))];
  const bytes = packets.map((packet) => {
    try {
      return Buffer.from(mqttPacket.generate(packet));
    } catch {
      // What the generator itself refuses, such as an empty topic.
      return Buffer.of(random.int(256), 0);
    }
  });
  const [first, ...rest] = bytes as [Buffer, ...Buffer[]];
  const whole = Buffer.concat(bytes);
  const changed = (piece: Buffer): Buffer => mutated(random, [piece, whole, ...bytes]);
  switch (random.int(4)) {
    case 0:
      return changed(whole).subarray(0, longest);
    case 1:
      return changed(first).subarray(0, longest);
    default:
      // Let in, and then strange.
      return Buffer.concat([first, changed(Buffer.concat(rest.length > 0 ? rest : [first]))]).subarray(
        0,
        longest,
      );
  }
}
const longest = 4096;

interface Rig {
  readonly port: number;
  readonly bystander: Wire;
  readonly recorder: ReturnType<typeof createRecorder>;
  readonly clients: () => number;
  readonly thrown: unknown[];
  stop(): Promise<void>;
}

let rig: Promise<Rig> | undefined;

async function start(): Promise<Rig> {
  const thrown: unknown[] = [];
  const onThrown = (error: unknown): void => void thrown.push(error);
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  for (const event of events) process.on(event, onThrown);
  const recorder = createRecorder();
  // Few sessions: those of the inputs are not growth.
  const { context, stop } = createContext(recorder, { limits: { ...testLimits, sessions: 20 } });
  const source = await startBroker(
    { listen: [{ port: 0, host: '127.0.0.1' }], allowAnonymous: false },
    context,
  );
  const port = source.ports![0]!;
  const bystander = await connectWire(port, { clientId: 'the one beside it, whose id nobody guesses' });
  bystander.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'beside', qos: 1 }] });
  await bystander.first('suback');
  return {
    ...{ port, bystander, recorder, thrown },
    clients: () => source.status().counters.clients!,
    async stop() {
      stop();
      await source.closed;
      for (const event of events) process.off(event, onThrown);
    },
  };
}

/** What the broker sent must be a server's. */
function checkAnswer(bytes: Buffer): void {
  const parser = mqttPacket.parser();
  const received: Packet[] = [];
  parser.on('packet', (packet: Packet) => received.push(packet));
  parser.on('error', (error: Error) => assert.fail(`the broker sent what is no packet: ${error.message}`));
  parser.parse(bytes);
  const [first, ...rest] = received;
  assert.ok(first === undefined || first.cmd === 'connack', `the first answer is ${first?.cmd}`);
  const fromServer = ['publish', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'suback', 'unsuback', 'pingresp'];
  for (const { cmd } of rest) assert.ok(fromServer.includes(cmd), `the broker sent ${cmd}`);
}

let inputs = 0;

async function check(input: Buffer): Promise<void> {
  rig ??= start();
  const { port, bystander, recorder, clients, thrown } = await rig;
  const socket = connect(port, '127.0.0.1');
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part)).on('error', () => {});
  const closed = once(socket, 'close');
  const half = input.length >> (inputs % 3);
  socket.write(input.subarray(0, half));
  socket.end(input.subarray(half));
  const late = setTimeout(() => socket.destroy(new Error('late')), 10_000);
  await closed;
  clearTimeout(late);
  assert.ok(!(socket.errored?.message === 'late'), 'the connection did not end');
  checkAnswer(Buffer.concat(parts));
  inputs += 1;
  if (inputs % 20 === 0) await checkBystander(bystander, clients);
  for (const { topic } of recorder.frames.splice(0)) assert.equal(topicProblem(topic), undefined, topic);
  const [error] = thrown.splice(0);
  if (error !== undefined) throw error;
}

async function checkBystander(bystander: Wire, clients: () => number): Promise<void> {
  bystander.received.length = 0;
  bystander.send(publishPacket('beside', 'x', { qos: 1, messageId: 1 }), { cmd: 'pingreq' });
  for (const cmd of ['puback', 'publish', 'pingresp'] as const) await bystander.first(cmd);
  const messageId = bystander.all('publish')[0]?.messageId;
  if (messageId !== undefined) bystander.send({ cmd: 'puback', messageId });
  await until(() => clients() === 1, 'all others to have left');
}

/** Stops the broker, if there is one. */
export async function closeMqtt(): Promise<void> {
  await (await rig)?.stop();
}

export const mqtt: Target = { make, check };
