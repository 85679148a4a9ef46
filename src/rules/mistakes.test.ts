/** What people get wrong in rules, and what they are told: word for word, with the marked text. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functions } from '../expression/functions.ts';
import { aggregates } from './functions.ts';
import { memoryFunctions } from './memory/memory-functions.ts';
import { compileText, lathe, press, toldOf } from './testing.ts';

const files = {
  'fleet.csv': 'machine,limit,model\nm1,90,A\n',
  'halls.csv': 'hall,area\nh1,12\n',
  'twice.csv': 'machine,limit\nm1,90\nm1,91\n',
};

const windowed = 'from: press, by: [machine], window: { tumbling: 1m }';
const lookup = 'lookup: { fleet: { file: fleet.csv, key: machine } }';

/** The inside of a rule; everything that is said of it. */
const mistakes: Readonly<Record<string, readonly string[]>> = {
  "from: press, where: 'tmp > 90'": ['[tmp] unknown field `tmp` of device press → did you mean `temp`?'],
  'from: press, where: \'state == fault || open != state || state in [fault, "x"]\'': [
    '[fault] unknown field `fault` of device press → is it a text? write it in quotes: "fault"',
    '[open] unknown field `open` of device press → is it a text? write it in quotes: "open"',
    '[fault] unknown field `fault` of device press → is it a text? write it in quotes: "fault"',
  ],
  "from: press, where: 'stat == fault || state == loda'": [
    '[fault] unknown field `fault` of device press → known here: temp, load, door, state, hall, machine',
    '[stat] unknown field `stat` of device press → did you mean `state`?',
    '[loda] unknown field `loda` of device press → did you mean `load`?',
  ],
  'from: press, where: yes': ['[yes] unknown field `yes` of device press → write true'],
  "from: press, let: { a: 'coalesce(temp, 0)', b: mean(temp), c: 'length(state)' }": [
    '[coalesce] unknown function `coalesce` → write has(x) ? x : 0',
    '[mean] unknown function `mean` → write avg(x)',
    '[length] unknown function `length` → write size(text)',
  ],
  [`${windowed}, compute: { a: mean(temp), b: 'p95(temp)' }`]: [
    '[mean] unknown function `mean` → write avg(x)',
    '[p95] unknown function `p95` → write percentile(x, 95)',
  ],
  "from: press, where: 'temp + 1'": [
    '[temp + 1] `where` is a condition; `temp + 1` is a number → compare it with something: (temp + 1) > 0',
  ],
  "from: press, where: 'max(temp) > 90'": [
    '[max] `max` looks at many readings → aggregates go under `compute`, in a rule with a `window`: max_temp: max(temp)',
  ],
  'from: [press, lathe], where: \'state == "on"\'': [
    '[state] unknown field `state` of device lathe → known here: temp, load, machine',
    // Without a window the fields of both go to one measurement.
    '[[press, lathe]] `temp` is a number in press, a string in lathe: one measurement has one type for it → split the rule, or give one of the fields another name',
  ],
  'from: press, by: [machin]': ['[machin] `machin` is not a tag of device press → did you mean `machine`?'],
  'from: press, by: [state]': [
    '[state] `state` is not a tag of device press → it is a field: a key is made of tags; make it one in the device profile',
  ],
  'from: [press, lathe], by: [hall], forward: false, silent: true': [
    '[hall] `hall` is not a tag of device lathe → its tags: machine',
    '[true] device press does not say when it is silent → add `silent_after: 1m` to the profile of press',
    '[true] device lathe does not say when it is silent → add `silent_after: 1m` to the profile of lathe',
  ],
  'from: press, let: { temp: load * 2 }': [
    '[load * 2] `temp` is already a field of device press → choose another name',
  ],
  'from: press, let: { a: b + 1, b: load }': [
    '[b] unknown field `b` of device press → `b` is computed below: move it above',
  ],
  'from: press, let: { a: b + 1, b: c, c: a }': [
    '[b] unknown field `b` of device press → a cycle: a needs b needs c needs a; break it',
    '[c] unknown field `c` of device press → a cycle: b needs c needs a needs b; break it',
  ],
  'from: press, let: { a: a + 1 }': [
    '[a] unknown field `a` of device press → a name cannot be computed from itself',
  ],
  'from: press, let: { a: qqq, b: a + 1 }, where: b > 1': [
    '[qqq] unknown field `qqq` of device press → known here: temp, load, door, state, hall, machine',
  ],
  'from: [press, lathe], forward: false, let: { t: temp }, alert: [{ severity: info, when: load > 1 }]': [
    '[temp] `t` is a number for press, a string for lathe → one name has one type: convert with double(…) or string(…)',
  ],
  [`${windowed}, where: 'hot > 1', compute: { hot: max(temp) }`]: [
    '[hot] unknown field `hot` of device press → `hot` is computed once the window closes: use it in `compute` or `alert`',
  ],
  [`${windowed}, compute: { a: temp }`]: [
    '[temp] unknown name `temp` among the results of rule r → it is a value of each reading: put it into an aggregate, such as last(temp)',
  ],
  [`${windowed}, compute: { temp: temp * 2 }`]: [
    '[temp] unknown name `temp` among the results of rule r → a name cannot be computed from itself; a field of that name goes into an aggregate, such as last(…)',
  ],
  [`${windowed}, compute: { a: b, b: count() }`]: [
    '[b] unknown name `b` among the results of rule r → `b` is computed below: move it above',
  ],
  [`${windowed}, compute: { a: last(hall), b: hall }`]: [
    '[hall] unknown name `hall` among the results of rule r → it is a tag outside of the key: add it to `by`, or compute last(hall)',
  ],
  [`${windowed}, compute: { machine: count() }`]: [
    '[count()] `machine` is a tag of the key → choose another name: a point cannot have a tag and a field of one name',
  ],
  [`${windowed}, compute: { a: max(temp) && true, b: 'max(temp) > last(state)' }`]: [
    '[max(temp)] `max(temp)` is a number: `&&` joins conditions → write max(temp) != 0, or another comparison',
    '[max(temp) > last(state)] `max(temp)` is a number, `last(state)` a string: `>` compares two of one type → write double(last(state))',
  ],
  [`${windowed}, compute: { a: sum(), b: 'max(temp, load)' }`]: [
    '[sum()] `sum` takes 1 argument, not 0 → write sum(x)',
    '[max(temp, load)] `max` takes 1 argument, not 2 → write max(x)',
  ],
  [`${windowed}, compute: { a: count(temp) }`]: [
    '[temp] `count` takes a condition; `temp` is a number → write count() for all readings, count(has(temp)) for those that have it',
  ],
  [`${windowed}, compute: { a: avg(state), b: sum(door) }`]: [
    '[state] `avg` takes a number; `state` is a string → write avg(double(state))',
    '[door] `sum` takes a number; `door` is a boolean → write sum(door ? 1 : 0)',
  ],
  [`${windowed}, compute: { a: any(temp), b: time_in(state) }`]: [
    '[temp] `any` takes a condition; `temp` is a number → compare it with something: any(temp > 0)',
    '[state] `time_in` takes a condition; `state` is a string → compare it with something: time_in(state == "…")',
  ],
  [`${windowed}, compute: { a: argmax(temp), b: 'argmin(tmp, state)', c: 'argmax(state, door)' }`]: [
    '[argmax(temp)] `argmax` takes 2 arguments, not 1 → write argmax(x, y)',
    '[tmp] unknown field `tmp` of device press → did you mean `temp`?',
    '[state] `argmin` takes a number there; `state` is a string → write double(state) there',
    '[door] `argmax` takes a number there; `door` is a boolean → write door ? 1 : 0 there',
  ],
  [`${windowed}, compute: { a: max(min(temp)) }`]: [
    '[min] `min` stands inside of another aggregate → an aggregate takes values of single readings',
  ],
  [`${windowed}, compute: { a: max(temp), b: max(a) }`]: [
    '[a] unknown field `a` of device press → `a` is a result of the window: use it outside of the aggregate',
  ],
  [`${windowed}, compute: { a: percentile(temp), b: 'percentile(temp, load)', c: 'percentile(temp, 950)' }`]:
    [
      '[percentile(temp)] `percentile` takes 2 arguments, not 1 → write percentile(x, p)',
      '[load] `load` is not a constant number → write p out: a number from 0 to 100',
      '[950] p is 950; it goes from 0 to 100 → write a number from 0 to 100',
    ],
  [`${windowed}, compute: { a: maxx(temp), b: perzentile(temp) }`]: [
    '[maxx] unknown function `maxx` → did you mean `max`?',
    '[perzentile] unknown function `perzentile` → did you mean `percentile`?',
  ],
  [`${windowed}, compute: { a: frobnicate(temp) }`]: [
    `[frobnicate] unknown function \`frobnicate\` → known functions: ${[aggregates, memoryFunctions, functions].flatMap((map) => Object.keys(map)).join(', ')}`,
  ],
  'from: [press, lathe], window: { tumbling: 1m }, compute: { a: last(temp) }': [
    '[last(temp)] the argument of `last` is a number for press, a string for lathe → one rule computes with one type: convert with double(…) or string(…), or split the rule',
  ],
  [`${windowed}, compute: { a: count() }, alert: [{ severity: info, when: temp > 90 }]`]: [
    '[temp] unknown name `temp` among the results of rule r → it is a value of each reading: compute it, such as `temp_last: last(temp)`, and use that',
  ],
  [`${windowed}, compute: { a: count() }, alert: [{ severity: info, when: max(temp) > 90, clear: a }]`]: [
    '[max] `max` belongs under `compute` → write it there, `max_temp: max(temp)`, and use max_temp here',
    '[a] `clear` is a condition; `a` is a number → compare it with something: a > 0',
  ],
  [`${windowed}, compute: { a: count() }, alert: [{ severity: info, when: a > 1, message: "{b} at {a:.2}" }]`]:
    [
      '[b] unknown name `b` among the results of rule r → did you mean `a`?',
      '[.2] format `.2` lacks its letter → write .2f for 2 decimals, .2g for 2 digits in all',
    ],
  [`from: press, ${lookup}, let: { a: load / fleet.limt, b: fleet, c: flet.limit }`]: [
    '[fleet.limt] unknown column `limt` of fleet.csv → did you mean `fleet.limit`?',
    '[fleet] `fleet` is a table, not a value → name a column of it: fleet.limit',
    '[flet.limit] unknown lookup table `flet` → did you mean `fleet.limit`?',
  ],
  'from: press, lookup: { fleet: { file: flet.csv, key: machine } }, let: { a: fleet.limit }': [
    '[flet.csv] lookup table flet.csv does not exist → create /site/rules/flet.csv',
  ],
  'from: press, lookup: { fleet: { file: ../users.csv, key: machine } }': [
    '[../users.csv] lookup table ../users.csv is outside of the rules folder → move it into /site/rules',
  ],
  'from: press, lookup: { fleet: { file: /etc/passwd, key: machine } }': [
    '[/etc/passwd] lookup table /etc/passwd is outside of the rules folder → move it into /site/rules',
  ],
  'from: press, lookup: { fleet: { file: twice.csv, key: machine } }': [
    '[twice.csv] machine m1 stands twice in twice.csv → keep one row for each',
  ],
  'from: press, lookup: { fleet: { file: fleet.csv, key: model } }, let: { a: fleet.limit }': [
    '[model] `model` is not a tag of device press → its tags: hall, machine',
  ],
  [`${windowed}, lookup: { halls: { file: halls.csv, key: hall } }, compute: { a: count(), b: halls.area }`]:
    ['[halls.area] `halls.area` cannot be looked up here → halls is looked up by `hall`: add that to `by`'],
  'from: press, silent: { severity: info, message: "{machin} has {temp}" }': [
    '[{ severity: info, message: "{machin} has {temp}" }] device press does not say when it is silent → add `silent_after: 1m` to the profile of press',
    '[machin] unknown name `machin`: the message about a silent key has no values, only tags of the key → did you mean `machine`?',
    '[temp] unknown name `temp`: the message about a silent key has no values, only tags of the key → known here: hall, machine, key, rule, severity',
  ],
};

for (const [rule, expected] of Object.entries(mistakes)) {
  test(`explains ${rule}`, () => {
    const compiled = compileText(`rules:\n  - { name: r, ${rule} }\n`, [press, lathe], files);
    assert.deepEqual(toldOf(compiled), expected);
    assert.equal(compiled.plan, undefined);
  });
}

test('the mistakes of all rules come at once', () => {
  const rules = `rules:
  - { name: one, from: press, where: tmp > 1 }
  - { name: two, from: press }
  - { name: three, from: press, where: temp = 1 }
`;
  assert.deepEqual(toldOf(compileText(rules, [press])), [
    '[tmp] unknown field `tmp` of device press → did you mean `temp`?',
    '[=] `=` is not an operator → write ==',
  ]);
});
