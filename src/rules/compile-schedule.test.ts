/** What people get wrong in calendar windows and active hours, and what they are told. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileText, deviceOf, toldOf } from './testing.ts';

const press = deviceOf(
  'device: press\ntopic: plant/{machine}\ncodec: json\nfields: { temp: {} }\nsilent_after: 1m\n',
);

function told(rule: string): string[] {
  return toldOf(compileText(`rules: [{ name: r, from: press, ${rule} }]`, [press]));
}

const window = (text: string): string[] => told(`window: { ${text} }, compute: { n: count() }`);
const active = (text: string): string[] => told(`alert: [{ when: temp > 1 }], active: { ${text} }`);

test('a calendar window: mistakes at their key, both at once', () => {
  assert.deepEqual(window('calendar: "0 6,14,22 * * *", zone: Europe/Helsinki'), []);
  assert.deepEqual(
    window('calendar: "0 24 * * *", zone: Helsinki'),
    [
      '["0 24 * * *"] `24` is no hour: `0 24 * * *` → hours are 0-23, as 6, 6,14,22, 6-21, */2 or 1-23/2',
      '[Helsinki] unknown time zone "Helsinki" → did you mean Europe/Helsinki?',
    ].toReversed(),
  );
  assert.deepEqual(window('calendar: "0 0 30 2 *"'), [
    '["0 0 30 2 *"] `0 0 30 2 *` never comes → choose a day that those months have; L is the last day of a month',
  ]);
});

test('a calendar window that is not what was meant', () => {
  assert.deepEqual(window('calendar: "* 6 * * *"'), [
    '["* 6 * * *"] `* 6 * * *`: every minute of these hours begins a window → write 0 for the minute: "0 6 * * *"',
  ]);
  assert.deepEqual(window('calendar: "0 0 1 * 1"'), [
    '["0 0 1 * 1"] `0 0 1 * 1`: a day must be both, the day of the month and the weekday → ' +
      'other crons take either; for every such day leave one of them `*`',
  ]);
  assert.deepEqual(window('calendar: "0 0 1-7 * 1"'), [], 'the first Monday');
});

test('active hours', () => {
  assert.deepEqual(active('cron: "* 6-21 * * 1-5"'), []);
  assert.deepEqual(active('cron: "0 6-21 * * 1-5"'), [
    '["0 6-21 * * 1-5"] `0 6-21 * * 1-5`: active for one minute of an hour only → ' +
      'write * for the minute: "* 6-21 * * 1-5"',
  ]);
  assert.deepEqual(active('cron: "* * * * *"'), [
    '["* * * * *"] `* * * * *` is always: it limits nothing → name hours or days: "* 6-21 * * 1-5"',
  ]);
  assert.deepEqual(active('cron: "* 6-21 * * 1-8", zone: UTC+2'), [
    '[UTC+2] unknown time zone "UTC+2" → use a name of the IANA time zone database, such as Europe/Helsinki, or UTC',
    '["* 6-21 * * 1-8"] `1-8` is no weekday: `* 6-21 * * 1-8` → weekdays are 0-7 (0 and 7 are Sunday) or mon-sun; ' +
      '5L is the last Friday, 1#2 the second Monday',
  ]);
  assert.deepEqual(told('active: { cron: "* 6-21 * * *" }'), [
    '[{ cron: "* 6-21 * * *" }] `active` limits alerts, and the rule has none → ' +
      'remove it: points are forwarded at all times; or add `alert`',
  ]);
  assert.deepEqual(told('silent: true, active: { cron: "* 6-21 * * *" }'), []);
});
