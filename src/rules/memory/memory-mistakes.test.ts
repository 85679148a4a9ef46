/** What people get wrong with functions that remember, durations, `lag` and `prev`: word for word, with the marked text. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileText, lathe, press, toldOf } from '../testing.ts';

const files = { 'fleet.csv': 'machine,limit\nm1,90\n' };

const windowed = 'from: press, by: [machine], window: { tumbling: 1m }';

/** The inside of a rule; everything that is said of it. */
const mistakes: Readonly<Record<string, readonly string[]>> = {
  "from: press, where: 'zscore(temp, 3600) > 3'": ['[3600] `3600` is not a duration → write 3600s or 1h'],
  'from: press, where: \'zscore(temp, "1h") > zscore(temp, load)\'': [
    '["1h"] `"1h"` is not a duration → write 1h without quotes',
    '[load] `load` is not a duration → write it out, such as 1h',
  ],
  "from: press, where: 'zscore(temp) > stuck()'": [
    '[zscore(temp)] `zscore` takes 2 arguments, not 1 → write zscore(x, 1h)',
    '[stuck()] `stuck` takes 2 or 3 arguments, not 0 → write stuck(x, 10m) or stuck(x, 10m, tolerance)',
  ],
  "from: press, where: 'zscore(temp, 2000d) > zscore(temp, 1ms)'": [
    '[2000d] `2000d` is longer than 1000d → check the unit: ms, s, m, h or d',
    '[1ms] window of `zscore(x, 1h)` is 1ms; it goes from 10ms to 1000d → write a duration from 10ms to 1000d',
  ],
  "from: press, where: 'temp.zscore(1h) > 3'": [
    '[temp.zscore(1h)] `zscore` is not written after a dot → write zscore(temp, 1h)',
  ],
  "from: press, where: 'zscore(door, 1h) > 3 && mad(state, 1h) > 3'": [
    '[door] `zscore` takes a number; `door` is a boolean → write door ? 1 : 0 there',
    '[state] `mad` takes a number; `state` is a string → write double(state) there',
  ],
  "from: press, where: 'zscor(temp, 1h) > 3'": ['[zscor] unknown function `zscor` → did you mean `zscore`?'],
  "from: press, where: 'temp > 90s'": [
    '[90s] `90s` is a duration: only a function that asks for one takes it → write seconds as a number',
  ],
  "from: press, where: 'lag(temp, 1h) > lag(temp, 0) + lag(temp, 1.5) + lag(temp, load) + lag()'": [
    '[1h] `1h` is not a constant number → write n out: a number from 1 to 1000',
    '[0] n of `lag(x) or lag(x, n)` is 0; it goes from 1 to 1000 → write a whole number from 1 to 1000',
    '[1.5] n of `lag(x) or lag(x, n)` is 1.5; it goes from 1 to 1000 → write a whole number from 1 to 1000',
    '[load] `load` is not a constant number → write n out: a number from 1 to 1000',
    '[lag()] `lag` takes 1 or 2 arguments, not 0 → write lag(x) or lag(x, n)',
  ],
  "from: press, where: 'cusum(temp, 1h, 2h) > 3'": [
    '[2h] `2h` is not a constant number → write slack out: a number from 0 to 3',
  ],
  "from: press, where: 'prev.temp > 3 && prev.a > 3'": [
    '[prev.temp] rule r has no window before: `prev` needs one → for the reading before write lag(temp)',
    '[prev.a] rule r has no window before: `prev` needs one → for the reading before write lag(x)',
  ],
  'from: press, let: { a: lag(a) }': [
    '[a] unknown field `a` of device press → a name cannot be computed from itself',
  ],
  "from: press, let: { a: 'zscore(max(temp), 1h)' }": [
    '[max] `max` looks at many readings → aggregates go under `compute`, in a rule with a `window`: max_temp: max(temp)',
  ],
  // What stands on a mistake is not judged.
  "from: press, let: { a: 'zscore(ewma(tmp, 5m), 1h)', b: a + 1 }": [
    '[tmp] unknown field `tmp` of device press → did you mean `temp`?',
  ],
  'from: [press, lathe], forward: false, alert: [{ severity: info, when: has(lag(temp)) }]': [
    '[[{ severity: info, when: has(lag(temp)) }]] the argument of `lag` is a number for press, a string for lathe → one rule has one state: convert with double(…) or string(…), or split the rule',
  ],
  'from: press, lookup: { prev: { file: fleet.csv, key: machine } }': [
    '[{ file: fleet.csv, key: machine }] `prev` stands for the window before → give the table another name',
  ],
  [`${windowed}, where: 'prev.a > 3', compute: { a: max(temp) }`]: [
    '[prev.a] `prev.a` is of the window before; this is about single readings → use it in `compute` or `alert`; for the reading before write lag(x)',
  ],
  [`${windowed}, compute: { a: 'zscore(temp, 1h)', b: lag(temp), c: 'max(zscore(temp, 5))' }`]: [
    '[5] `5` is not a duration → write 5s',
    '[temp] unknown name `temp` among the results of rule r → it is a value of each reading: write `temp_zscore: zscore(temp, 1h)` in `let`, and here last(temp_zscore)',
    '[temp] unknown name `temp` among the results of rule r → it is a value of each reading: write `temp_lag: lag(temp)` in `let`, and here last(temp_lag)',
  ],
  [`${windowed}, compute: { a: max(temp), b: 'max(zscore(a, 1h))' }`]: [
    '[a] unknown field `a` of device press → `a` is a result of the window: use it outside of the aggregate',
  ],
  [`${windowed}, compute: { a: 'zscore(b, 1h)', b: max(temp) }`]: [
    '[b] unknown name `b` among the results of rule r → `b` is computed below: move it above',
  ],
  [`${windowed}, compute: { load: max(load), g: load - prev.laod, h: prev + 1, i: prev.temp, j: prev.speed }`]:
    [
      '[prev.laod] `laod` is not computed in rule r → did you mean `prev.load`?',
      '[prev] `prev` stands for all results of the window before → name one of them: prev.load, prev.g, prev.h, prev.i, prev.j',
      '[prev.temp] `temp` is not computed in rule r → compute it, such as `temp_last: last(temp)`, and write prev.temp_last',
      '[prev.speed] `speed` is not computed in rule r → known here: prev.load, prev.g, prev.h, prev.i, prev.j',
    ],
  [`${windowed}, compute: { load: max(load) }, alert: [{ when: load > prev.laod, message: "{prev.lod} {prev.load}" }]`]:
    [
      '[prev.laod] `laod` is not computed in rule r → did you mean `prev.load`?',
      '[prev.lod] `lod` is not computed in rule r → did you mean `prev.load`?',
    ],
  [`${windowed}, compute: { a: 'has(prev.b) ? prev.b : 0', b: 'has(prev.a) ? string(prev.a) : "x"' }`]: [
    '[\'has(prev.b) ? prev.b : 0\'] the type of `a` cannot be told: it follows from that of windows before alone → give it a value for the first window, in quotes: "has(prev.n) ? prev.n + 1 : 1"',
  ],
};

for (const [rule, expected] of Object.entries(mistakes)) {
  test(`explains ${rule}`, () => {
    const compiled = compileText(`rules:\n  - { name: r, ${rule} }\n`, [press, lathe], files);
    assert.deepEqual(toldOf(compiled), expected);
    assert.equal(compiled.plan, undefined);
  });
}
