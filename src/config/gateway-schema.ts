/**
 * headgate.yaml: its keys, defaults and limits. One schema checks the file, fills in defaults and tells editors.
 *
 * Invariant: an empty file is a valid one. Not here: whether names lead to something; see cross-checks.ts.
 */

import { z } from 'zod';
import type { GatewayConfig } from './schema.ts';
import { camelKeys, duration, label, oneOf, pathFrom, refuse, section, size, text, url } from './values.ts';

/** What the defaults and relative paths depend on. */
export interface Surroundings {
  /** Absolute folder of headgate.yaml. */
  readonly folder: string;
  readonly hostName: string;
}

const qos = z.literal([0, 1, 2]);
const timeout = duration({ min: '100ms', max: '10m' }).prefault('10s');

/** The schema for a file in this place. */
export function gatewaySchema({ folder, hostName }: Surroundings): z.ZodType<GatewayConfig> {
  const path = pathFrom(folder);
  return section({
    gateway: label
      .exactOptional()
      .describe('Name of the gateway; tag `gateway` on every point. Default: the host name.'),
    batch: duration({ min: '20ms', max: '60s' })
      .prefault('1s')
      .describe('Micro-batch interval, 20ms to 60s.'),
    data: path.prefault('./data').describe('Folder of journal, outbox, checkpoint and settings.'),
    devices: path.prefault('./devices').describe('Folder of device files.'),
    rules: path.prefault('./rules').describe('Folder of rule files.'),
    sources: z
      .record(label, source(path))
      .prefault({ mqtt: { broker: {} } })
      .describe('Where frames come from, by name. Default: `mqtt`, the embedded broker on loopback.'),
    forward: section({ influx: influx(path).exactOptional().describe('Points go to this InfluxDB.') })
      .prefault({})
      .describe('Where points go; left out: to files in data/points.'),
    notify: z
      .record(label, notifier)
      .prefault({})
      .describe('Where alerts go, by name; rules name one or more. `log` is always there.'),
    limits: limits.prefault({}).describe('What the gateway may use.'),
  }).transform(({ batch, notify, gateway, ...rest }) => ({
    ...rest,
    gateway: gateway ?? hostName,
    batchMs: batch,
    notify: { log: { log: {} }, ...notify },
  }));
}

function source(path: ReturnType<typeof pathFrom>) {
  return oneOf('this source', {
    broker: broker(path).describe('The embedded MQTT broker.'),
    mqtt: mqttClient(path).describe('Another MQTT broker, read as a client.'),
    serial: serial(path).describe('A serial line.'),
  });
}

function broker(path: ReturnType<typeof pathFrom>) {
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
    allow_anonymous: z
      .boolean()
      .default(false)
      .describe('Let anybody who reaches the port publish and subscribe, also from other machines.'),
  })
    .superRefine(refuseOpenDoor)
    .transform(camelKeys);
}

/** The broker has no users yet: what is not on loopback would be open to all without anybody having said so. */
function refuseOpenDoor(
  config: { listen: readonly { host: string }[]; allow_anonymous: boolean },
  context: Parameters<typeof refuse>[0],
): void {
  if (config.allow_anonymous) return;
  for (const [i, { host }] of config.listen.entries()) {
    if (isLoopback(host)) continue;
    const path = ['listen', i, 'host'];
    const message = `listening on ${host} lets anybody on the network in`;
    refuse(
      context,
      message,
      'write `allow_anonymous: true` beside `listen` to permit it, or listen on 127.0.0.1',
      { path },
    );
  }
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function mqttClient(path: ReturnType<typeof pathFrom>) {
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
  })
    .superRefine((config, context) => {
      refuseBoth(config, ['password', 'password_file'], context);
      refuseAlone(config, ['cert', 'key'], context);
    })
    .transform(camelKeys);
}

function serial(path: ReturnType<typeof pathFrom>) {
  const framing = z.union([
    z.enum(['line']),
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
    framing: framing.default('line').describe('line, { delimiter: "\\r" } or { length: 12 }.'),
  }).transform(camelKeys);
}

