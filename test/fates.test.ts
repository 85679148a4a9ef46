/**
 * The balance of a gateway as a process under faults: poison payloads and points, more series than a rule may have, an edit,
 * an outage of InfluxDB, kill -9. Whenever it is quiet, what was sent is what became of it, and what InfluxDB counts is
 * what `status` says is in results.
 */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { accountsOf } from '../src/core/fates.ts';
import type { DeviceLine, GatewayStatus, RuleLine } from '../src/core/status.ts';
import { freePort } from './peers/free-port.ts';
import { makeGateway } from './peers/gateway.ts';
import { type Influxd, startInfluxd } from './peers/influxd.ts';
import { type Message, publishAll } from './peers/session-publisher.ts';
import { until } from './peers/until.ts';

/** In the middle of a week, which is a shard of InfluxDB. */
const startMs = Date.UTC(2026, 0, 7);
const seriesLimit = 3;

const ruleFile = (everyLength: string): string => `rules:
  - name: minute
    from: meter
    where: x < 90
    by: [id]
    window: { tumbling: 10s }
    compute: { n: count(), most: max(x) }
  - name: sliding
    from: meter
    by: [id]
    window: { sliding: ${everyLength}, every: 5s }
    compute: { most: max(x) }
  - { name: each, from: meter, by: [id], forward: { on_change: 50 } }
`;

/** What a phase sends, and what is to become of it. */
interface Sent {
  readonly messages: Message[];
  readings: number;
  setAside: number;
  badValues: number;
  copies: number;
  unrouted: number;
  /** Of the rule `minute`. */
  filtered: number;
  late: number;
  overLimit: number;
}

function createSender(random: () => number) {
  const sent: Sent = {
    ...{ messages: [], readings: 0, setAside: 0, badValues: 0, copies: 0, unrouted: 0 },
    ...{ filtered: 0, late: 0, overLimit: 0 },
  };
  let at = startMs;
  const give = (topic: string, payload: string): void => void sent.messages.push({ topic, payload });

  function reading(id: string, ms: number, x: number): string {
    sent.readings += 1;
    const isOver = Number(id.slice(1)) >= seriesLimit;
    if (isOver) sent.overLimit += 1;
    else if (!(x < 90)) sent.filtered += 1;
    else if (ms < at - 60_000) sent.late += 1;
    return JSON.stringify({ at: ms, x });
  }

  return {
    sent,
    /** Of every device some, then the odd ones. */
    phase(): Message[] {
      sent.messages.length = 0;
      for (let i = 0; i < 60; i++) {
        at += 400;
        for (const id of ['m0', 'm1', 'm2', 'm3', 'm4']) {
          give(`meter/${id}`, reading(id, at, Math.floor(random() * 100)));
        }
        const last = sent.messages.at(-1)!;
        if (i % 10 === 3) {
          sent.copies += 1;
          give(last.topic, last.payload as string);
        }
        if (i % 10 === 5) {
          sent.setAside += 3;
          give('meter/m0', '{"at":');
          give('meter/m1', JSON.stringify({ x: 3 }));
          give('meter/m1', JSON.stringify({ at: 'soon', x: 3 }));
        }
        if (i % 10 === 7) {
          sent.unrouted += 1;
          give('pump/1', '{}');
        }
        if (i % 20 === 9) {
          sent.badValues += 1;
          sent.readings += 1;
          // Without a value of x it is neither below 90 nor not: it does not pass.
          sent.filtered += 1;
          give('meter/m2', JSON.stringify({ at: at + 1, x: 'much' }));
        }
        // Of another time each: two of one time were copies.
        if (i % 20 === 11) give('meter/m1', reading('m1', at - 3_600_000 - i, 5));
      }
      return [...sent.messages];
    },
    /** So far in time that every window before it closes. */
    end(): Message[] {
      at += 3_600_000;
      return ['m0', 'm1', 'm2'].map((id) => ({ topic: `meter/${id}`, payload: reading(id, at, 1) }));
    },
  };
}

