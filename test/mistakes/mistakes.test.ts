/**
 * What people get wrong in their first files, and what `headgate check` tells them, to the letter.
 *
 * Each folder here holds the files of a gateway with one mistake, and `expected.txt`, what the terminal shows. After a
 * change of words: `UPDATE_MISTAKES=1 node --test test/mistakes/mistakes.test.ts`, and read the difference as the one who made
 * the mistake.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkCommand } from '../../src/cli/check.ts';

const here = import.meta.dirname;
const started = process.cwd();
after(() => process.chdir(started));

async function check(folder: string): Promise<string> {
  process.chdir(folder);
  let said = '';
  const stdout = { write: (text: string) => (said += text) };
  const code = await checkCommand({ paths: [], format: 'text', env: {}, stdout });
  return `$ headgate check\n${said}exit code ${code}\n`;
}

const names = readdirSync(here).filter((name) => /^\d/.test(name));

test('there are at least thirty of them', () => assert.ok(names.length >= 30));

for (const name of names) {
  test(name, async () => {
    const got = await check(join(here, name));
    const path = join(here, name, 'expected.txt');
    if (process.env.UPDATE_MISTAKES === '1') writeFileSync(path, got);
    assert.equal(got, readFileSync(path, 'utf8'));
  });
}
