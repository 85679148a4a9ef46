/**
 * Texts and payloads that break programs, through a gateway process to a real InfluxDB, webhook, MQTT topics, log, files and the
 * terminal, and read back: equal, or refused with a reason; never a crash, never another series, line or topic.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Point } from '../src/core/types.ts';
import { encodePoint } from '../src/outbox/line-protocol.ts';
import { headgateIn } from './peers/command.ts';
import { freePort } from './peers/free-port.ts';
import { type GatewayProcess, makeGateway } from './peers/gateway.ts';
import { type Influxd, startInfluxd } from './peers/influxd.ts';
import { until } from './peers/until.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, path), 'utf8');

/** What the list of others lacks. */
const ours = [
  ...[
    '\0',
    'a\0b',
    '\n',
    'x\ny,z=1 f=2 3\n',
    '\r\n',
    '\\',
    'ends in \\',
    '\\\\',
    'a\\,b',
    'a\\ b',
    'a\\=',
    'a=b',
    ' ',
    ' a ',
    ',',
    '=',
    '"',
    '\\"',
    '#',
  ],
  ...[
    '\ud800',
    'a\udc00b',
    '\ufeff',
    '\ufeffx',
    '\u202egnp.exe',
    '\u2066x\u2069',
    '\u2028',
    '\u0085',
    '\u009b31mred',
    '\u001b[2J\u001b]0;owned\u0007',
    '\u007f',
    '\t',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'time',
    'gateway',
    'null',
    '\u{1f600}',
    'é',
    'e\u0301',
    '\u0000\u0001\u001f',
  ],
  ...[
    'x'.repeat(60_000),
    'é'.repeat(32_000),
    '"'.repeat(30_000),
    '\\'.repeat(1001),
    'a/../../b',
    '+',
    '#/',
    '$SYS/x',
    '{tag}',
    '%s%n',
    "'; DROP MEASUREMENT text; --",
  ],
];
const strings = [...new Set([...(JSON.parse(read('data/strings/blns.json')) as string[]), ...ours])];

const suite = JSON.parse(read('../src/codecs/testdata/json.json')) as Record<string, Record<string, string>>;
const documents = ['parses', 'fails', 'either'].flatMap((kind) => Object.values(suite[kind] ?? {}));

const files = (brokerPort: number, influxUrl: string, hookPort: number): Record<string, string> => ({
  'headgate.yaml': `gateway: g
batch: 100ms
sources: { mqtt: { broker: { allow_anonymous: true, listen: [{ port: ${brokerPort} }] } } }
forward: { influx: { url: "${influxUrl}", database: fleet } }
notify:
  hook: { webhook: { url: "http://127.0.0.1:${hookPort}/" } }
  back: { mqtt: { source: mqtt, topic: "alerts/{tag}/{nosuch}" } }
`,
  'devices/text.yaml': `device: text
topic: text/{n}
codec: json
time: { path: at, format: unix_ms }
tags: { tag: tag }
fields: { s: { type: string }, id: {} }
`,
  'devices/place.yaml': 'device: place\ntopic: place/{level}\ncodec: value\nfields: { v: {} }\n',
  'devices/document.yaml': `device: document
topic: document/{n}
codec: json
fields: { t: { type: string, path: $ }, x: { path: $ } }
`,
  'rules/all.yaml': `rules:
  - name: text
    from: text
    alert: [{ when: id >= 0, message: "{tag}: {s}", notify: [log, hook, back] }]
  - { name: place, from: place }
  - { name: document, from: document }
`,
});

/** What line protocol cannot say of a tag, as src/outbox/line-protocol.ts has it. */
function asTag(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is changed
  const well = text.toWellFormed().replace(/[\u0000-\u001f\u007f]/g, ' ');
  return well.replace(/\\(?=[,= ]|$)/g, '/');
}

