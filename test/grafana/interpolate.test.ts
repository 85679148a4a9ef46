/** Queries are put together as Grafana documents and tests it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { intervalMs, rangeOf, withChoices, withMacros } from './interpolate.ts';

test('a value is escaped for the pattern it stands in, several are alternatives, all is a pattern of its own', () => {
  const query = `"bus" =~ /^\${bus:regex}$/`;
  assert.equal(withChoices(query, { bus: ['a.b/c'] }), '"bus" =~ /^a\\.b\\/c$/');
  assert.equal(withChoices(query, { bus: ['1', '2'] }), '"bus" =~ /^(1|2)$/');
  assert.equal(withChoices(query, { bus: { all: '.*' } }), '"bus" =~ /^.*$/');
  assert.equal(withChoices(`${query} AND $timeFilter`, {}), `${query} AND $timeFilter`);
});

test('time and interval stand wherever they are named', () => {
  const query = 'SELECT 1 FROM (SELECT 2 WHERE $timeFilter GROUP BY time($__interval)) WHERE $timeFilter';
  const within = 'time >= 5ms and time <= 70000ms';
  assert.equal(
    withMacros(query, { fromMs: 5, toMs: 70_000 }, 60_000),
    `SELECT 1 FROM (SELECT 2 WHERE ${within} GROUP BY time(1m)) WHERE ${within}`,
  );
  assert.equal(withMacros('$__interval $__interval_ms', { fromMs: 0, toMs: 0 }, 200), '200ms 200');
});

test('an interval is a handy length and not below the least one', () => {
  const range = rangeOf({ from: 'now-6h', to: 'now' }, 21_600_000);
  assert.deepEqual(range, { fromMs: 0, toMs: 21_600_000 });
  assert.equal(intervalMs(range, 1000), 20_000);
  assert.equal(intervalMs(range, 1000, '1m'), 60_000);
  assert.equal(intervalMs(range, 100), 300_000);
  assert.deepEqual(rangeOf({ from: 'now-6h', to: 'now' }, 21_600_000, '15m'), {
    fromMs: 20_700_000,
    toMs: 21_600_000,
  });
});
