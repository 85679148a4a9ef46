/** Rules that read rules: what they see, and what is said of mistakes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileText, deviceOf, toldOf } from './testing.ts';

const bus = deviceOf(`device: bus
topic: bus/{operator}/{vehicle}
codec: json
fields:
  load: { type: integer }
  line: { type: string }
lateness: 30s
silent_after: 1m
`);

const upstream = `rules:
  - name: load
    from: bus
    window: { tumbling: 1m }
    compute: { top: max(load), line: last(line), full: any(load > 80) }
`;

/** Of a rule `r` with these keys, beside a rule over windows that computes `top`, `line` and `full`. */
function mistakesOf(keys: string, before = upstream): string[] {
  const rule = keys.trim().replace(/^/gm, '    ');
  return toldOf(compileText(`${before}  - name: r\n${rule}\n`, [bus]));
}

test('results are read by their names, with the tags of the key', () => {
  const { plan, problems } = compileText(
    `rules:
  - name: fleet
    from: rule:load
    by: [operator]
    where: line != "9" && has(top)
    let: { over: top - 80 }
    window: { tumbling: 5m }
    compute: { full: count(full), over: max(over) }
${upstream.slice('rules:\n'.length)}`,
    [bus],
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(
    plan!.rules.map(({ name }) => name),
    ['load', 'fleet'],
  );
  assert.deepEqual(
    plan!.devices.map(({ profile }) => profile.device),
    ['bus'],
  );
  const { device } = plan!.rules[1]!.inputs[0]!;
  assert.deepEqual(device.fields, [
    { name: 'top', type: 'number' },
    { name: 'line', type: 'string' },
    { name: 'full', type: 'boolean' },
  ]);
  assert.deepEqual(
    [device.tags, device.rule],
    [['operator', 'vehicle'], { name: 'load', lagMs: 30_000, left: { fields: ['load'], tags: [] } }],
  );
});

test('without a window the fields of the devices and `let` are read', () => {
  const before = `rules:
  - { name: kept, from: bus, by: [vehicle], let: { twice: load * 2 }, where: load > 0 }
`;
  assert.deepEqual(
    mistakesOf('from: rule:kept\nwhere: twice > load && line != "" && vehicle != ""', before),
    [],
  );
  assert.deepEqual(mistakesOf('from: rule:kept\nwhere: operator == "1"', before), [
    '[operator] unknown field `operator` of rule kept → add it to `by` of rule kept',
  ]);
});

test('mistakes name the rule that is read', () => {
  assert.deepEqual(mistakesOf('from: rule:load\nwhere: tpo > load\nlet: { top: 1 }'), [
    '[1] `top` is already a field of rule load → choose another name',
    '[tpo] unknown field `tpo` of rule load → did you mean `top`?',
    '[load] unknown field `load` of rule load → rule load reads it but does not compute it: add `load: last(load)` there',
  ]);
  assert.deepEqual(mistakesOf('from: rule:load\nby: [vehicel, top, route]'), [
    '[vehicel] `vehicel` is not a tag of rule load → did you mean `vehicle`?',
    '[top] `top` is not a tag of rule load → it is a value: a key is made of tags, of those in `by` of rule load',
    '[route] `route` is not a tag of rule load → its tags are its key: operator, vehicle',
  ]);
  assert.deepEqual(mistakesOf('from: rule:load\nsilent: true'), [
    '[true] `silent` is about devices; this rule reads rule load → write it in a rule that reads the devices',
  ]);
  assert.deepEqual(
    mistakesOf('from: rule:load\nwindow: { tumbling: 5m, watermark: global }\ncompute: { n: count() }'),
    [
      '[global] `watermark: global` is for rules that read devices only; this one reads rule load → remove it: windows wait for the results they are made of',
    ],
  );
});

test('a rule that reads a wrong one is not judged', () => {
  const wrong = `rules:
  - { name: load, from: bus, window: { tumbling: 1m }, compute: { top: max(laod) } }
`;
  assert.deepEqual(mistakesOf('from: rule:load\nwhere: nothing > 1', wrong), [
    '[laod] unknown field `laod` of device bus → did you mean `load`?',
  ]);
});

test('a rule without points and alerts is of use when another reads it', () => {
  const quiet = upstream.replace('compute:', 'forward: false\n    compute:');
  assert.deepEqual(mistakesOf('from: rule:load', quiet), []);
});

test('one name has one type also where only rules read it', () => {
  const before = `rules:
  - { name: load, from: [bus, other], by: [], forward: false }
`;
  const other = deviceOf('device: other\ntopic: o\ncodec: json\nfields: { load: { type: string } }\n');
  const told = toldOf(compileText(`${before}  - { name: r, from: rule:load }\n`, [bus, other]));
  assert.deepEqual(told, [
    '[[bus, other]] `load` is a number in bus, a string in other: one measurement has one type for it → split the rule, or give one of the fields another name',
  ]);
});

test('state outlives edits of the rule that is read, but not of its key', () => {
  const hashOf = (before: string): string =>
    compileText(
      `${before}  - { name: r, from: rule:load, by: [operator], window: { tumbling: 5m }, compute: { top: max(top) } }\n`,
      [bus],
    ).plan!.rules[1]!.stateHash;
  assert.equal(hashOf(upstream), hashOf(upstream.replace('load > 80', 'load > 90').replace('1m', '2m')));
  assert.notEqual(hashOf(upstream), hashOf(`${upstream}    by: [operator]\n`));
});
