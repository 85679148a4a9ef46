/**
 * headgate.yaml: its keys, defaults and limits. One schema checks the file, fills in defaults and tells editors.
 *
 * Invariant: an empty file is a valid one. Not here: whether names lead to something; see cross-checks.ts.
 */

import { z } from 'zod';
import { formatDuration } from './duration.ts';
import type { GatewayConfig } from './schema.ts';
import { camelKeys, evenIfWrong, oneOf, refuse, refuseAlone, refuseBoth, section } from './shapes.ts';
import { source } from './source-schema.ts';
import { duration, label, pathFrom, qos, size, text, url } from './values.ts';

/** What the defaults and relative paths depend on. */
export interface Surroundings {
  /** Absolute folder of headgate.yaml. */
  readonly folder: string;
  readonly hostName: string;
}

const leastHealthMs = 1000;

const timeout = duration({ min: '100ms', max: '10m' }).prefault('10s');

const metricsListen = section({
  port: z.int().min(0).max(65535).default(9464).describe('Default 9464. 0: any free port.'),
  host: text.default('127.0.0.1').describe('Address to listen on. 0.0.0.0: all of IPv4.'),
});

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
    forward: section({
      influx: influx(path).exactOptional().describe('Points go to this InfluxDB.'),
      alerts: z
        .boolean()
        .default(true)
        .describe('Whether alerts go to InfluxDB too, as points. Default: true.'),
    })
      .prefault({})
      .describe('Where points go; left out: to files in data/points.'),
    clock: section({
      wait: duration({ min: '0s', max: '24h' })
        .prefault('5m')
        .describe(
          'How long frames are only journalled at the start while the machine’s clock is not set yet; 0s: it is taken as it is.',
        ),
    })
      .transform(({ wait: waitMs }) => ({ waitMs }))
      .prefault({})
      .describe('The time of day.'),
    health: section({
      every: duration({ min: '0s', max: '1h' })
        .superRefine((ms, context) => {
          if (ms === 0 || ms >= leastHealthMs) return;
          refuse(context, `\`${formatDuration(ms)}\` is shorter than 1s`, 'write 1s to 1h, or 0s for never');
        })
        .prefault('10s')
        .describe('How often the gateway writes points about itself, 1s to 1h; 0s: never.'),
    })
      .transform(({ every: everyMs }) => ({ everyMs }))
      .prefault({})
      .describe('The gateway’s own health.'),
    metrics: section({
      listen: z.array(metricsListen).min(1).prefault([{}]).describe('Addresses to listen on.'),
    })
      .exactOptional()
      .describe('Metrics over HTTP, for Prometheus. Default: none.'),
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

function influx(path: ReturnType<typeof pathFrom>) {
  return section({
    url: url(['http:', 'https:'], 'write `username` and `password_file` beside `url`').describe(
      'http://host:8086',
    ),
    database: text.exactOptional().describe('Database; default `headgate`.'),
    bucket: text
      .exactOptional()
      .describe('Bucket of InfluxDB 2, or database of InfluxDB 3, instead of `database`.'),
    org: text.exactOptional().describe('Organization of the bucket; InfluxDB 2 needs it, 3 has none.'),
    retention_policy: text.exactOptional().describe('Retention policy; default: that of the database.'),
    username: text.exactOptional().describe('User name.'),
    password: text.exactOptional().describe('Better: password_file, or a reference to the environment.'),
    password_file: path.exactOptional().describe('File that holds the password.'),
    token: text.exactOptional().describe('Better: token_file, or a reference to the environment.'),
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
      refuseBoth(config, ['username', 'token'], context);
      refuseBoth(config, ['token', 'token_file'], context);
      if (!('bucket' in config)) {
        if ('org' in config) refuseAlone(config, ['org', 'bucket'], context);
        return;
      }
      refuseBoth(config, ['bucket', 'retention_policy'], context);
      refuseBoth(config, ['bucket', 'username'], context);
    }, evenIfWrong)
    .transform(({ timeout: timeoutMs, database, ...rest }) => ({
      ...camelKeys(rest),
      database: database ?? 'headgate',
      timeoutMs,
    }));
}

const webhook = section({
  url: url(
    ['http:', 'https:'],
    `write \`headers: { Authorization: "Basic \${NAME}" }\`, the value in the environment`,
  ).describe('Every alert is posted here as JSON.'),
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
  connections_per_address: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(500)
    .describe('Connections to the broker from one address; of IPv6 from one network (/64).'),
  connect_timeout: duration({ min: '1s', max: '5m' })
    .prefault('8s')
    .describe('How long a connection to the broker may take to log in.'),
  subscriptions: z.int().min(1).max(100_000).default(100).describe('Subscriptions of one broker client.'),
  sessions: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1000)
    .describe('Sessions that the broker keeps for clients, connected or not.'),
}).transform(({ journal, outbox, packet, connect_timeout: connectTimeoutMs, ...rest }) => ({
  ...camelKeys(rest),
  journalBytes: journal,
  outboxBytes: outbox,
  packetBytes: packet,
  connectTimeoutMs,
}));
