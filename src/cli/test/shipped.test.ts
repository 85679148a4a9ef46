/** The shipped rules are proved by the tests beside them: every file, every rule, every severity. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { isTestFile, yamlFilesIn } from '../../config/files.ts';
import { loadAll } from '../../config/load.ts';
import { loadTestFiles } from '../../config/load-tests.ts';
import { packageFolder } from '../version.ts';
import { testCommand } from './test.ts';

const rules = join(packageFolder(), 'rules');

test('the tests of the shipped rules pass', async () => {
  let said = '';
  const stdout = { write: (text: string) => (said += text) };
  assert.equal(await testCommand({ paths: [rules], env: {}, stdout }), 0, said);
});

test('every severity of every shipped rule is seen to fire, and every rule to be ok', async () => {
  const { rules: shipped } = await loadAll(join(packageFolder(), 'headgate.yaml'), {});
  const { tests } = await loadTestFiles((await yamlFilesIn(rules)).paths.filter(isTestFile));
  const seen = new Set(
    tests
      .flatMap(({ content }) => content.tests)
      .flatMap(({ expect }) => expect)
      .flatMap((one) => ('alert' in one ? [`${one.alert} ${one.state} ${one.severity}`] : [])),
  );
  for (const { rule } of shipped) {
    const severities = [...rule.alert, ...(rule.silent ? [rule.silent] : [])].map((one) => one.severity);
    for (const severity of severities) {
      assert.ok(seen.has(`${rule.name} firing ${severity}`), `${rule.name} ${severity}`);
    }
    assert.ok(seen.has(`${rule.name} ok undefined`), rule.name);
  }
});
