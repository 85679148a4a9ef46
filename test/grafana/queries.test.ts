/**
 * Everything the dashboards ask is asked of a real InfluxDB that a real gateway has filled, and has an answer.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Influxd, type Series, startInfluxd } from '../peers/influxd.ts';
import { until } from '../peers/until.ts';
import { type DashboardAnswer, open } from './ask.ts';
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
    health: '1s',
    // For machines that do not tell the temperature of their CPU.
    preloads: [join(import.meta.dirname, 'thermal-hook.ts')],
  });
  await site.catchUp();
  await until(
    async () => (await site.gateway.status()).alerts.some(({ rule }) => rule === 'bus-silent'),
    'a bus to be silent',
    120_000,
  );
  await site.catchUp();
  await until(
    async () => (await site.gateway.status()).forward.pendingPoints === 0,
    'every point to be in InfluxDB',
    120_000,
  );
  await until(hasRates, 'counters of two buckets of time, between which there is a rate', 120_000);
});
after(async () => {
  await site?.stop();
  await influxd?.stop();
});

/** Whether the gateway has told of itself in two buckets of ten seconds at least. */
async function hasRates(): Promise<boolean> {
  const query =
    'SELECT count("readings") FROM "headgate" WHERE time > now() - 5m GROUP BY time(10s) fill(none)';
  const [buckets] = await influxd.query(query, database);
  return (buckets?.values.length ?? 0) >= 2;
}

/** Columns without any value in any series; a bucket of time without points has none. Everything, when there is no series. */
function emptyColumns(series: readonly Series[]): string[] {
  const [first] = series;
  if (first === undefined) return ['everything'];
  return first.columns.filter((_, at) =>
    series.every(({ values }) => values.every((row) => row[at] === null)),
  );
}

/** What is asked and has no answer, in the words of whoever has to mend it. */
function unanswered({ variables, annotations, panels }: DashboardAnswer): string[] {
  const asked = [
    ...annotations.map(({ annotation, series }) => ({ place: `annotation ${annotation.name}`, series })),
    ...panels.flatMap(({ panel, answers }) =>
      answers.map(({ target, series }) => ({ place: `panel ${panel.title}, ${target.query}`, series })),
    ),
  ];
  return [
    ...variables
      .filter(({ values }) => values.length === 0)
      .map(({ variable }) => `variable ${variable.name}`),
    ...asked.flatMap(({ place, series }) => emptyColumns(series).map((column) => `${column} of ${place}`)),
  ];
}

for (const dashboard of dashboards()) {
  test(`${dashboard.title}: everything it asks has an answer`, async () => {
    const viewer = { influxd, database, nowMs: Date.now() };
    const atFirst = unanswered(await open(dashboard, viewer));
    // A bucket of the hours shown at first is as wide as this gateway has run: of these there are several.
    const lately = unanswered(await open(dashboard, { ...viewer, back: '5m' }));
    assert.deepEqual(
      atFirst.filter((one) => lately.includes(one)),
      [],
    );
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

test('a strip of alerts ends as the last change of its key says', async () => {
  const buses = dashboards().find(({ uid }) => uid === 'headgate-buses')!;
  const { panels } = await open(buses, { influxd, database, nowMs: Date.now() });
  const { answers } = panels.find(({ panel }) => panel.title === 'Load alerts')!;
  const shown = answers[0]!.series.map(({ tags, values }) => [tags!.vehicle, values.at(-1)![1]]);
  const levels: Readonly<Record<string, number>> = { critical: 3, warning: 2, info: 1 };
  const changes = await influxd.query(
    `SELECT "firing", "severity" FROM "headgate_alert" WHERE "rule" = 'bus-load' GROUP BY "vehicle"`,
    database,
  );
  const told = changes.map(({ tags, values }) => {
    const [, firing, severity] = values.at(-1)!;
    return [tags!.vehicle, Number(firing) * levels[String(severity)]!];
  });
  assert.ok(told.length > 3, 'buses whose alert has changed');
  assert.deepEqual(shown, told);
});
