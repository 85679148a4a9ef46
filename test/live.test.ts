/**
 * The main job on real input: real brokers, clients, a serial line and InfluxDB; every point compared with the oracle.
 */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { headgateIn } from './peers/command.ts';
import { freePort } from './peers/free-port.ts';
import { type GatewayProcess, makeGateway } from './peers/gateway.ts';
import { type Influxd, startInfluxd } from './peers/influxd.ts';
import { type Mosquitto, mosquittoPub, startMosquitto } from './peers/mosquitto.ts';
import { type SerialLine, startSerialLine } from './peers/socat.ts';
import { until } from './peers/until.ts';
import {
  counts,
  differences,
  expectedPoints,
  files,
  levels,
  type Message,
  positions,
  storedPoints,
  temperatures,
} from './real-input.ts';

let influxd: Influxd;
let plant: Mosquitto;
let line: SerialLine;
let brokerPort: number;
let gateway: GatewayProcess;

before(async () => {
  [influxd, plant, line, brokerPort] = await Promise.all([
    startInfluxd(),
    // Its default drops what a session has beyond 1,000 messages waiting.
    startMosquitto('allow_anonymous true\nmax_queued_messages 0'),
    startSerialLine(),
    freePort(),
  ]);
});
after(async () => {
  await gateway?.remove();
  await Promise.all([influxd.stop(), plant.stop(), line.stop()]);
});

/** Publishes in order, one client for each run of messages to one topic. */
async function publish(port: number, messages: readonly Message[], qos = 1): Promise<void> {
  let from = 0;
  for (let i = 1; i <= messages.length; i++) {
    if (messages[i]?.topic === messages[from]!.topic) continue;
    const { topic } = messages[from]!;
    const payloads = messages.slice(from, i).map(({ payload }) => payload);
    await mosquittoPub(port, ['-t', topic, '-q', String(qos)], payloads);
    from = i;
  }
}

async function prepare(): Promise<void> {
  await gateway?.remove();
  await influxd.query('DROP DATABASE "fleet"');
  const settings = { brokerPort, plantPort: plant.port, serialPath: line.path, influxUrl: influxd.url };
  gateway = await makeGateway(files(settings));
  await gateway.start();
  await until(async () => {
    const { sources } = await gateway.status();
    return sources.every(({ state }) => ['listening', 'connected', 'open'].includes(state));
  }, 'every source to be open');
}

/** The journal took these frames from each source, since the gateway started. */
async function received(frames: Readonly<Record<string, number>>): Promise<void> {
  const isThere = async (): Promise<boolean> => {
    const { sources } = await gateway.status();
    return sources.every(({ name, counters }) => counters.received! >= (frames[name] ?? 0));
  };
  await until(isThere, `frames ${JSON.stringify(frames)}`, 30_000);
}

/** Waits until nothing is left in windows or on its way. */
async function settled(): Promise<void> {
  const isQuiet = async (): Promise<boolean> => {
    const { rules, forward } = await gateway.status();
    return rules.every(({ openWindows }) => openWindows === 0) && forward.pendingPoints === 0;
  };
  await until(isQuiet, 'every window to close and every point to be sent', 30_000);
}

async function compare(): Promise<void> {
  for (const [measurement, { tag, points }] of Object.entries(expectedPoints())) {
    const stored = await storedPoints(influxd, measurement, tag);
    assert.deepEqual(differences(stored, points), [], measurement);
    assert.ok(points.length > 5, `${measurement}: ${points.length} points prove nothing`);
  }
}

test('every point in InfluxDB is the one computed again: none missing, none extra', async () => {
  await prepare();
  await Promise.all([
    publish(brokerPort, [...positions, ...counts]),
    publish(plant.port, temperatures, 2),
    line.write(levels.map((text) => `${text}\r\n`).join('')),
  ]);
  await received({
    mqtt: positions.length + counts.length,
    plant: temperatures.length,
    probe: levels.length,
  });
  await settled();
  await compare();
  const status = await gateway.status();
  assert.equal(status.fates.setAside, 0);
  assert.equal(status.fates.unrouted, 0);

  const { code, tookMs } = await gateway.stop();
  assert.equal(code, 0);
  assert.ok(tookMs < 5000, `stopped after ${tookMs} ms`);
});

