import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, beforeEach, test } from 'node:test';
import { GatewayError } from '../core/errors.ts';
import { Refused, UsageError } from './failure.ts';
import { type PasswdOptions, passwdCommand } from './passwd.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-passwd-'));
after(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const before = 'users:\n  - name: fleet\n    certificate: cn\n';
beforeEach(() => writeFileSync(at('users.yaml'), before));

let exitCode: number;
async function run(input: string, more: Partial<PasswdOptions> = {}): Promise<string> {
  let said = '';
  const stdin = Readable.from(input === '' ? [] : [Buffer.from(input)]) as unknown as NodeJS.ReadStream;
  const write = (text: string): unknown => (said += text);
  exitCode = await passwdCommand({
    ...{ name: 'fleet', isDeleting: false, file: at('users.yaml'), config: undefined },
    ...{ terminal: { stdin, stderr: { write } }, stdout: { write }, ...more },
  });
  return said;
}

test('what is refused, with nothing changed', async () => {
  writeFileSync(at('tank.yaml'), 'device: tank\n');
  writeFileSync(at('latin1.yaml'), Buffer.from('users: [] # M\xfcller\n', 'latin1'));
  symlinkSync(at('nothing.yaml'), at('dangling.yaml'));
  const refused: [string, Partial<PasswdOptions>, typeof GatewayError, RegExp][] = [
    ['', {}, Refused, /an empty password/],
    ['\n', {}, Refused, /an empty password/],
    ['a\nb\n', {}, UsageError, /several lines/],
    ['x'.repeat(2000), {}, Refused, /at most 1024/],
    ['', { name: 'nobody', isDeleting: true }, Refused, /there is no user nobody/],
    ['x', { name: 'a/b' }, UsageError, /cannot be the name of a user/],
    ['x', { publish: ['a/#/b'] }, UsageError, /a\/#\/b: # is not the last level/],
    ['x', { subscribe: ['{vehicle}'] }, UsageError, /stands for nothing here/],
    ['x', { isDeleting: true, publish: ['a'] }, UsageError, /goes with neither/],
    ['x', { file: at('tank.yaml') }, GatewayError, /holds no list of users/],
    ['x', { file: at('nowhere/users.yaml') }, GatewayError, /cannot write/],
    ['x', { file: at('latin1.yaml') }, GatewayError, /not UTF-8/],
    ['x', { file: at('dangling.yaml') }, Refused, /is a link to nothing/],
    ['x', { file: '/dev/zero' }, GatewayError, /a pipe, a socket or a device/],
  ];
  for (const [input, options, kind, words] of refused) {
    await assert.rejects(run(input, options), (error) => {
      assert.ok(error instanceof kind, `${words}: ${error}`);
      assert.match(error.message, words);
      return true;
    });
  }
  assert.equal(readFileSync(at('users.yaml'), 'utf8'), before);
});

test('the file of the only broker that has one; a choice where there are several', async () => {
  const broker = (file: string): string => `{ broker: { users: ${file} } }`;
  const config = at('headgate.yaml');
  writeFileSync(config, `sources: { a: ${broker('./u.yaml')}, b: { broker: {} } }\n`);
  assert.match(
    await run('x', { file: undefined, config }),
    /^fleet added to .*u\.yaml\nfleet may do nothing yet/,
  );
  writeFileSync(config, `sources: { a: ${broker('./u.yaml')}, b: ${broker('./v.yaml')} }\n`);
  await assert.rejects(run('x', { file: undefined, config }), /several files of users/);
  writeFileSync(config, '');
  await assert.rejects(
    run('x', { file: undefined, config }),
    /no broker of this gateway has a file of users/,
  );
});

test('a link stays one', async () => {
  symlinkSync(at('users.yaml'), at('link.yaml'));
  await run('x\r\n', { file: at('link.yaml'), publish: ['#'] });
  assert.match(readFileSync(at('users.yaml'), 'utf8'), /password: \$argon2id/);
});

test('mistakes that keep the gateway from taking it over are told, also after a deletion', async () => {
  const twice = `${before}  - name: fleet\n    certificate: other\n  - name: thief\n    certificate: t\n`;
  writeFileSync(at('users.yaml'), twice);
  const said = await run('', { name: 'thief', isDeleting: true });
  assert.match(said, /^thief deleted from .*users\.yaml\na gateway does not take this over before/);
  assert.match(said, /users\.yaml:4:\d+ error: `fleet` is the name of a user twice/);
  assert.equal(exitCode, 1);
  writeFileSync(at('users.yaml'), 'users:\n  - name: a\n  - name: fleet\n');
  assert.match(await run('x'), /users\.yaml:2:\d+ error: this user cannot log in/);
  await run('x', { name: 'a' });
  assert.equal(exitCode, 0);
});