let influxd: Influxd;
let gateway: GatewayProcess;
let client: MqttClient;
let hook: Server;
let brokerPort: number;
const posted: { message: string; key: Record<string, string> }[] = [];
const topics: string[] = [];

before(async () => {
  [influxd, brokerPort] = await Promise.all([startInfluxd(), freePort()]);
  hook = createServer(async (request, response) => {
    posted.push(JSON.parse(await textOf(request)) as (typeof posted)[number]);
    response.end();
  }).listen(0, '127.0.0.1');
  await once(hook, 'listening');
  gateway = await makeGateway(files(brokerPort, influxd.url, (hook.address() as AddressInfo).port));
  await gateway.start();
  client = await connectAsync(`mqtt://127.0.0.1:${brokerPort}`);
  client.on('message', (topic) => topics.push(topic));
  await client.subscribeAsync('alerts/#', { qos: 1 });
});
after(async () => {
  await client?.endAsync();
  hook?.close();
  await gateway?.remove();
  await influxd?.stop();
});

/** Everything published so far, and acknowledged, was judged and forwarded. */
async function processed(frames: number): Promise<void> {
  const publishedMs = Date.now();
  const isDone = async (): Promise<boolean> => {
    const { fates, forward, processedMs } = await gateway.status();
    const isSent = forward.sent + forward.setAside >= fates.points;
    return fates.frames >= frames && processedMs > publishedMs && isSent;
  };
  await until(isDone, `${frames} frames to be forwarded`, 60_000);
}

test('texts as fields, tags and messages', { timeout: 200_000 }, async () => {
  const atMs = Date.now() - 5000;
  await Promise.all(
    strings.map((s, id) =>
      client.publishAsync(`text/${id}`, JSON.stringify({ s, tag: s, id, at: atMs }), { qos: 1 }),
    ),
  );
  await processed(strings.length);
  const stored = await influxd.query('SELECT id, s FROM text GROUP BY *', 'fleet');
  const byId = new Map(
    stored.map(({ tags, values, columns }) => [values[0]![columns.indexOf('id')], { tags, values, columns }]),
  );
  const refused: number[] = [];
  for (const [id, s] of strings.entries()) {
    const found = byId.get(id);
    if (found === undefined) {
      refused.push(id);
      continue;
    }
    assert.equal(found.values.length, 1);
    assert.equal(
      found.values[0]![found.columns.indexOf('s')],
      s.toWellFormed(),
      `field ${JSON.stringify(s.slice(0, 80))}`,
    );
    assert.deepEqual(
      found.tags,
      { gateway: 'g', n: String(id), tag: asTag(s) },
      `tag ${JSON.stringify(s.slice(0, 80))}`,
    );
  }
  assert.equal(byId.size, strings.length - refused.length, 'series that nobody sent');
  const { fates, forward } = await gateway.status();
  assert.equal(fates.setAside + forward.setAside, refused.length, 'what is missing was set aside');
  // Too long for a tag.
  for (const id of refused) assert.ok(strings[id]!.length > 1000, JSON.stringify(strings[id]!.slice(0, 80)));
});

