import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { everything, grantsOf } from './grants.ts';

const bus = { name: 'fleet', publish: ['bus/{client}/#', '{user}/state'], subscribe: ['alerts/+/{client}'] };

test('names stand for one level', () => {
  const grants = grantsOf(bus, '01029');
  for (const topic of ['bus/01029', 'bus/01029/apc', 'fleet/state']) assert.ok(grants.mayPublish(topic));
  for (const topic of ['bus/01030/apc', 'bus', 'fleet', 'fleet/state/x', 'alerts/x/01029'])
    assert.ok(!grants.mayPublish(topic), topic);
  assert.ok(grants.maySubscribe('alerts/+/01029') && grants.maySubscribe('alerts/critical/01029'));
  for (const filter of ['alerts/#', '#', 'alerts/+/+', 'alerts/critical/01030'])
    assert.ok(!grants.maySubscribe(filter), filter);
  assert.ok(grants.mayReceive('alerts/info/01029') && !grants.mayReceive('alerts/info/1'));
});

test('a name with wildcards, slashes or $ in front makes no permission wider', () => {
  const odd = fc.constantFrom('#', '+', 'a/b', '/', '', '$SYS', 'a+', '+/x', '#/');
  const free = {
    name: 'u',
    publish: ['{client}/x', 'b/{client}/#'],
    subscribe: ['{client}/#', 'b/{client}'],
  };
  const topic = fc.constantFrom('b/c/d', 'a/b/x', '$SYS/x', 'b//x', 'b/a/b', '/x', 'b/$SYS/x');
  fc.assert(
    fc.property(odd, topic, (client, name) => {
      const grants = grantsOf(free, client);
      const isOwn = client === '$SYS' && name === 'b/$SYS/x';
      assert.equal(grants.mayPublish(name), isOwn);
      assert.ok(!grants.mayReceive(name));
      for (const filter of ['#', '+/#', '+/x', 'b/+', 'b/#', `${client}/x`, `${client}/#`])
        assert.ok(!grants.maySubscribe(filter), `${client}: ${filter}`);
    }),
  );
});

test('everything is not what the broker says of itself', () => {
  assert.ok(everything.maySubscribe('#') && everything.mayPublish('a'));
  for (const filter of ['$SYS/#', '$SYS/+/x', '$SYS']) assert.ok(!everything.maySubscribe(filter));
  const all = grantsOf({ name: 'all', publish: ['#'], subscribe: ['#'] }, 'c');
  assert.ok(!all.maySubscribe('$SYS/#') && !all.maySubscribe('$other/x') && all.maySubscribe('+/#'));
  assert.ok(grantsOf({ name: 'ops', publish: [], subscribe: ['$SYS/#'] }, 'c').maySubscribe('$SYS/#'));
});

test('decisions are kept within a bound, and stay right', () => {
  const grants = grantsOf(bus, '1');
  for (let i = 0; i < 5000; i++) assert.equal(grants.mayPublish(`bus/${i}/x`), i === 1);
  assert.ok(grants.mayPublish('bus/1/x'));
});
