import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aggregates as implementations } from '../engine/aggregates/index.ts';
import { functions } from '../expression/functions.ts';
import { aggregates, isLaterFunction } from './functions.ts';

test('the engine has every aggregate, and no other', () => {
  assert.deepEqual(Object.keys(aggregates).sort(), Object.keys(implementations).sort());
});

test('a name means one thing', () => {
  for (const name of Object.keys(aggregates)) {
    assert.equal(Object.hasOwn(functions, name), false, name);
    assert.equal(isLaterFunction(name), false, name);
  }
});
