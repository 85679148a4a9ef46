import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rows } from '../expression/rows.ts';
import type { Plan, RulePlan } from './plan.ts';
import { compileText, deviceOf, toldOf } from './testing.ts';

const bus = deviceOf(`
device: bus
topic: bus/{operator}/{vehicle}
codec: json
tags: { route: r }
fields: { load: {}, temp: {}, door: { type: boolean }, state: { type: string } }
lateness: 10s
silent_after: 5m
`);
const tram = deviceOf(`
device: tram
topic: tram/{vehicle}
codec: json
fields: { load: {}, temp: { type: string } }
lateness: 30s
`);
const files = {
  'fleet.csv': 'vehicle,capacity,model\n1029,80,Volvo\n1211,40,Scania\n',
  'tables/fleet.yaml': '1029: { capacity: 80 }\n',
};

function planOf(rules: string, devices = [bus, tram]): Plan {
  const compiled = compileText(rules, devices, files);
  const problems = compiled.problems.filter(({ severity }) => severity === 'error');
  assert.deepEqual(toldOf({ ...compiled, problems }), []);
  return compiled.plan!;
}

function ruleOf(rule: string, devices = [bus, tram]): RulePlan {
  return planOf(`rules:\n  - { name: r, ${rule} }\n`, devices).rules[0]!;
}

/** Readings of buses: operator, vehicle and route of a row are those of its series. */
function readings(
  rows: readonly { load: number; temp: number; state: string | null; series: number }[],
): Rows {
  return {
    n: rows.length,
    columns: [
      Float64Array.from(rows, ({ load }) => load),
      Float64Array.from(rows, ({ temp }) => temp),
      new Float64Array(rows.length),
      rows.map(({ state }) => state),
    ],
    series: Int32Array.from(rows, ({ series }) => series),
    eventMs: new Float64Array(rows.length),
    arrivalMs: new Float64Array(rows.length),
    table: {
      size: 2,
      tags: [
        ['18', '18'],
        ['1029', '1211'],
        ['550', '550'],
      ],
    },
  };
}

test('a windowed rule: readings in, aggregates, computed names, alerts', () => {
  const rule = ruleOf(`
    from: bus, by: [route, vehicle], window: { tumbling: 1m },
    lookup: { fleet: { file: fleet.csv, key: vehicle } },
    let: { share: load / fleet.capacity, tight: share > 0.5 },
    where: 'load >= 0',
    compute: { readings: count(), tights: count(tight), share: last( share ), swing: max(load) - min(load),
      again: (max(load))*2, wide: swing > fleet.capacity / 4 },
    alert: [{ severity: critical, when: 'share >= 1', clear: 'share < 0.9 && !wide', for: 2m, notify: [log],
      message: 'Bus {vehicle} on {route}: {share:.0%} of {fleet.capacity}, {rule} {severity}' }]`);
  assert.deepEqual([rule.by, rule.latenessMs, rule.seriesLimit], [['route', 'vehicle'], 10_000, 1000]);
  assert.deepEqual(rule.window, {
    kind: 'time',
    ...{ lengthMs: 60_000, everyMs: 60_000, offsetMs: 0 },
    ...{ emitMs: undefined, keepMs: undefined, watermark: 'key' },
  });
  assert.deepEqual(rule.aggregates, [
    { fn: 'count', parameters: [], argumentType: undefined, resultType: 'number' },
    { fn: 'count', parameters: [], argumentType: 'boolean', resultType: 'number' },
    { fn: 'last', parameters: [], argumentType: 'number', resultType: 'number' },
    { fn: 'max', parameters: [], argumentType: 'number', resultType: 'number' },
    { fn: 'min', parameters: [], argumentType: 'number', resultType: 'number' },
  ]);
  assert.deepEqual(rule.forward, {
    measurement: 'r',
    onChange: undefined,
    merges: { readings: 'sum', tights: 'sum', share: 'last' },
  });

  const [input] = rule.inputs;
  assert.deepEqual(input!.keyTags, [2, 1]);
  const rows = readings([
    { load: 60, temp: 1, state: null, series: 0 },
    { load: -1, temp: 1, state: null, series: 1 },
    { load: 20, temp: 1, state: null, series: 1 },
  ]);
  for (const [i, { compiled }] of input!.lets.entries()) rows.columns[4 + i] = compiled.kernel(rows);
  assert.deepEqual([...input!.where!(rows).slice(0, 3)], [1, 0, 1]);
  const share = input!.arguments[2]![0]!;
  assert.deepEqual([...share.kernel(rows).slice(0, 3)], [0.75, -0.025, 0.5]);
  assert.deepEqual(input!.arguments[0], []);

  const results: Rows = {
    n: 2,
    columns: [
      ...[
        [6, 6],
        [3, 0],
        [1.25, 0.5],
        [60, 20],
        [10, 15],
      ].map((column) => Float64Array.from(column)),
    ],
    series: Int32Array.of(0, 1),
    eventMs: new Float64Array(2),
    arrivalMs: new Float64Array(2),
    table: {
      size: 2,
      tags: [
        ['550', '550'],
        ['1029', '1211'],
      ],
    },
  };
  for (const [i, { compiled }] of rule.computes.entries()) results.columns[5 + i] = compiled.kernel(results);
  assert.deepEqual(
    rule.computes.map(({ name }) => name),
    ['readings', 'tights', 'share', 'swing', 'again', 'wide'],
  );
  assert.deepEqual([...results.columns[8]!.slice(0, 2)], [50, 5]);
  assert.deepEqual([...results.columns[9]!.slice(0, 2)], [120, 40]);
  assert.deepEqual([...results.columns[10]!.slice(0, 2)], [1, 0]);

  const [alert] = rule.alerts;
  assert.deepEqual([alert!.severity, alert!.forMs, alert!.notify], ['critical', 120_000, ['log']]);
  assert.deepEqual([...alert!.when[0]!(results).slice(0, 2)], [1, 0]);
  assert.deepEqual([...alert!.clear![0]!(results).slice(0, 2)], [0, 1]);
  assert.equal(alert!.message[0]!(results, 0), 'Bus 1029 on 550: 125% of 80, r critical');
});