function influx(path: ReturnType<typeof pathFrom>) {
  return section({
    url: url(['http:', 'https:']).describe('http://host:8086'),
    database: text.exactOptional().describe('Database; default `headgate`.'),
    bucket: text.exactOptional().describe('The same for InfluxDB 2 and 3: the name a bucket is mapped to.'),
    retention_policy: text.exactOptional().describe('Retention policy; default: that of the database.'),
    username: text.exactOptional().describe('User name.'),
    password: text.exactOptional().describe('Better: password_file, or a reference to the environment.'),
    password_file: path.exactOptional().describe('File that holds the password.'),
    token_file: path.exactOptional().describe('File that holds the token (InfluxDB 2 and 3).'),
    timeout: timeout.describe('Longest wait for an answer.'),
    backlog_points_per_second: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(10_000)
      .describe('How fast a backlog drains; new points are not limited.'),
  })
    .superRefine((config, context) => {
      refuseBoth(config, ['database', 'bucket'], context);
      refuseBoth(config, ['password', 'password_file'], context);
      refuseBoth(config, ['username', 'token_file'], context);
    })
    .transform(({ timeout: timeoutMs, database, bucket, ...rest }) => ({
      ...camelKeys(rest),
      database: database ?? bucket ?? 'headgate',
      timeoutMs,
    }));
}

const webhook = section({
  url: url(['http:', 'https:']).describe('Every alert is posted here as JSON.'),
  headers: z
    .record(text, z.string())
    .default({})
    .describe('Headers of the request; never shown in messages.'),
  timeout: timeout.describe('Longest wait for an answer.'),
}).transform(({ timeout: timeoutMs, ...rest }) => ({ ...rest, timeoutMs }));

const mqttNotifier = section({
  source: text.describe('Name of the source to publish through: a broker or MQTT client.'),
  topic: text
    .default('alerts/{severity}/{rule}')
    .superRefine((topic, context) => {
      if (!/[+#\0]/.test(topic)) return;
      refuse(
        context,
        'a topic to publish to cannot hold + or #',
        'name one topic; {severity}, {rule}, {state}, {id} and key tags vary it',
      );
    })
    .describe('With {severity}, {rule}, {state}, {id} and key tags in braces.'),
  qos: qos.default(1).describe('QoS of the messages.'),
  retain: z.boolean().default(false).describe('Brokers keep the last one for new subscribers.'),
});

const notifier = oneOf('this notifier', {
  log: section({}).describe("The gateway's own log."),
  webhook: webhook.describe('An HTTP request for each alert.'),
  mqtt: mqttNotifier.describe('An MQTT message for each alert.'),
});

const limits = section({
  journal: size({ min: '16MB', max: '16TB' }).prefault('512MB').describe('Disk for the journal.'),
  outbox: size({ min: '16MB', max: '16TB' }).prefault('1GB').describe('Disk for what is not sent yet.'),
  series_per_rule: z.int().min(1).max(10_000_000).default(10_000).describe('Distinct keys of one rule.'),
  packet: size({ min: '1KB', max: '16MB' })
    .prefault('256KB')
    .describe('Largest MQTT packet or serial frame.'),
  connections: z.int().min(1).max(1_000_000).default(1000).describe('Connections to the broker.'),
}).transform(({ journal, outbox, packet, ...rest }) => ({
  ...camelKeys(rest),
  journalBytes: journal,
  outboxBytes: outbox,
  packetBytes: packet,
}));

type Context = Parameters<typeof refuse>[0];

function refuseBoth(config: object, [a, b]: readonly [string, string], context: Context): void {
  if (!(a in config && b in config)) return;
  refuse(context, `\`${a}\` and \`${b}\` exclude each other`, 'keep one of them', { path: [b], at: 'key' });
}

function refuseAlone(config: object, [a, b]: readonly [string, string], context: Context): void {
  if (a in config === b in config) return;
  const [given, needed] = a in config ? [a, b] : [b, a];
  refuse(context, `\`${given}\` needs \`${needed}\` beside it`, `add \`${needed}:\``, {
    path: [given],
    at: 'key',
  });
}
