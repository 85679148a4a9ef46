import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../core/errors.ts';
import { parseCron } from './cron.ts';
import { scheduleOf } from './schedule.ts';

test('minutes of the day, each once, and what an hour stands for', () => {
  assert.deepEqual(parseCron('0,30,0 22-1 * * *').minutes, [0, 30, 60, 90, 1320, 1350, 1380, 1410]);
  assert.deepEqual(parseCron('30 6 * * mon-fri').minutes, [390]);
  for (const every of ['0 * * * *', '0 */5 * * *', '0 0-23 * * *', '@hourly']) {
    assert.equal(parseCron(every).everyHour, true, every);
  }
  for (const named of ['0 6 * * *', '0 1-23/2 * * *', '@daily']) {
    assert.equal(parseCron(named).everyHour, false, named);
  }
});

test('days: plain numbers need no answer of node-cron, and give the same', () => {
  const plain = parseCron('0 0 13 1,7 5');
  const asked = parseCron('0 0 13 1,7 5#2');
  for (let day = 0; day < 40_000; day += 1) {
    const date = new Date(day * 86_400_000);
    const isOne = date.getUTCDate() === 13 && [0, 6].includes(date.getUTCMonth()) && date.getUTCDay() === 5;
    assert.equal(plain.isOn(day), isOne, date.toISOString());
    // The 13th is the second one of its weekday.
    if (isOne) assert.equal(asked.isOn(day), true, date.toISOString());
  }
});

function mistakeOf(cron: string, zone = 'UTC'): string {
  let told = '';
  assert.throws(
    () => scheduleOf(cron, zone),
    (error: unknown) => {
      assert.ok(error instanceof GatewayError);
      told = `${error.message} → ${error.remedy}`;
      return true;
    },
  );
  return told;
}

test('mistakes are told with a remedy', () => {
  assert.match(mistakeOf('0 24 * * *'), /^`24` is no hour: `0 24 \* \* \*` → hours are 0-23/);
  assert.match(mistakeOf('5/10 * * * *'), /^`5\/10` is no minute.* 5-59\/10/);
  assert.match(mistakeOf('0 25 * 13 *'), /`25` is no hour, `13` is no month.*0-23.*1-12/);
  assert.match(mistakeOf('0 0 * *'), /is no cron expression → write five fields/);
  assert.match(mistakeOf('daily'), /is no cron expression → write five fields/);
  assert.match(mistakeOf('@reboot'), /is no cron expression/);
  assert.match(mistakeOf('30 0 6 * * *'), /six fields.* → leave the seconds out: "0 6 \* \* \*"/);
  assert.match(mistakeOf('*/90 * * * *'), /`\*\/90` steps over every minute but the first → .*tumbling: 90m/);
  assert.match(mistakeOf('0 0 30 2 *'), /`0 0 30 2 \*` never comes → /);
  assert.match(mistakeOf('0 0 31W 2 *'), /never comes/);
  assert.match(mistakeOf('0 0 * * *', 'Europe/Helsingfors'), /unknown time zone/);
});