test('a rule for each reading: fields, lets, tags and lookups in its alerts', () => {
  const rule = ruleOf(`
    from: bus, lookup: { fleet: { file: fleet.csv, key: vehicle } }, let: { free: fleet.capacity - load },
    alert: [{ severity: warning, when: 'free < 5 && vehicle != "7"' }], forward: { on_change: 0.5 }`);
  assert.deepEqual([rule.window, rule.aggregates, rule.computes], [undefined, [], []]);
  assert.deepEqual(rule.by, ['operator', 'vehicle', 'route']);
  assert.deepEqual(rule.forward, { measurement: 'r', onChange: 0.5 });
  const rows = readings([{ load: 76, temp: 1, state: null, series: 0 }]);
  rows.columns[4] = rule.inputs[0]!.lets[0]!.compiled.kernel(rows);
  const [alert] = rule.alerts;
  assert.equal(alert!.when[0]!(rows)[0], 1);
  assert.equal(alert!.clear, undefined);
  assert.deepEqual(alert!.notify, ['log']);
  const message = 'r: free < 5 && vehicle != "7" (free 4; operator 18, vehicle 1029, route 550)';
  assert.equal(alert!.message[0]!(rows, 0), message);
});

test('a rule over several devices is compiled for the layout of each', () => {
  const rule = ruleOf(`from: [bus, tram], window: { tumbling: 1m }, compute: { load: max(load) }`);
  assert.deepEqual(rule.by, ['vehicle']);
  assert.deepEqual(
    rule.inputs.map(({ keyTags }) => keyTags),
    [[1], [0]],
  );
  assert.equal(rule.latenessMs, 30_000);
  assert.equal(rule.aggregates.length, 1);
  const readingRule = ruleOf(`
    from: [bus, tram], let: { double_load: load * 2 }, forward: false, alert: [{ severity: info, when: double_load > 9 }]`);
  assert.deepEqual([readingRule.alerts[0]!.when.length, readingRule.alerts[0]!.message.length], [2, 2]);
});

test('silence', () => {
  assert.deepEqual(ruleOf('from: bus, silent: true').silent, {
    afterMs: 300_000,
    severity: 'warning',
    message: '{key} is silent: no reading for 5m',
    notify: ['log'],
    repeatMs: undefined,
  });
  const { silent } = ruleOf(
    `from: bus, silent: { severity: critical, message: '{severity}: {vehicle} is gone' }`,
  );
  assert.equal(silent!.message, 'critical: {vehicle} is gone');
});

