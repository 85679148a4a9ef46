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

test('senders take turns: one who waits for one answer waits for one of each other', () => {
  const pressure = createPressure();
  const passed: string[] = [];
  const ask = (who: object, text: string): void => pressure.whenMay(() => passed.push(text), who);
  const [flood, device, late] = [{}, {}, {}];
  pressure.hold();
  for (let i = 0; i < 3000; i++) ask(flood, `f${i}`);
  ask(device, 'd0');
  ask(device, 'd1');
  pressure.letPass(3);
  assert.deepEqual(passed, ['f0', 'd0', 'f1']);
  ask(late, 'l0');
  pressure.letPass(4);
  assert.deepEqual(passed.slice(3), ['d1', 'f2', 'l0', 'f3']);
  pressure.ease();
  assert.deepEqual(
    passed.filter((text) => text.startsWith('f')),
    Array.from({ length: 3000 }, (_, i) => `f${i}`),
  );
});

test('nothing is lost, doubled or overtaken, whatever is asked, held and let pass', () => {
  const senders = [{}, {}, {}];
  const acts = fc.array(
    fc.oneof(
      fc.record({ ask: fc.integer({ min: 1, max: 3000 }), of: fc.nat(2) }),
      fc.record({ pass: fc.nat(4000) }),
      fc.constantFrom('hold', 'ease'),
    ),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(acts, (list) => {
      const pressure = createPressure();
      const passed: number[][] = [[], [], []];
      const asked = [0, 0, 0];
      const sum = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0);
      const passedSoFar = (): number[] => passed.map(({ length }) => length);
      for (const act of list) {
        if (act === 'hold') pressure.hold();
        else if (act === 'ease') pressure.ease();
        else if ('pass' in act) {
          const [before, had] = [passedSoFar(), pressure.waiting];
          pressure.letPass(act.pass);
          const gained = passedSoFar().map((length, who) => length - before[who]!);
          if (had > act.pass && pressure.isHeld) assert.equal(sum(gained), act.pass);
          // Whoever waits still was passed over by nobody.
          for (const [who, count] of gained.entries()) {
            if (passed[who]!.length === asked[who]) continue;
            for (const other of gained)
              assert.ok(other <= count + 1, `${other} of another, ${count} of mine`);
          }
        } else {
          for (let i = 0; i < act.ask; i++) {
            const n = asked[act.of]!++;
            pressure.whenMay(() => passed[act.of]!.push(n), senders[act.of]!);
          }
        }
        assert.equal(sum(passedSoFar()) + pressure.waiting, sum(asked));
      }
      pressure.ease();
      assert.deepEqual(
        passed,
        asked.map((count) => Array.from({ length: count }, (_, n) => n)),
      );
    }),
  );
});
