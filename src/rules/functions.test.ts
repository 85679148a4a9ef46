import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aggregates as implementations } from '../engine/aggregates/index.ts';
import { detectors as detectorImplementations } from '../engine/memory/detectors.ts';
import { functions } from '../expression/functions.ts';
import { detectors } from './detector-functions.ts';
import { aggregates } from './functions.ts';
import { memoryFunctions } from './memory/memory-functions.ts';

test('the engine has every aggregate and every detector, and no other', () => {
  assert.deepEqual(Object.keys(aggregates).sort(), Object.keys(implementations).sort());
  assert.deepEqual(Object.keys(detectors).sort(), Object.keys(detectorImplementations).sort());
});

test('a name means one thing', () => {
  const all = [functions, aggregates, memoryFunctions].flatMap((map) => Object.keys(map));
  assert.deepEqual(all, [...new Set(all)]);
});