test('all devices are in the plan, with the gateway', () => {
  const plan = planOf('rules: []');
  assert.equal(plan.gateway, 'depot');
  assert.deepEqual(
    plan.devices.map(({ tags }) => tags),
    [['operator', 'vehicle', 'route'], ['vehicle']],
  );
  assert.deepEqual(plan.devices[0]!.fields, [
    { name: 'load', type: 'number' },
    { name: 'temp', type: 'number' },
    { name: 'door', type: 'boolean' },
    { name: 'state', type: 'string' },
  ]);
});

test('the state of a rule outlives edits that do not shape it', () => {
  const base = `from: bus, by: [vehicle], window: { tumbling: 1m }, let: { t: temp * 2, u: t + 1, v: 7 * 2 }, where: 'load > 0',
    compute: { a: max(u), b: min(load) }, alert: [{ severity: warning, when: a > 1 }]`;
  const hash = (text: string): string => ruleOf(text).stateHash;
  const same: readonly (readonly [string, string])[] = [
    ['when: a > 1', 'when: a > 2'],
    ['severity: warning', 'severity: critical'],
    ['max(u)', '2 * max( u )'],
    ['b: min(load)', 'b: min(load), c: a - b'],
    ['load > 0', 'load > 1'],
    ['7 * 2', '8 * 2'],
    ['temp * 2', '(temp)*2'],
  ];
  for (const [from, to] of same) assert.equal(hash(base.replace(from, to)), hash(base), `${from} → ${to}`);
  const other: readonly (readonly [string, string])[] = [
    ['tumbling: 1m', 'tumbling: 2m'],
    ['by: [vehicle]', 'by: [route]'],
    ['max(u)', 'max(t)'],
    ['min(load)', 'max(load)'],
    ['temp * 2', 'temp * 3'],
    ['t + 1', 't + 2'],
  ];
  for (const [from, to] of other)
    assert.notEqual(hash(base.replace(from, to)), hash(base), `${from} → ${to}`);
  assert.match(hash(base), /^[0-9a-f]{64}$/);
});

test('a rule that does nothing is a warning, not an error', () => {
  const compiled = compileText('rules: [{ name: idle, from: bus, forward: false }]', [bus]);
  assert.deepEqual(toldOf(compiled), [
    '[idle] rule idle neither forwards nor alerts → remove `forward: false`, or add `alert`',
  ]);
  assert.equal(compiled.plan?.rules.length, 1);
});

test('without all devices of a rule there is no plan; why is said between the files', () => {
  const compiled = compileText('rules: [{ name: r, from: [bus, train] }]', [bus]);
  assert.deepEqual([compiled.plan, compiled.problems], [undefined, []]);
});

test('the rows of a table can be swapped under a plan', () => {
  const { plan, tables } = compileText(
    'rules: [{ name: r, from: bus, lookup: { fleet: { file: fleet.csv, key: vehicle } }, let: { c: fleet.capacity } }]',
    [bus],
    files,
  );
  assert.deepEqual(
    tables.map(({ path }) => path),
    ['/site/rules/fleet.csv'],
  );
  const { kernel } = plan!.rules[0]!.inputs[0]!.lets[0]!.compiled;
  const rows = readings([{ load: 1, temp: 1, state: null, series: 0 }]);
  assert.equal(kernel(rows)[0], 80);
  tables[0]!.table.replace('vehicle,capacity,model\n1029,81,Volvo\n');
  assert.equal(kernel(rows)[0], 81);
});

test('a table is read once for all rules that name it', () => {
  const plan = planOf(`rules:
    - { name: one, from: bus, let: { c: fleet.capacity }, lookup: { fleet: { file: fleet.csv, key: vehicle } } }
    - { name: two, from: bus, let: { c: f.capacity }, lookup: { f: { file: tables/fleet.yaml, key: vehicle } } }`);
  const rows = readings([{ load: 1, temp: 1, state: null, series: 0 }]);
  assert.deepEqual(
    plan.rules.map(({ inputs }) => inputs[0]!.lets[0]!.compiled.kernel(rows)[0]),
    [80, 80],
  );
});
