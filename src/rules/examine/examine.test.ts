/** What a rule says without meaning it, and what it is told: word for word; and rules that are told nothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileText, deviceOf, toldOf } from '../testing.ts';

const bus = deviceOf(`
device: bus
topic: bus/{vehicle}
codec: json
tags: { site: { value: helsinki }, line: { path: line, default: none } }
fields:
  load: { type: integer, range: [0, 300], unit: persons }
  temp: { unit: degC, range: [-40, 60], outside: clamp }
  cabin: { unit: °C }
  hot: { unit: degF }
  pressure: { unit: bar }
  raw: { range: [0, 10], outside: keep }
  odometer: { unit: km, range: [0, 1000000] }
  door: { type: boolean }
  state: { type: string }
`);
const tram = deviceOf(`
device: tram
topic: tram/{vehicle}
codec: json
tags: { site: { value: espoo } }
fields: { temp: { unit: degF, range: [-40, 140] }, load: { range: [0, 500], unit: persons }, door: { type: boolean } }
`);
const files = { 'fleet.csv': 'vehicle,capacity\n1,80\n' };
const windowed = 'from: bus, by: [vehicle], window: { tumbling: 1m }';

function told(rule: string): string[] {
  return toldOf(compileText(`rules:\n  - { name: r, ${rule} }\n`, [bus, tram], files));
}

const surprises: Readonly<Record<string, readonly string[]>> = {
  // Units.
  "from: bus, where: 'temp > pressure'": [
    '[temp > pressure] `temp` is in degC, `pressure` in bar: `>` compares values of one unit → convert one of them, or correct its `unit` in the device profile',
  ],
  'from: bus, let: { a: temp + load }': [
    '[temp + load] `temp` is in degC, `load` in persons: `+` adds values of one unit → convert one of them, or correct its `unit` in the device profile',
  ],
  "from: bus, let: { a: 'door ? temp : pressure', b: 'greatest(temp, 0, pressure)' }": [
    '[door ? temp : pressure] `temp` is in degC, `pressure` in bar: `? :` chooses between values of one unit → convert one of them, or correct its `unit` in the device profile',
    '[greatest(temp, 0, pressure)] `temp` is in degC, `pressure` in bar: `greatest` chooses between values of one unit → convert one of them, or correct its `unit` in the device profile',
  ],
  [`${windowed}, compute: { a: avg(temp), b: max(hot), c: rate(odometer), d: a - b, e: c + last(odometer) }`]:
    [
      '[a - b] `a` is in degC, `b` in degF: `-` subtracts values of one unit → convert one of them, or correct its `unit` in the device profile',
      '[c + last(odometer)] `c` is in km/s, `last(odometer)` in km: `+` adds values of one unit → convert one of them, or correct its `unit` in the device profile',
    ],
  [`${windowed}, compute: { a: count(temp > hot) }`]: [
    '[temp > hot] `temp` is in degC, `hot` in degF: `>` compares values of one unit → convert one of them, or correct its `unit` in the device profile',
  ],
  'from: [bus, tram], window: { tumbling: 1m }, compute: { a: max(temp) }': [
    '[[bus, tram]] `temp` is in degC in bus, in degF in tram → convert one of them in its profile, with `scale` and `offset`, or write a rule for each',
  ],
  // Conditions that cannot hold.
  "from: bus, where: 'load > 400'": [
    '[load > 400] `load > 400` is never true, so no reading counts: `load` is from 0 to 300, its `range` → correct the number, or the `range` of `load` in the profile of bus',
  ],
  'from: bus, where: \'door && site == "espoo"\'': [
    '[site == "espoo"] `site == "espoo"` is never true, so no reading counts: `site` is "helsinki", a constant tag → correct the text, or tag `site` in the profile of bus',
  ],
  "from: bus, where: 'temp > 20 && temp < 10'": [
    '[temp > 20 && temp < 10] `temp > 20 && temp < 10` is never true, so no reading counts: its parts exclude each other → join them with || for one or the other',
  ],
  "from: bus, where: 'load == 2.5 || door'": [
    '[load == 2.5] `load == 2.5` is never true: `load` is from 0 to 300, its `range` → correct the number, or the `range` of `load` in the profile of bus',
  ],
  "from: [bus, tram], forward: false, alert: [{ when: 'load > 500', clear: 'load < 400' }]": [
    '[load > 500] `load > 500` is never true, so this alert never fires: `load` is from 0 to 300, its `range` → correct the number, or the `range` of `load` in the profile of bus',
  ],
  "from: bus, where: 'load < 100', alert: [{ when: 'load > 200' }]": [
    '[load > 200] `load > 200` is never true, so this alert never fires: `load` is from 0 to 99 → correct it, or remove it',
  ],
  [`${windowed}, compute: { n: count() }, alert: [{ severity: info, when: n == 0 }, { severity: warning, when: n >= 1 }]`]:
    [
      '[n == 0] `n == 0` is never true, so this alert never fires: `n` is at least 1, for a window without readings has no result → for keys that stop sending write `silent: true`; to count some of the readings write count(condition), not `where`',
      '[n >= 1] `n >= 1` is always true, so this alert never clears: `n` is at least 1, for a window without readings has no result → for keys that stop sending write `silent: true`; to count some of the readings write count(condition), not `where`',
    ],
  [`${windowed}, compute: { a: fraction(door), b: time_in(door), c: avg(load) / 10 }, alert: [{ severity: info, when: a > 90 }, { severity: warning, when: b >= 90 }, { severity: critical, when: c > 31 }]`]:
    [
      '[a > 90] `a > 90` is never true, so this alert never fires: `a` is from 0 to 1, a share of the readings → write 90 % as 0.9',
      '[b >= 90] `b >= 90` is never true, so this alert never fires: `b` is from 0 to 60, seconds in a window of 1m → make the window longer, or compare with fewer seconds',
      '[c > 31] `c > 31` is never true, so this alert never fires: `c` is from 0 to 30 → correct it, or remove it',
    ],
  [`${windowed}, compute: { a: max(load) }, alert: [{ when: a > 250, clear: a < 400 }]`]: [
    '[a < 400] `a < 400` is always true, so this alert clears at the next result: `a` is from 0 to 300, its `range` → correct the number, or the `range` of `load` in the profile of bus',
  ],
  [`${windowed}, compute: { a: max(load) }, alert: [{ when: a > 250, clear: a < 0 }]`]: [
    '[a < 0] `a < 0` is never true, so this alert never clears: `a` is from 0 to 300, its `range` → correct the number, or the `range` of `load` in the profile of bus',
  ],
  // Thresholds that work against each other.
  [`${windowed}, compute: { a: max(temp) }, alert: [{ when: a > 5, clear: a < 8 }]`]: [
    '[a < 8] `clear` and `when` both hold, such as for `a` = 6: the alert clears, and fires again at the next result → let `clear` begin where `when` has ended: a gap between the two, such as when: x > 8, clear: x < 5',
  ],
  [`${windowed}, compute: { a: max(temp) }, alert: [{ severity: critical, when: a > 30 }, { severity: warning, when: a > 50 }]`]:
    [
      '[a > 50] warning is never seen: whenever `a > 50` holds, `a > 30` of critical holds too → exchange the two thresholds, or remove this alert',
    ],
  [`${windowed}, compute: { a: max(temp) }, alert: [{ when: a > 30, for: 1m }]`]: [
    '[1m] this `for` changes nothing: it counts from the start of the first window, and 1m of it have passed when that closes → write 2m or more to wait for a second one, or remove it',
  ],
  // What no one reads.
  [`${windowed}, let: { k: temp + 273.15, l: load }, lookup: { fleet: { file: fleet.csv, key: vehicle } }, compute: { a: max(k) }`]:
    [
      '[load] no one reads `l` → use it, such as under `compute`: l: last(l); or remove it',
      '[fleet.csv] no one reads table `fleet` → use a column of it, fleet.…, or remove it',
    ],
  'from: bus, let: { k: temp + 273.15 }, forward: false, alert: [{ when: load > 5 }]': [
    '[temp + 273.15] no one reads `k` → use it in `where` or `alert`, or remove it',
  ],
};

for (const [rule, expected] of Object.entries(surprises)) {
  test(`says of ${rule}`, () => {
    assert.deepEqual(told(rule), expected);
  });
}

const sound: readonly string[] = [
  // Constants fit any unit, conversions are not known, spellings of one unit are one.
  "from: bus, let: { k: temp + 273.15, f: temp * 1.8 + 32 }, where: 'temp < cabin && k > 250 && f > hot'",
  "from: bus, where: 'temp in [1, 2] || clamp(temp, 0, 100) > 5 || abs(temp - cabin) > pressure'",
  "from: bus, where: 'load / odometer > pressure * temp'",
  `${windowed}, compute: { a: stddev(temp), b: last(pressure), c: a > b, d: slope(temp) > b, e: time_in(door) > b / 2 }`,
  `${windowed}, compute: { temp: last(temp), pressure: max(temp), b: temp > pressure }`,
  // A condition that is always true still asks for a value; a literal is meant so.
  "from: bus, where: 'load >= 0 && temp > -100'",
  "from: bus, where: 'true', alert: [{ when: 'has(load)' }, { severity: info, when: false }]",
  // True of one device only.
  "from: [bus, tram], forward: false, where: 'site == \"espoo\"', alert: [{ when: 'load > 400' }]",
  // Bounds that do not bind.
  'from: bus, where: \'raw > 11 && line == "550" && state != "a"\'',
  `${windowed}, compute: { a: avg(load), b: sum(load), c: delta(odometer), d: 'percentile(load, 95)' }, alert: [{ severity: info, when: a > 299 || d > 300 }, { severity: warning, when: b > 400 || c > 5 }]`,
  // Thresholds with a gap; of counts there is none between 5 and 6.
  `${windowed}, compute: { n: count(door) }, alert: [{ when: n > 5, clear: n < 6 }]`,
  `${windowed}, compute: { a: max(temp), n: 'count(temp > 3)' }, alert: [{ when: a > 5, clear: n < 8 }]`,
  `${windowed}, compute: { a: max(temp) }, alert: [{ when: a > 5 || a < -5, clear: a < 5 && a > -5 }]`,
  // A higher severity that waits longer, or clears sooner, leaves the lower one to be seen.
  `${windowed}, compute: { a: max(temp) }, alert: [{ severity: critical, when: a > 30, for: 2m }, { severity: warning, when: a > 50 }]`,
  `${windowed}, compute: { a: max(temp) }, alert: [{ severity: critical, when: a > 30 }, { severity: warning, when: a > 50, clear: a < 20 }]`,
  'from: bus, window: { sliding: 10m, every: 30s }, compute: { a: max(temp) }, alert: [{ when: a > 30, for: 1m }]',
  'from: bus, window: { tumbling: 1m, emit: 10s }, compute: { a: max(temp) }, alert: [{ when: a > 30, for: 1m }]',
  // Read in a message, by another `let`, by a lookup in compute.
  'from: bus, let: { k: temp + 273.15, l: k / 2 }, forward: false, alert: [{ when: load > 5, message: "{l:.1f}" }]',
  `${windowed}, lookup: { fleet: { file: fleet.csv, key: vehicle } }, compute: { a: max(load) / fleet.capacity }`,
  'from: bus, let: { k: temp + 273.15 }',
];

for (const rule of sound) {
  test(`says nothing of ${rule}`, () => {
    assert.deepEqual(told(rule), []);
  });
}

test('what is known of results is known to the rules that read them', () => {
  const rules = `rules:
  - { name: second, from: 'rule:first', by: [], window: { tumbling: 5m }, compute: { a: max(most), p: max(bars) },
      alert: [{ severity: info, when: a > 400 }, { severity: warning, when: a > p }] }
  - { name: first, from: bus, window: { tumbling: 1m }, let: { unread: load * 2 }, compute: { most: max(load), bars: max(pressure) }, forward: false }
  - { name: third, from: bus, let: { shown: load * 2 }, forward: false }
  - { name: fourth, from: 'rule:third', where: shown > 700 }
`;
  assert.deepEqual(toldOf(compileText(rules, [bus])), [
    '[load * 2] no one reads `unread` → use it, such as under `compute`: unread: last(unread); or remove it',
    '[a > 400] `a > 400` is never true, so this alert never fires: `a` is from 0 to 300, its `range` → correct the number, or the `range` of `load` in the profile of bus',
    '[a > p] `a` is in persons, `p` in bar: `>` compares values of one unit → convert one of them, or correct its `unit` in the device profile',
    '[shown > 700] `shown > 700` is never true, so no reading counts: `shown` is from 0 to 600 → correct it, or remove it',
  ]);
});

test('functions with memory keep units, and promise no bounds', () => {
  assert.deepEqual(
    told(`${windowed}, compute: { a: max(load), b: lag(a) > 400, c: 'has(prev.a) && prev.a > 400' }`),
    [],
  );
  assert.deepEqual(told("from: bus, where: 'ewma(temp, 5m) > pressure'"), [
    '[ewma(temp, 5m) > pressure] `ewma(temp, 5m)` is in degC, `pressure` in bar: `>` compares values of one unit → convert one of them, or correct its `unit` in the device profile',
  ]);
});
