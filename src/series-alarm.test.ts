import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from '../test/peers/free-port.ts';
import { makeGateway } from '../test/peers/gateway.ts';
import { mosquittoPub } from '../test/peers/mosquitto.ts';
import { until } from '../test/peers/until.ts';
import { silentLogger } from './core/log.ts';
import { deviceLine, ruleLine } from './core/testing.ts';
import type { EngineState } from './engine/engine.ts';
import { watchSeries } from './series-alarm.ts';

test('told once, again after an hour while more comes, and nothing of what an earlier run has told', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let hours = 0;
  t.mock.method(performance, 'now', () => hours * 3_600_000);
  const lines: string[] = [];
  const logger = {
    ...silentLogger,
    error: (details: object) => void lines.push(JSON.stringify(details)),
  };
  let overLimit = 7;
  let setAside = 0;
  const state = () =>
    ({
      rules: [{ status: () => ruleLine('load', { overLimit, keys: 10 }) }],
      devices: [
        {
          decoder: { status: () => deviceLine('bus', { reasons: { 'too many series': setAside, late: 3 } }) },
        },
      ],
    }) as unknown as EngineState;
  const end = new AbortController();
  watchSeries({ state, logger, signal: end.signal, everyMs: 1000 });
  t.mock.timers.tick(3000);
  assert.deepEqual(lines, []);
  overLimit = 8;
  t.mock.timers.tick(2000);
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /"rule":"load","keys":10,"notUsed":8,"remedy":".*series_per_rule/);
  overLimit = 9;
  setAside = 1;
  t.mock.timers.tick(2000);
  assert.match(lines[1]!, /"device":"bus".*"setAside":1/);
  assert.equal(lines.length, 2);
  hours = 1;
  t.mock.timers.tick(2000);
  assert.equal(lines.length, 3);
  hours = 2;
  t.mock.timers.tick(2000);
  assert.equal(lines.length, 3, 'nothing has come since');
  end.abort();
  overLimit = 10;
  hours = 4;
  t.mock.timers.tick(2000);
  assert.equal(lines.length, 3);
});

test('a gateway with more keys than it may have says so, and judges the others as before', async (t) => {
  const port = await freePort();
  const gateway = await makeGateway({
    'headgate.yaml': `batch: 50ms
sources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } } }
limits: { series_per_rule: 2 }
`,
    'devices/room.yaml': 'device: room\ntopic: rooms/{room}\ncodec: json\nfields: { t: {} }\n',
    'rules/warm.yaml': 'rules: [{ name: warm, from: room, alert: [{ when: t > 5 }] }]\n',
  });
  t.after(() => gateway.remove());
  await gateway.start();
  for (const room of ['1', '2', '3', '4'])
    await mosquittoPub(port, ['-t', `rooms/${room}`, '-q', '1'], ['{"t":7}']);
  const told = (): string[] => gateway.logLines.filter((line) => line.includes('as many keys as it may'));
  await until(() => told().length === 1, 'the alarm');
  assert.match(told()[0]!, /"rule":"warm","keys":2,"notUsed":2/);
  const { rules, alerts } = await gateway.status();
  assert.equal(rules[0]!.overLimit, 2);
  assert.deepEqual(
    alerts.map(({ key }) => key.room),
    ['1', '2'],
  );
});
