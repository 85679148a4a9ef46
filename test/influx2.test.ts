/**
 * Whether the server that stands in for InfluxDB 2 in tests answers as the product does, request by request. Only where the
 * product's program is at hand: `INFLUXD2=/path/to/influxd npx node --test test/influx2.test.ts`.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStore } from './peers/influx-store.ts';
import { startInflux2 } from './peers/influx2.ts';
import { startInfluxd2 } from './peers/influxd2.ts';

const { INFLUXD2: program } = process.env;
const fleet = '/api/v2/write?org=transport&bucket=fleet';

/** Path, token (`good` is one for the bucket alone), lines. */
const requests: Readonly<Record<string, readonly [path: string, token: string | undefined, lines: string]>> =
  {
    'no token': [fleet, undefined, 'm v=1 1'],
    'an unknown token': [fleet, 'nope', 'm v=1 1'],
    'no organization': ['/api/v2/write?bucket=fleet', 'good', 'm v=1 1'],
    'an unknown organization': ['/api/v2/write?org=x&bucket=fleet', 'good', 'm v=1 1'],
    'no bucket': ['/api/v2/write?org=transport', 'good', 'm v=1 1'],
    'an unknown bucket': ['/api/v2/write?org=transport&bucket=x', 'good', 'm v=1 1'],
    'a bucket of others': ['/api/v2/write?org=transport&bucket=trains', 'good', 'm v=1 1'],
    'a database without a mapping': ['/write?db=none', 'good', 'm v=1 1'],
    'no lines': [fleet, 'good', ''],
    'a comment': [fleet, 'good', '# nothing'],
    'a point': [fleet, 'good', 'm,bus=1 v=1 1'],
    'no fields': [fleet, 'good', 'm'],
    'wrong values': [fleet, 'good', 'm,bus=1 v=1 2\nm v=\nm v=x 1'],
    'a wrong time': [fleet, 'good', 'm v=1 12x'],
    'a tag without a value': [fleet, 'good', 'm,bus v=1 12'],
    'conflicts of types': [fleet, 'good', 'm,bus=1 v=2 3\nm,bus=1 v="x" 4\nm,bus=2 v="y" 5'],
    'fields named time': [fleet, 'good', 'm time=1 7\nm time=1,v=1 8'],
    'a tag named time': [fleet, 'good', 'm,time=1 v=1 7'],
    'quotes and escapes': [fleet, 'good', 'm\\ n,a\\,b=c\\=d s="x, y=\\"z\\" \\\\ \n2" 9'],
  };

test('the server that stands in for InfluxDB 2 answers as the product does', {
  skip: program === undefined && 'no INFLUXD2',
}, async (t) => {
  const [real, stub] = [await startInfluxd2(program!, 'fleet'), await startInflux2()];
  t.after(() => Promise.all([real.stop(), stub.kill()]));
  const good = await real.narrowToken();
  await real.addBucket('trains', 0);
  stub.buckets.set('trains', createStore());
  const ask = async (url: string, path: string, token: string | undefined, body: string): Promise<string> => {
    const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Token ${token}` };
    const answer = await fetch(url + path, { method: 'POST', headers, body });
    return `${answer.status} ${await answer.text()}`;
  };
  for (const [name, [path, token, lines]] of Object.entries(requests)) {
    const [wanted, found] = [
      await ask(real.url, path, token === 'good' ? good : token, lines),
      await ask(stub.url, path, token, lines),
    ];
    assert.equal(found, wanted, name);
  }

  // Of what is too old only the shape is the same: times are those of the run.
  await real.addBucket('short', 3600);
  stub.limits.oldestNs = BigInt(Date.now() - 3_600_000) * 1_000_000n;
  const short = fleet.replace('fleet', 'short');
  const old = 'm,bus=1 v=1 1\nm,bus=2 v=1 1';
  const tail =
    /^422 .*failure writing points to database: partial write: dropped .*outside retention policy of duration.* dropped=2 for database: \w+ for retention policy: \w+"}$/;
  assert.match(await ask(real.url, short, real.token, old), tail);
  assert.match(await ask(stub.url, fleet, 'good', old), tail);
});
