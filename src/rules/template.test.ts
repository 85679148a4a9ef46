import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFleet, rowsOf, type TestRow, tableOf, testScope } from '../expression/testing.ts';
import { checkKeyMessage, defaultKeyMessage, renderKeyMessage } from './key-message.ts';
import { compileTemplate, messageScope } from './template.ts';

const fleet = createFleet({ north: { capacity: 78, kind: 'tram' } });
const scope = messageScope(testScope(fleet), 'bus-load', 'critical');
const row: TestRow = { x: 0.8512, y: 81, d: true, s: 'open', series: 0 };

function render(message: string, rows: readonly TestRow[] = [row], at = 0): string {
  const { template, problems } = compileTemplate(message, scope);
  assert.ok(template, problems[0]?.message);
  return template(rowsOf(rows, tableOf(['north', 'south'])), at);
}

test('shows names and expressions, with formats for numbers', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['Bus {site}: {y} aboard, {x:.0%} of capacity', 'Bus north: 81 aboard, 85% of capacity'],
    ['{ fleet.capacity - y :.1f} {fleet.kind}', '-3.0 tram'],
    ['{d ? "open" : "shut"} {d ? 1 : 2} {d ? 1 : 2:.1f}', 'open 1 1.0'],
    ['{s == "}" ? "a:b" : "{c}"}', '{c}'],
    ['{d} {s} {s:}', 'true open open'],
    ['{rule} is {severity}', 'bus-load is critical'],
    ['{{{y}}} }}{{', '{81} }{'],
    ['', ''],
    ["it isn't {y}", "it isn't 81"],
  ];
  for (const [message, shown] of cases) assert.equal(render(message), shown, message);
});

test('what is missing shows as a dash', () => {
  const missing = { x: null, y: null, d: null, s: null, series: 1 };
  assert.equal(render('{x:.2f} {y} {d} {s} {fleet.capacity} {site}', [missing]), '– – – – – south');
});

test('is about one row of many', () => {
  const rows = [row, { ...row, y: 82, s: 'shut', series: 1 }];
  assert.equal(render('{site} {y} {s}', rows, 1), 'south 82 shut');
  assert.equal(render('{site} {y} {s}', rows, 0), 'north 81 open');
});

test('explains mistakes at their place in the message', () => {
  const told = (message: string): string[] =>
    compileTemplate(message, scope).problems.map(
      ({ message: what, start, end, remedy }) => `[${message.slice(start, end)}] ${what} → ${remedy}`,
    );
  assert.deepEqual(told('Bus {sit} at {x:.2q}, {s:.1f} or {y > }'), [
    '[sit] unknown field `sit` of device press → did you mean `site`?',
    '[.2q] unknown format `.2q` → f decimals: .2f, % of one: .0%, d whole number, e exponent: .2e, g digits in all: .3g, and , for thousands',
    '[.1f] format `.1f` is for numbers; `s` is a string → write {s}',
    '[] a value is missing after `>` → complete the expression or remove the operator',
  ]);
  assert.deepEqual(told('{y'), ['[{] a `{` without its `}` → add the `}`, or write {{ for the sign']);
  assert.deepEqual(told('y}'), ['[}] a `}` without its `{` → write }} for the sign']);
  assert.deepEqual(told('{}'), [
    '[] the expression is empty → write a condition or a value, such as temp > 90',
  ]);
});

test('never throws, whatever the message, and marks a place in it', () => {
  const word = fc.constantFrom('{', '}', ':', '?', 'y', 's', '"', "'", '.2f', ' ', '{y}', '\\', 'ü');
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 12 }).map((words) => words.join('')),
      (message) => {
        const { template, problems } = compileTemplate(message, scope);
        assert.equal(template === undefined, problems.length > 0);
        template?.(rowsOf([row], tableOf(['north'])), 0);
        for (const { start, end } of problems)
          assert.ok(start >= 0 && end >= start && start <= message.length);
      },
    ),
    { seed: 1, numRuns: 2000 },
  );
});

test('the message about a silent key has its tags', () => {
  const tags = { line: '550', vehicle: '1029' };
  const checked = checkKeyMessage(
    '{{{severity}}} {vehicle} of {rule} ({key})',
    'bus {x}',
    'warning',
    Object.keys(tags),
  );
  assert.deepEqual(checked.problems, []);
  assert.equal(renderKeyMessage(checked.message, tags), '{warning} 1029 of bus {x} (550 1029)');
  assert.equal(renderKeyMessage(defaultKeyMessage(300_000), tags), '550 1029 is silent: no reading for 5m');
  assert.equal(renderKeyMessage('{key}', {}), 'device');
  assert.equal(renderKeyMessage('{line}: {key}', { line: '', vehicle: '7' }), '–: 7');
});

test('the message about a silent key has no values', () => {
  const { problems } = checkKeyMessage('{vehicel} at {load}', 'r', 'warning', ['vehicle']);
  assert.deepEqual(problems, [
    {
      message: 'unknown name `vehicel`: the message about a silent key has no values, only tags of the key',
      start: 1,
      end: 8,
      remedy: 'did you mean `vehicle`?',
    },
    {
      message: 'unknown name `load`: the message about a silent key has no values, only tags of the key',
      start: 14,
      end: 18,
      remedy: 'known here: vehicle, key, rule, severity',
    },
  ]);
});
