/** Queries are written as InfluxQL wants them, and what cannot be written is refused. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chosen, field, isOneOf, of, perSecond, tagValues, textOf } from '../../grafana/src/influxql.ts';
import { rows } from '../../grafana/src/target.ts';

test('a selection, grouped by time and tags', () => {
  const query = textOf({
    columns: { share: of('last', 'share'), line: field('line') },
    from: 'bus-load',
    where: [chosen('vehicle'), isOneOf('rule', ['a', "b'c"])],
    by: ['vehicle'],
    every: '$__interval',
    fill: 'null',
  });
  assert.equal(
    query,
    'SELECT last("share") AS "share", "line" FROM "bus-load" WHERE $timeFilter' +
      ` AND "vehicle" =~ /^\${vehicle:regex}$/ AND ("rule" = 'a' OR "rule" = 'b\\'c')` +
      ' GROUP BY time($__interval), "vehicle" fill(null)',
  );
});

test('a selection of selections is bounded at each level', () => {
  const inner = { columns: { rate: perSecond('readings') }, from: 'headgate', by: ['gateway'] };
  assert.equal(
    textOf({ columns: { readings: of('sum', 'rate') }, from: [inner, inner] }),
    'SELECT sum("rate") AS "readings" FROM' +
      ' (SELECT non_negative_derivative(last("readings"), 1s) AS "rate" FROM "headgate" WHERE $timeFilter GROUP BY "gateway"),' +
      ' (SELECT non_negative_derivative(last("readings"), 1s) AS "rate" FROM "headgate" WHERE $timeFilter GROUP BY "gateway")' +
      ' WHERE $timeFilter',
  );
});

test('names are quoted whatever is in them', () => {
  assert.equal(
    tagValues('a"b', 'c\\d', [chosen('e f', 'g')]),
    `SHOW TAG VALUES FROM "c\\\\d" WITH KEY = "a\\"b" WHERE "e f" =~ /^\${g:regex}$/`,
  );
});

test('what Grafana or InfluxQL would take for something else is refused', () => {
  const from = 'm';
  for (const name of ['$x', 'a\nb', '[[x]]']) {
    assert.throws(() => textOf({ columns: { x: field(name) }, from }), /cannot stand in a query/);
  }
  assert.throws(() => chosen('tag', 'no name'), /a variable's name/);
  assert.throws(() => textOf({ columns: { x: field('x') }, from, fill: 0 }), /fill without buckets/);
  assert.throws(() => rows({ columns: { x: of('last', 'x') }, from, by: ['a', 'b'] }), /more than one tag/);
});
