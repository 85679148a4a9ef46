import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadAll } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-users-'));
after(() => rmSync(folder, { recursive: true }));
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o600 });

const hash =
  '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$dGFndGFndGFndGFndGFndGFndGFndGFndGFndGFndGE';
write('users.yaml', `users:\n  - { name: a, password: "${hash}" }\n  - { name: b, certificate: cn }\n`);
write('cards.yaml', 'users: [{ name: b, certificate: cn }]\n');
write('wrong.yaml', 'users: [{ name: c }]\n');
write('empty.yaml', '');

async function load(sources: string) {
  write('headgate.yaml', `sources:\n${sources}`);
  const { users, files, diagnostics } = await loadAll(join(folder, 'headgate.yaml'), {});
  return {
    users: Object.fromEntries(
      Object.entries(users).map(([name, all]) => [name, all.map((user) => user.name)]),
    ),
    files: files.length,
    said: diagnostics.map(
      ({ severity, file, line, column, message }) =>
        `${severity} ${file.split('/').at(-1)}:${line}:${column} ${message.replaceAll(folder, '')}`,
    ),
  };
}

test('users by broker; one that has none is not among them', async () => {
  const { users, files, said } = await load(
    '  a: { broker: { users: ./users.yaml, listen: [{ tls: { cert: c, key: k, client_ca: a } }] } }\n  b: { broker: {} }\n',
  );
  assert.deepEqual([users, files, said], [{ a: ['a', 'b'] }, 2, []]);
});

test('what makes users useless or passwords public is warned of', async () => {
  const { users, said } = await load(
    '  a: { broker: { users: ./users.yaml, listen: [{ host: 0.0.0.0 }] } }\n',
  );
  assert.deepEqual(users, { a: ['a', 'b'] });
  assert.deepEqual(said, [
    'warning users.yaml:3:29 no listener of the broker asks for client certificates: this user cannot log in',
    'warning headgate.yaml:2:56 on 0.0.0.0 passwords cross the network unencrypted',
  ]);
  const cards = await load(
    '  a: { broker: { users: cards.yaml, listen: [{ host: 0.0.0.0, tls: { cert: c, key: k, client_ca: a } }] } }\n',
  );
  assert.deepEqual(cards.said, []);
});

test('a broker whose users file is missing, a folder or wrong has no users, and an error', async () => {
  for (const [name, told] of [
    ['nowhere.yaml', /^error headgate\.yaml:2:\d+ there is no users file \/nowhere\.yaml$/],
    ['.', /^error headgate\.yaml:2:\d+ there is no users file/],
    // What a power cut leaves of a file that was not written durably. Nobody meant it to lock everybody out.
    ['empty.yaml', /^error empty\.yaml:1:1 `users` is missing$/],
    ['wrong.yaml', /^error wrong\.yaml:1:9 this user cannot log in$/],
  ] as const) {
    const { users, said } = await load(`  a: { broker: { users: ${name} } }\n`);
    assert.deepEqual(users, {});
    assert.equal(said.length, 1);
    assert.match(said[0]!, told);
  }
});
