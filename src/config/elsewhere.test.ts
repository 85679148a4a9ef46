import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readYaml } from './document.ts';
import { ruleFileSchema } from './rule-schema.ts';
import { validate } from './validate.ts';

function told(rule: string): string[] {
  const file = readYaml('x.yaml', '/x.yaml', `rules: [{ name: r, from: press, ${rule} }]`);
  return validate('rules', ruleFileSchema, file).diagnostics.map(
    ({ message, remedy }) => `${message} → ${remedy}`,
  );
}

test('a key that stands in the wrong place, or has another name here', () => {
  const example = '`active: { cron: "* 6-21 * * 1-5", zone: Europe/Helsinki }`';
  assert.deepEqual(told('schedule: "* 6-21 * * *"'), [
    `unknown key \`schedule\` → write ${example}: it says when the rule judges`,
  ]);
  assert.deepEqual(told('alert: [{ when: temp > 1, active: { cron: "* 6-21 * * *" } }]'), [
    `unknown key \`active\` → write ${example} beside \`alert\`: it holds for the whole rule`,
  ]);
  assert.deepEqual(told('silent: { active: { cron: "* 6-21 * * *" } }'), [
    `unknown key \`active\` → write ${example} beside \`silent\`: it holds for the whole rule`,
  ]);
  assert.deepEqual(told('active: { zone: UTC }'), ['`cron` is missing → add `cron: …`']);
});
