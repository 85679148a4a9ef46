/**
 * The sources of headgate.yaml: embedded broker, MQTT client, serial line.
 *
 * Not here: whether a port is free or a device exists.
 */

import { z } from 'zod';
import {
  type Context,
  camelKeys,
  evenIfWrong,
  oneOf,
  refuse,
  refuseAlone,
  refuseBoth,
  section,
  show,
} from './shapes.ts';
import { type pathFrom, qos, text, url } from './values.ts';

type PathSchema = ReturnType<typeof pathFrom>;

const overload = z
  .enum(['block', 'shed'])
  .default('block')
  .describe(
    'While more arrives than is processed: hold senders back, or drop the oldest that nobody waits for.',
  );

/** One source; `path` makes paths absolute. */
export function source(path: PathSchema) {
  return oneOf('this source', {
    broker: broker(path).describe('The embedded MQTT broker.'),
    mqtt: mqttClient(path).describe('Another MQTT broker, read as a client.'),
    serial: serial(path).describe('A serial line.'),
  });
}

function broker(path: PathSchema) {
  const tls = section({
    cert: path.describe('Certificate chain, PEM.'),
    key: path.describe('Private key, PEM.'),
    client_ca: path.exactOptional().describe('Clients must show a certificate of this authority.'),
  }).transform(camelKeys);
  const listen = section({
    port: z
      .int()
      .min(0)
      .max(65535)
      .exactOptional()
      .describe('Default 1883, with TLS 8883. 0: any free port.'),
    host: text.default('127.0.0.1').describe('Address to listen on. 0.0.0.0: all of IPv4.'),
    tls: tls.exactOptional().describe('Encrypt this listener.'),
  }).transform((one) => ({ ...one, port: one.port ?? (one.tls ? 8883 : 1883) }));
  return section({
    listen: z.array(listen).min(1).prefault([{}]).describe('Ports to listen on.'),
    users: path
      .exactOptional()
      .describe('File of those who may log in, with what each may publish and subscribe.'),
    allow_anonymous: z
      .boolean()
      .default(false)
      .describe('Let anybody who reaches the port publish and subscribe, also from other machines.'),
    overload,
  })
    .superRefine(refuseOpenDoor, evenIfWrong)
    .transform(camelKeys);
}

/** Without users what is not on loopback would be open to all without anybody having said so. */
function refuseOpenDoor(
  config: { listen: readonly { host: string }[]; users?: string; allow_anonymous: boolean },
  context: Context,
): void {
  if ('users' in config || config.allow_anonymous || !Array.isArray(config.listen)) return;
  for (const [i, listen] of config.listen.entries()) {
    const host: unknown = listen?.host;
    if (typeof host !== 'string' || isLoopback(host)) continue;
    const path = ['listen', i, 'host'];
    const remedy =
      'write `users: ./users.yaml` beside `listen`, or `allow_anonymous: true` to permit it, or listen on 127.0.0.1';
    refuse(context, `listening on ${show(host)} lets anybody on the network in`, remedy, { path });
  }
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function mqttClient(path: PathSchema) {
  return section({
    url: url(['mqtt:', 'mqtts:', 'ws:', 'wss:']).describe(
      'mqtt://host:1883, mqtts://host:8883, ws:// or wss://.',
    ),
    client_id: text.exactOptional().describe('Default: the name of the gateway.'),
    username: text.exactOptional().describe('User name at the broker.'),
    password: text.exactOptional().describe('Better: password_file, or a reference to the environment.'),
    password_file: path.exactOptional().describe('File that holds the password; read at each connect.'),
    ca: path.exactOptional().describe('Certificate authority of the broker, PEM.'),
    cert: path.exactOptional().describe('Certificate of this client, PEM.'),
    key: path.exactOptional().describe('Private key of this client, PEM.'),
    qos: qos.default(1).describe('QoS of the subscriptions.'),
    overload,
  })
    .superRefine((config, context) => {
      refuseBoth(config, ['password', 'password_file'], context);
      refuseAlone(config, ['cert', 'key'], context);
    }, evenIfWrong)
    .transform(camelKeys);
}

function serial(path: PathSchema) {
  const framing = z.union([
    z.enum(['line', 'slip', 'cobs']),
    section({
      delimiter: text.exactOptional().describe('Frames end with this text.'),
      length: z.int().min(1).max(1_048_576).exactOptional().describe('Every frame has this many bytes.'),
    }).transform((choice, context) => {
      if (choice.delimiter !== undefined && choice.length === undefined)
        return { delimiter: choice.delimiter };
      if (choice.length !== undefined && choice.delimiter === undefined) return { length: choice.length };
      refuse(context, 'framing needs exactly one of delimiter, length', 'write `framing: { length: 12 }`');
      return z.NEVER;
    }),
  ]);
  return section({
    path: path.describe('The device; best by /dev/serial/by-id, which keeps its name.'),
    baud: z.int().min(50).max(20_000_000).default(9600).describe('Bits per second.'),
    data_bits: z.literal([5, 6, 7, 8]).default(8).describe('Data bits.'),
    stop_bits: z.literal([1, 1.5, 2]).default(1).describe('Stop bits.'),
    parity: z.enum(['none', 'even', 'odd', 'mark', 'space']).default('none').describe('Parity.'),
    framing: framing.default('line').describe('line, slip, cobs, { delimiter: "\\r" } or { length: 12 }.'),
    overload,
  }).transform(camelKeys);
}
