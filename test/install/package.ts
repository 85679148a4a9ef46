/** What is in a package beside the program: licences, man page, completion, examples. Unpacked, not installed. */

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { packageFor } from './made.ts';

const tree = mkdtempSync(join(tmpdir(), 'headgate-package-'));
const doc = join(tree, 'usr/share/doc/headgate');
after(() => rmSync(tree, { recursive: true }));
before(() => void execFileSync('dpkg-deb', ['-x', packageFor('amd64'), tree]));

test('each package in it is named with its licence, and has the text beside it', () => {
  const lib = join(tree, 'usr/lib/headgate');
  const copyright = readFileSync(join(doc, 'copyright'), 'utf8');
  const paths = globSync('**/node_modules/{*,@*/*}/package.json', { cwd: lib });
  assert.ok(paths.length > 50);
  for (const path of paths) {
    const { name, license } = JSON.parse(readFileSync(join(lib, path), 'utf8')) as Record<string, string>;
    if (name === undefined) continue;
    assert.ok(copyright.includes(` ${name}: ${license}\n`), `${name}: ${license}`);
    const texts = readdirSync(dirname(join(lib, path))).filter((file) => /^(licen[cs]e|copying)/i.test(file));
    assert.ok(texts.length > 0, `${path} has no licence beside it`);
  }
  assert.ok(existsSync(join(doc, 'node-licence.gz')));
});

test('each module of the program finds all that it imports', () => {
  const lib = join(tree, 'usr/lib/headgate');
  const modules = globSync('dist/**/*.js', { cwd: lib }).filter((path) => path !== 'dist/main.js');
  assert.ok(modules.length > 200);
  const script = `for (const path of process.argv.slice(1)) await import(path);`;
  const paths = modules.map((path) => join(lib, path));
  const { status, stderr } = spawnSync(join(lib, 'node'), ['--input-type=module', '-e', script, ...paths], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
});

test('the man page is one that man shows without a complaint, with every command', () => {
  const page = join(tree, 'usr/share/man/man1/headgate.1.gz');
  const env = { ...process.env, LC_ALL: 'C.UTF-8', MANPAGER: 'cat', MANWIDTH: '80' };
  const { status, stdout, stderr } = spawnSync('man', ['--warnings', '-E', 'UTF-8', '-l', '-Tutf8', page], {
    encoding: 'utf8',
    env,
  });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  // Bold is a letter, a step back, and the letter again.
  const shown = stdout.replace(/.[\b]/g, '');
  for (const name of commands()) assert.match(shown, new RegExp(`^ *headgate ${name}\\b`, 'm'));
});

test('bash completes commands, options and words to choose from', () => {
  const completed = (...words: string[]): string[] => {
    const quoted = words.map((word) => `'${word}'`).join(' ');
    const script = `source ${join(tree, 'usr/share/bash-completion/completions/headgate')}
COMP_WORDS=(headgate ${quoted}); COMP_CWORD=${words.length}; _headgate; echo "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split(' ');
  };
  assert.deepEqual(completed('stat'), ['status']);
  assert.ok(completed('status', '--').includes('--format'));
  assert.deepEqual(completed('status', '--format', 'pro'), ['prometheus']);
});

/** As `headgate --help` names them. */
function commands(): string[] {
  const launcher = join(tree, 'usr/lib/headgate/node');
  const help = execFileSync(launcher, [join(tree, 'usr/lib/headgate/dist/main.js'), '--help'], {
    encoding: 'utf8',
  });
  const names = [
    ...help
      .split('Commands:')[1]!
      .split('\n\n')[0]!
      .matchAll(/^ {2}([a-z]+)\b/gm),
  ].map((match) => match[1]!);
  assert.ok(names.length > 10, help);
  return names.filter((name) => name !== 'help');
}