function createRandom(from: number): () => number {
  let state = from;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const deviceOf = ({ devices }: GatewayStatus): DeviceLine => devices[0]!;
const ruleOf = ({ rules }: GatewayStatus, name: string): RuleLine =>
  rules.find((rule) => rule.name === name)!;

async function total(influxd: Influxd, what: string, measurement: string): Promise<number> {
  const [series] = await influxd.query(`SELECT ${what} FROM "${measurement}"`, 'fleet');
  return Number(series?.values[0]?.[1] ?? 0);
}

test('poison, overload of series, an edit, an outage and kill -9: everything sent has one fate', async () => {
  const [influxd, port] = await Promise.all([startInfluxd(), freePort()]);
  const gateway = await makeGateway({
    'headgate.yaml': `batch: 50ms
sources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } } }
limits: { series_per_rule: ${seriesLimit} }
forward: { influx: { url: "${influxd.url}", database: fleet } }
`,
    'devices/meter.yaml': `device: meter
topic: meter/{id}
codec: json
time: { path: at, format: unix_ms }
fields: { x: { path: x } }
lateness: 2s
idle_after: 1h
`,
    'rules/all.yaml': ruleFile('20s'),
  });
  after(async () => {
    await gateway.remove();
    await influxd.stop();
  });
  await influxd.query('CREATE DATABASE fleet');
  // Every point of one rule is refused: its field has another type there, in the shard of that week.
  const body = `each x="text" ${startMs}000000`;
  const poison = await fetch(`${influxd.url}/write?db=fleet`, { method: 'POST', body });
  assert.equal(poison.status, 204);
  await gateway.start();
  const sender = createSender(createRandom(7));
  const { sent } = sender;

  /** Waits until everything that was sent is through, and checks every account. */
  async function balanced(): Promise<GatewayStatus> {
    let status = await gateway.status();
    await until(async () => {
      status = await gateway.status();
      return status.journal.waiting === 0 && deviceOf(status).readings === sent.readings;
    }, 'all frames to be processed');
    for (const account of accountsOf(status)) assert.equal(account.missing, 0, JSON.stringify(account));
    const device = deviceOf(status);
    assert.equal(device.readings, sent.readings);
    assert.equal(device.valuesSetAside, sent.badValues);
    // What a client sends again after a crash comes twice, whatever it is.
    const again = device.duplicates - sent.copies + (device.setAside - sent.setAside);
    assert.ok(status.fates.unrouted >= sent.unrouted);
    assert.ok(again >= 0 && device.received === sent.readings + sent.copies + sent.setAside + again);
    const { filtered, late, overLimit } = ruleOf(status, 'minute');
    assert.deepEqual(
      { filtered, late, overLimit },
      { filtered: sent.filtered, late: sent.late, overLimit: sent.overLimit },
    );
    for (const rule of status.rules) assert.equal(rule.readings, sent.readings, rule.name);
    return status;
  }

  await publishAll(port, 'depot', 1, sender.phase());
  await balanced();

  await influxd.kill();
  await publishAll(port, 'depot', 1, sender.phase());
  const beforeEdit = ruleOf(await balanced(), 'sliding');
  await writeFile(join(gateway.folder, 'rules/all.yaml'), ruleFile('25s'));
  await until(() => gateway.logLines.some((line) => line.includes('took over')), 'the edit to take over');
  const edited = ruleOf(await balanced(), 'sliding');
  assert.ok(beforeEdit.inWindows > 0);
  assert.equal(edited.forgotten, beforeEdit.inWindows);

  for (let kill = 0; kill < 3; kill++) {
    const publishing = publishAll(port, 'depot', 1, sender.phase());
    await wait(20 + 60 * kill);
    await gateway.kill();
    await gateway.start();
    await publishing;
    await balanced();
  }

  await influxd.start();
  await publishAll(port, 'depot', 1, sender.end());
  await balanced();
  await until(
    async () => (await gateway.status()).forward.pendingPoints === 0,
    'all points to be sent',
    60_000,
  );
  const status = await balanced();
  const minute = ruleOf(status, 'minute');
  assert.deepEqual([minute.inWindows, minute.forgotten], [3, 0]);
  assert.equal(await total(influxd, 'sum(n)', 'minute'), minute.inResults);
  const each = ruleOf(status, 'each');
  assert.equal(each.points + each.unchanged, each.inResults);
  assert.ok(each.unchanged > 0 && each.points > 0);
  assert.equal(await total(influxd, 'count(x)', 'each'), 1, 'the poison');
  const { taken, ...through } = status.forward.through;
  assert.equal(taken, status.fates.points);
  assert.deepEqual(through, { sent: taken - each.points, setAside: each.points, lost: 0, merged: 0 });
});
