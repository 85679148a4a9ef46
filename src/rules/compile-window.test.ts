import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileText, deviceOf, toldOf } from './testing.ts';

const press = deviceOf(`
device: press
topic: plant/{machine}
codec: json
fields: { temp: {} }
`);
const alert = "alert: [{ when: 'n > 100' }]";

function compile(rule: string) {
  return compileText(`rules:\n  - { name: r, from: press, compute: { n: count() }, ${rule} }\n`, [press]);
}

test('windows by session and by count', () => {
  const timing = { emitMs: undefined, keepMs: undefined, watermark: 'key' };
  const windowOf = (written: string) => compile(`window: ${written}`).plan!.rules[0]!.window;
  assert.deepEqual(windowOf('{ session: 2m, max: 1h }'), {
    ...{ kind: 'session', gapMs: 120_000, maxMs: 3_600_000 },
    ...timing,
  });
  assert.deepEqual(windowOf('{ count: 20, every: 5 }'), { kind: 'count', size: 20, every: 5, ...timing });
});

test('early results that nothing judges are a warning', () => {
  assert.deepEqual(toldOf(compile('window: { count: 20, emit: 5s }')), [
    '[5s] early results of windows by count make no points, and nothing here judges them → add an `alert`, or remove `emit`',
  ]);
  assert.deepEqual(toldOf(compile(`window: { session: 20s, emit: 5s }, ${alert}`)), []);
  assert.deepEqual(toldOf(compile('window: { tumbling: 20s, emit: 5s }')), []);
});
