/**
 * Everything the dashboards ask is asked of a real InfluxDB that a real gateway has filled, and has an answer.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Influxd, type Series, startInfluxd } from '../peers/influxd.ts';
import { until } from '../peers/until.ts';
import { open } from './ask.ts';
import { dashboards } from './files.ts';
import { database, type Site, startSite } from './site.ts';

let influxd: Influxd;
let site: Site;

before(async () => {
  influxd = await startInfluxd();
  site = await startSite({
    gateway: 'depot-7',
    influxUrl: influxd.url,
    backMs: 100 * 60_000,
    positionsEveryMs: 10_000,
    silentAfter: '2s',
  });
  await site.catchUp();
  await until(
    async () => (await site.gateway.status()).alerts.some(({ rule }) => rule === 'bus-silent'),
    'a bus to be silent',
    30_000,
  );
  await site.catchUp();
  await until(
    async () => (await site.gateway.status()).forward.pendingPoints === 0,
    'every point to be in InfluxDB',
    30_000,
  );
});
after(async () => {
  await site?.stop();
  await influxd?.stop();
});

/** Values that are there: a bucket of time without points has none. */
function valuesOf(series: readonly Series[]): unknown[] {
  return series.flatMap((one) => one.values.flatMap((row) => row.slice(1).filter((value) => value !== null)));
}

for (const dashboard of dashboards()) {
  test(`${dashboard.title}: everything it asks has an answer`, async () => {
    const answer = await open(dashboard, { influxd, database, nowMs: Date.now() });
    for (const { variable, query, values } of answer.variables) {
      assert.ok(values.length > 0, `variable ${variable.name} has nothing to choose: ${query}`);
    }
    for (const { annotation, query, series } of answer.annotations) {
      assert.ok(valuesOf(series).length > 0, `annotation ${annotation.name} marks nothing: ${query}`);
    }
    for (const { panel, answers } of answer.panels) {
      for (const { target, query, series } of answers) {
        assert.ok(
          valuesOf(series).length > 0,
          `panel ${panel.title}, ${target.refId} shows nothing: ${query}`,
        );
      }
    }
  });
}

test('a panel shows what is chosen and nothing else', async () => {
  const buses = dashboards().find(({ uid }) => uid === 'headgate-buses')!;
  const { panels } = await open(buses, {
    influxd,
    database,
    nowMs: Date.now(),
    choices: { vehicle: ['07002', '07011'] },
  });
  const { answers } = panels.find(({ panel }) => panel.title === 'Behind the timetable')!;
  const vehicles = answers.flatMap(({ series }) => series.map(({ tags }) => tags?.vehicle));
  assert.deepEqual(vehicles.toSorted(), ['07002', '07011']);
});
