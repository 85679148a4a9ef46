/**
 * Files that nobody wrote in good faith: each must be answered with a place and a remedy. Before there were limits these took
 * minutes, gigabytes, or for ever: the time limit of the whole run is what would tell.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { compileRules } from '../rules/compile.ts';
import { readTableFile } from '../rules/table-file.ts';
import { deviceOf } from '../rules/testing.ts';
import { yamlFilesIn } from './files.ts';
import { loadRules } from './load.ts';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-hostile-'));
  made.push(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

async function mistakesOf(text: string): Promise<string[]> {
  const { diagnostics } = await loadRules(folderWith({ 'a.yaml': text }));
  return diagnostics.map(({ message }) => message);
}

const numbers = (n: number): number[] => [...Array(n).keys()];

test('a pipe and a device without end are no files', async () => {
  const folder = folderWith({});
  execFileSync('mkfifo', [join(folder, 'pipe.yaml')]);
  symlinkSync('/dev/zero', join(folder, 'zero.yaml'));
  const { diagnostics, rules } = await loadRules(folder);
  assert.deepEqual(
    diagnostics.map(({ message }) => message),
    Array(2).fill('cannot read the file: it is a pipe, a socket or a device'),
  );
  assert.deepEqual(rules, []);
});

test('links in circles are walked once', async () => {
  const folder = folderWith({ 'a.yaml': 'rules: []\n' });
  for (const i of numbers(40)) symlinkSync('.', join(folder, `again${i}`));
  const { paths, diagnostics } = await yamlFilesIn(folder);
  assert.deepEqual([paths, diagnostics], [[join(folder, 'a.yaml')], []]);
});

test('a map of a hundred thousand keys, of which each is wrong', async () => {
  const mistakes = await mistakesOf(
    numbers(100_000)
      .map((i) => `key${i}: 1\n`)
      .join(''),
  );
  assert.deepEqual(
    mistakes,
    numbers(100).map((i) => `unknown key \`key${i}\``),
  );
});

test('a key that stands twice among a hundred thousand', async () => {
  const keys = numbers(100_000).map((i) => `key${i}: 1\n`);
  assert.ok((await mistakesOf([...keys, 'key7: 1\n'].join(''))).includes('this key stands twice'));
});

test('a hundred thousand rules of which each is wrong', async () => {
  const rules = numbers(30_000).map((i) => `  - name: r${i}\n    frm: press\n`);
  const mistakes = await mistakesOf(`rules:\n${rules.join('')}`);
  assert.ok(mistakes.length > 100 && mistakes.length <= 500, String(mistakes.length));
});

test('a hundred thousand lines that are not YAML', async () => {
  const mistakes = await mistakesOf('%\n'.repeat(100_000));
  assert.deepEqual([mistakes.length, mistakes.at(-1)], [50, 'this is not a directive']);
});

test('more signs than a person writes', async () => {
  assert.deepEqual(await mistakesOf(`rules: [${','.repeat(400_000)}]`), [
    'cannot read the file: it has more than 300000 lines, colons, commas and brackets',
  ]);
});

test('aliases: a bomb, a crowd, and one of itself', async () => {
  const names = [...'abcdefghij'];
  const bomb = names.slice(1).map((name, i) => `${name}: &${name} [${Array(9).fill(`*${names[i]}`)}]`);
  assert.deepEqual(await mistakesOf(`a: &a [x]\n${bomb.join('\n')}\n`), ['aliases unfold to too much data']);
  const crowd = numbers(20_000).map((i) => `y${i}: *a\n`);
  assert.deepEqual(await mistakesOf(`x: &a 1\n${crowd.join('')}`), ['more than 1000 aliases']);
  assert.deepEqual(await mistakesOf('rules: &a [*a]\n'), ['an alias contains itself']);
});

test('tags of YAML make nothing', async () => {
  for (const tag of [
    '!!js/function',
    '!!js/regexp',
    '!!binary',
    '!!set',
    '!<tag:yaml.org,2002:js/undefined>',
    '!x',
  ]) {
    assert.deepEqual(await mistakesOf(`rules: ${tag} "x"\n`), ['a value that starts with `!` needs quotes']);
  }
});

test('lists longer than a rule needs', async () => {
  const by = numbers(50_000).join('a, a');
  const from = numbers(20_000).join('a, a');
  const mistakes = await mistakesOf(`rules:\n  - { name: r, from: [a${from}], by: [a${by}] }\n`);
  assert.deepEqual(mistakes, [
    'expected at most 1000 items, got a list of 20000',
    'expected at most 100 items, got a list of 50000',
  ]);
});

const press = deviceOf('device: press\ntopic: plant/{machine}\ncodec: json\nfields: { temp: {} }\n');

async function problemsWithTable(file: string, prepare: (folder: string) => void): Promise<string[]> {
  const folder = folderWith({
    'a.yaml': `rules:\n  - name: r\n    from: press\n    lookup: { t: { file: "${file}", key: machine } }\n    alert: [{ when: temp > 3 }]\n`,
  });
  prepare(folder);
  const { rules, diagnostics } = await loadRules(folder);
  assert.deepEqual(diagnostics, []);
  const { problems } = compileRules(rules, [press], {
    ...{ gateway: 'g', limits: { seriesPerRule: 10 }, rulesFolders: [folder], readTable: readTableFile },
  });
  return problems.map(({ message }) => message);
}

test('lookup tables are files of the rules folder, and of a size', async () => {
  const outside = folderWith({ 'secret.csv': 'machine,key\na,1\n' });
  const link = await problemsWithTable('t.csv', (folder) =>
    symlinkSync(join(outside, 'secret.csv'), join(folder, 't.csv')),
  );
  assert.deepEqual(link, [
    'lookup table t.csv cannot be read: it is a link that leads out of the rules folder',
  ]);
  const folderLink = await problemsWithTable('up/secret.csv', (folder) =>
    symlinkSync(outside, join(folder, 'up')),
  );
  assert.deepEqual(folderLink, [
    'lookup table up/secret.csv cannot be read: it is a link that leads out of the rules folder',
  ]);
  const pipe = await problemsWithTable('t.csv', (folder) => execFileSync('mkfifo', [join(folder, 't.csv')]));
  assert.deepEqual(pipe, ['lookup table t.csv cannot be read: it is a pipe, a socket or a device']);
  const huge = await problemsWithTable('t.csv', (folder) =>
    execFileSync('truncate', ['-s', '1G', join(folder, 't.csv')]),
  );
  assert.deepEqual(huge, ['lookup table t.csv cannot be read: it has 1073741824 bytes, more than 16777216']);
  const wide = await problemsWithTable('t.csv', (folder) =>
    writeFileSync(join(folder, 't.csv'), `machine,${numbers(200_000).join(',c')}\n`),
  );
  assert.deepEqual(wide, ['t.csv has more than 1000 columns']);
  const long = await problemsWithTable('t.csv', (folder) =>
    writeFileSync(join(folder, 't.csv'), `machine,a,b\n${numbers(800_000).join(',1,2\n')}`),
  );
  assert.deepEqual(long, ['t.csv has more than 2000000 cells']);
  for (const name of ['/etc/passwd', '../../etc/passwd', 'a/../../b.csv']) {
    assert.deepEqual(await problemsWithTable(name, () => {}), [
      `lookup table ${name} is outside of the rules folder`,
    ]);
  }
});

test('links inside of the folder, as a mounted ConfigMap has them, are followed', async () => {
  const problems = await problemsWithTable('t.csv', (folder) => {
    mkdirSync(join(folder, '..2026'));
    writeFileSync(join(folder, '..2026/t.csv'), 'machine,key\na,1\n');
    symlinkSync('..2026', join(folder, '..data'));
    symlinkSync('..data/t.csv', join(folder, 't.csv'));
  });
  assert.deepEqual(problems, ['no one reads table `t`']);
});
