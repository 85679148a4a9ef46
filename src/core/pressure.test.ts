import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createPressure } from './pressure.ts';

test('while nothing is held everybody passes at once', () => {
  const pressure = createPressure();
  let passed = 0;
  pressure.whenMay(() => passed++);
  assert.equal(passed, 1);
  assert.equal(pressure.isHeld, false);
});

test('who waits passes in order, as room is made; what room is left is for those who come', () => {
  const pressure = createPressure();
  const passed: number[] = [];
  pressure.hold();
  for (let i = 0; i < 5; i++) pressure.whenMay(() => passed.push(i));
  assert.deepEqual([passed, pressure.waiting], [[], 5]);
  pressure.letPass(3);
  assert.deepEqual([passed, pressure.waiting], [[0, 1, 2], 2]);
  pressure.letPass(3);
  pressure.whenMay(() => passed.push(5));
  pressure.whenMay(() => passed.push(6));
  assert.deepEqual([passed, pressure.waiting], [[0, 1, 2, 3, 4, 5], 1]);
  pressure.ease();
  assert.deepEqual([passed, pressure.waiting], [[0, 1, 2, 3, 4, 5, 6], 0]);
});

test('who asks again when it passes comes to the end: many are served before one is served twice', () => {
  const pressure = createPressure();
  const passed: string[] = [];
  const askAgain = (who: string) => (): void => {
    passed.push(who);
    pressure.whenMay(askAgain(who));
  };
  pressure.hold();
  for (const who of ['a', 'b', 'c']) pressure.whenMay(askAgain(who));
  for (let turn = 0; turn < 3; turn++) pressure.letPass(2);
  assert.deepEqual(passed, ['a', 'b', 'c', 'a', 'b', 'c']);
});

test('who holds is called after so many bytes, once', () => {
  let calls = 0;
  const pressure = createPressure(() => calls++);
  pressure.took(1000);
  pressure.allow(10);
  for (let i = 0; i < 20; i++) pressure.took(1);
  assert.equal(calls, 1);
  pressure.allow(10);
  pressure.took(11);
  assert.equal(calls, 2);
});

test('nothing is lost, doubled or overtaken, whatever is asked, held and let pass', () => {
  const acts = fc.array(
    fc.oneof(
      fc.record({ ask: fc.integer({ min: 1, max: 3000 }) }),
      fc.record({ pass: fc.nat(4000) }),
      fc.constantFrom('hold', 'ease'),
    ),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(acts, (list) => {
      const pressure = createPressure();
      const passed: number[] = [];
      let asked = 0;
      for (const act of list) {
        if (act === 'hold') pressure.hold();
        else if (act === 'ease') pressure.ease();
        else if ('pass' in act) pressure.letPass(act.pass);
        else {
          for (let i = 0; i < act.ask; i++) {
            const n = asked++;
            pressure.whenMay(() => passed.push(n));
          }
        }
        assert.equal(passed.length + pressure.waiting, asked);
      }
      pressure.ease();
      assert.deepEqual(
        passed,
        Array.from({ length: asked }, (_, n) => n),
      );
    }),
  );
});
