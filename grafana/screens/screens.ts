/**
 * `npm run screens`: pictures of the dashboards for the README and docs/grafana.md.
 *
 *     npm run screens                                    lets the story happen (some twenty minutes), then draws
 *     npm run screens -- --minutes 3                     a shorter one
 *     npm run screens -- --influx URL [--at ISO]         draws what is in an InfluxDB already
 *
 * They are no screenshots of Grafana: the panels are drawn by page/ from the dashboards' JSON and the answers to their queries.
 * Needs chromium and pngquant, and what the tests need.
 */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { open, type Viewer } from '../../test/grafana/ask.ts';
import type { DashboardJson } from '../../test/grafana/dashboard-json.ts';
import { dashboards } from '../../test/grafana/files.ts';
import { database } from '../../test/grafana/site.ts';
import { type Influxd, queryOf, startInfluxd } from '../../test/peers/influxd.ts';
import { sceneOf } from './scene.ts';
import { shoot } from './shoot.ts';
import { tell } from './story.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '22' },
    influx: { type: 'string' },
    at: { type: 'string' },
    out: { type: 'string', default: join(import.meta.dirname, '../../docs/grafana') },
    /** The InfluxDB of the story stays until Ctrl-C, to be drawn again. */
    stay: { type: 'boolean', default: false },
  },
});

const caption =
  'Drawn by `npm run screens` from grafana/dashboards/ and the answers to its queries by an InfluxDB that gateways filled; not a screenshot of Grafana.';

/** The rules' results go back for hours, the gateways' own health as long as the story was live. */
function viewOf({ uid }: DashboardJson, minutes: number): Pick<Viewer, 'back' | 'choices'> {
  const live = { back: `${minutes}m` };
  if (uid === 'headgate-buses') return { back: '3h', choices: { gateway: ['depot-7'] } };
  if (uid === 'headgate-machines') return { back: '3h' };
  if (uid === 'headgate-gateway') return { ...live, choices: { gateway: ['depot-7'] } };
  return live;
}

async function draw(influxd: Pick<Influxd, 'query'>, nowMs: number, minutes: number): Promise<void> {
  for (const dashboard of dashboards()) {
    const viewer: Viewer = { influxd, database, nowMs, ...viewOf(dashboard, minutes) };
    const path = join(values.out, `${dashboard.uid.replace('headgate-', '')}.png`);
    await shoot(sceneOf(dashboard, await open(dashboard, viewer), caption), path);
    process.stdout.write(`${path}\n`);
  }
}

const minutes = Number(values.minutes);
const nowMs = values.at === undefined ? undefined : Date.parse(values.at);
if (values.influx !== undefined) {
  await draw({ query: queryOf(values.influx) }, nowMs ?? Date.now(), minutes);
} else {
  const influxd = await startInfluxd();
  const say = (what: string) => process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${what}\n`);
  await tell(influxd, minutes, say);
  const endMs = Date.now();
  say(`InfluxDB ${influxd.url}, --at ${new Date(endMs).toISOString()}`);
  await draw(influxd, endMs, Math.max(1, minutes - 1));
  if (values.stay) await new Promise((resolve) => process.once('SIGINT', resolve));
  await influxd.stop();
}