test('kill -9 in the middle and a restart: the same points as undisturbed', async () => {
  await prepare();
  const half = <T>(all: readonly T[]): number => Math.floor(all.length / 2);
  await publish(brokerPort, positions.slice(0, half(positions)));
  await publish(plant.port, temperatures.slice(0, half(temperatures)));
  await received({ mqtt: half(positions), plant: half(temperatures) });
  await gateway.kill();
  // What the plant publishes meanwhile waits in the gateway's session at its broker.
  await publish(plant.port, temperatures.slice(half(temperatures)));
  await gateway.start();
  await publish(brokerPort, [...positions.slice(half(positions)), ...counts]);
  await received({
    mqtt: positions.length - half(positions) + counts.length,
    plant: temperatures.length - half(temperatures),
  });
  await gateway.kill();
  await gateway.start();
  await line.write(levels.map((text) => `${text}\n`).join(''));
  await received({ probe: levels.length });
  await settled();
  await compare();
});

test('a server that is away loses nothing', async () => {
  await prepare();
  await influxd.kill();
  await publish(brokerPort, [...positions, ...counts]);
  await received({ mqtt: positions.length + counts.length });
  await until(async () => (await gateway.status()).forward.pendingPoints > 0, 'points to wait');
  const { code } = await gateway.stop();
  assert.equal(code, 0);
  await gateway.start();
  await publish(plant.port, temperatures);
  await line.write(levels.map((text) => `${text}\n`).join(''));
  await received({ plant: temperatures.length, probe: levels.length });
  await influxd.start();
  await until(
    async () => (await gateway.status()).forward.pendingPoints === 0,
    'the backlog to drain',
    60_000,
  );
  await until(
    async () => (await gateway.status()).rules.every((rule) => rule.openWindows === 0),
    'windows',
    30_000,
  );
  await until(async () => (await gateway.status()).forward.pendingPoints === 0, 'the last points');
  await compare();
});

/** The points of a replay, as line protocol. */
async function replayed(...args: readonly string[]): Promise<string[]> {
  const { code, stdout, stderr } = await headgateIn(['replay', ...args], { cwd: gateway.folder });
  assert.equal(code, 0, stderr);
  return stdout.split('\n').filter((text) => text !== '');
}

test('the same data through replay gives the same points', async () => {
  const dumps = ['positions', 'counts'].map((name) => `${import.meta.dirname}/data/hsl-bus/${name}.dump`);
  const bearing = join(gateway.folder, 'bearing.jsonl');
  await writeFile(
    bearing,
    temperatures.map(({ payload }) => payload.replace('{', '{"machine":"press-1",')).join('\n'),
  );
  const level = join(gateway.folder, 'level.csv');
  await writeFile(level, ['at;litres;pump', ...levels].join('\n').replaceAll(';', ','));

  const lines = [
    ...(await replayed(...dumps)),
    ...(await replayed('--device', 'press', bearing)),
    ...(await replayed('--device', 'level', level)),
  ];
  for (const [measurement, { tag, points }] of Object.entries(expectedPoints())) {
    const found = lines
      .filter((text) => text.startsWith(`${measurement},`))
      .map((text) => pointOfLine(text, tag));
    assert.deepEqual(differences(found, points), [], measurement);
  }
});

/** A line of line protocol whose tags and fields hold nothing that needs escaping. */
function pointOfLine(text: string, tag: string) {
  const [head, fields, time] = text.split(' ') as [string, string, string];
  const pairs = (list: string): [string, string][] =>
    list.split(',').map((pair) => pair.split('=') as [string, string]);
  return {
    key: Object.fromEntries(pairs(head.slice(head.indexOf(',') + 1)))[tag]!,
    timeMs: Number(BigInt(time) / 1_000_000n),
    fields: Object.fromEntries(pairs(fields).map(([name, value]) => [name, Number(value)])),
  };
}