test('the texts as alerts: one JSON document, one topic of three levels, one line of the log each', async () => {
  const { forward, fates } = await gateway.status();
  const told = strings.length - fates.setAside;
  assert.ok(forward.sent > 0);
  await until(() => posted.length >= told && topics.length >= told, `${told} alerts to be told`, 60_000);
  const messages = new Set(posted.map(({ message }) => message));
  const kept = strings.filter(
    (s) =>
      messages.has(`${s === '' ? '–' : s}: ${s}`.toWellFormed()) ||
      messages.has(`${s === '' ? '–' : s}: ${s}`),
  );
  assert.equal(kept.length, told);
  for (const topic of topics) assert.match(topic, /^alerts\/[^/+#]+\/_$/);
  for (const line of gateway.logLines)
    assert.equal(typeof (JSON.parse(line) as { level: unknown }).level, 'string');
  assert.ok(gateway.logLines.filter((line) => line.includes('"rule":"text"')).length >= told);
});

/** What MQTT lets through in a topic, and the broker with it; of others it closes the connection. */
function isLevel(text: string): boolean {
  const isOdd = /[+#/\p{Cc}\p{Noncharacter_Code_Point}]/u.test(text) || !text.isWellFormed();
  return text !== '' && !isOdd && text.length <= 1000;
}

test('texts as topic levels', async () => {
  const levels = strings.filter(isLevel);
  const { fates } = await gateway.status();
  for (const level of levels) await client.publishAsync(`place/${level}`, '1', { qos: 1 });
  await processed(fates.frames + levels.length);
  const stored = await influxd.query('SELECT v FROM place GROUP BY *', 'fleet');
  const after = await gateway.status();
  assert.deepEqual(new Set(stored.map(({ tags }) => tags!.level)), new Set(levels.map(asTag)));
  assert.equal(after.fates.unrouted, 0);
});

test('JSONTestSuite: each document is rows, or set aside with a reason', async () => {
  const { fates } = await gateway.status();
  for (const [n, base64] of documents.entries())
    await client.publishAsync(`document/${n}`, Buffer.from(base64, 'base64'), { qos: 1 });
  await processed(fates.frames + documents.length);
  const stored = await influxd.query('SELECT t, x FROM document GROUP BY n', 'fleet');
  const found = new Map(stored.map(({ tags, values }) => [Number(tags!.n), values.at(-1)!.slice(1)]));
  for (const [n, base64] of documents.entries()) {
    assert.deepEqual(
      found.get(n) ?? [null, null],
      expectedOf(Buffer.from(base64, 'base64')),
      Buffer.from(base64, 'base64').toString(),
    );
  }
});

/** The last text and the last number of the rows: they are of one series and one instant. */
function expectedOf(payload: Buffer): [string | null, number | null] {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return [null, null];
  }
  const rows: unknown[] = Array.isArray(document) ? document : [document];
  const texts = rows.filter((row) => row !== null && typeof row !== 'object').map(String);
  const numbers = rows.map((row) =>
    typeof row === 'string' && /^[+-]?\d+(\.\d*)?$/.test(row.trim()) ? Number(row) : row,
  );
  const finite = numbers.filter((row) => typeof row === 'number' && Number.isFinite(row)) as number[];
  const last = finite.at(-1);
  // A point has one zero.
  return [texts.at(-1)?.toWellFormed() ?? null, last === undefined ? null : last + 0];
}

const ownMeasurements: ReadonlySet<string> = new Set(
  ['', '_alert', '_device', '_rule', '_source'].map((name) => `headgate${name}`),
);

test('there is no measurement, tag or field but those of the rules', async () => {
  const names = async (what: string): Promise<string[]> =>
    [
      ...new Set(
        (await influxd.query(`SHOW ${what}`, 'fleet')).flatMap(({ values }) =>
          values.map(([name]) => String(name)),
        ),
      ),
    ].sort();
  const ofRules = 'FROM /^(document|place|text)$/';
  assert.deepEqual(
    (await names('MEASUREMENTS')).filter((name) => !ownMeasurements.has(name)),
    ['document', 'place', 'text'],
  );
  assert.deepEqual(await names(`TAG KEYS ${ofRules}`), ['gateway', 'level', 'n', 'tag']);
  assert.deepEqual(await names(`FIELD KEYS ${ofRules}`), ['id', 's', 't', 'v', 'x']);
  // Alerts are points as well, with what came in as texts of tags and of their message alone.
  const alerts = 'FROM headgate_alert';
  const tags = ['gateway', 'level', 'n', 'rule', 'severity', 'state', 'tag'];
  assert.deepEqual(
    (await names(`TAG KEYS ${alerts}`)).filter((name) => !tags.includes(name)),
    [],
  );
  assert.deepEqual(await names(`FIELD KEYS ${alerts}`), ['episode', 'firing', 'id', 'message']);
});

/** All that may stand in what a command shows on a terminal. */
const steering = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

test('what the commands show steers no terminal, and is JSON where asked', async () => {
  for (const args of [['status'], ['devices'], ['alerts'], ['explain', 'text', '--all']]) {
    const { stdout, stderr } = await headgateIn(args, { cwd: gateway.folder });
    for (const line of (stdout + stderr).split('\n')) assert.doesNotMatch(line, steering, args.join(' '));
  }
  for (const args of [['status'], ['alerts']]) {
    const { stdout } = await headgateIn([...args, '--format', 'json'], { cwd: gateway.folder });
    for (const line of stdout.split('\n')) assert.doesNotMatch(line, steering, args.join(' '));
    JSON.parse(stdout);
  }
  const { stdout } = await headgateIn(['status', '--format', 'prometheus'], { cwd: gateway.folder });
  for (const line of stdout.split('\n'))
    assert.match(line, /^$|^# (HELP|TYPE) headgate_|^headgate_\w+(\{[^{}]*\})? \S+$/);
});

test('each dead letter is one line of JSON, and no file has a name from outside', () => {
  const folder = join(gateway.folder, 'data/dead-letters');
  for (const name of readdirSync(folder)) {
    assert.match(name, /^dead-letters-\d{8}\.jsonl$/);
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1)) JSON.parse(line);
  }
});

test('names and values of the line protocol corpus, written as they would be forwarded and read back', async () => {
  const corpus = JSON.parse(read('../src/outbox/testdata/line-protocol-corpus.json')) as {
    cases: { point: Point }[];
  };
  // InfluxDB takes a backslash before a quote out of names; those of a gateway's points are names of rules and fields.
  const odd: Point[] = strings
    .filter((s) => s !== '' && s.length < 1000 && !s.includes('\\"'))
    .map((s, i) => ({
      measurement: `m${s}`,
      tags: { [`t${s}`]: `v${s}` },
      fields: { [`f${s}`]: s, id: i },
      timeMs: i,
    }));
  const points = [
    ...corpus.cases.map(({ point }, i) => ({
      ...point,
      // Names of one type each: they are asked for all at once.
      measurement: `${point.measurement}${i}`,
      fields: Object.fromEntries(
        Object.entries(point.fields).map(([field, value]) => [`${field}_${typeof value}`, value]),
      ),
      timeMs: i,
    })),
    ...odd,
  ];
  await influxd.query('CREATE DATABASE corpus');
  for (const [i, point] of points.entries()) {
    const { line } = encodePoint({ ...point, tags: { ...point.tags, number: String(i) } });
    const answer = await fetch(`${influxd.url}/write?db=corpus`, { method: 'POST', body: line! });
    assert.equal(answer.status, 204, `${JSON.stringify(point)}: ${await answer.text()}`);
  }
  const stored = await influxd.query('SELECT * FROM /.*/ GROUP BY number', 'corpus');
  const byNumber = new Map(stored.map((series) => [Number(series.tags!.number), series]));
  assert.equal(stored.length, points.length, 'series that nobody wrote');
  for (const [i, point] of points.entries()) {
    const { name, columns, values } = byNumber.get(i)!;
    assert.equal(values.length, 1);
    assert.equal(name, asTag(point.measurement).replace(/^#/, '_'));
    const row = new Map(
      columns.map((column, c) => [column, values[0]![c]]).filter(([, value]) => value !== null) as [
        string,
        unknown,
      ][],
    );
    assert.equal(values.length, 1);
    for (const [field, value] of Object.entries(point.fields))
      assert.equal(
        row.get(asTag(field)),
        typeof value === 'string' ? value.toWellFormed() : value,
        JSON.stringify(point),
      );
    for (const [tag, value] of Object.entries(point.tags))
      assert.equal(row.get(asTag(tag)), asTag(value), JSON.stringify(point));
  }
});
