import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { GatewayError } from '../core/errors.ts';
import { readYaml } from './document.ts';
import { deleteUser, setUser } from './users-edit.ts';
import { usersFileSchema } from './users-schema.ts';
import { validate } from './validate.ts';

const hash = (tag: string) =>
  `$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$${Buffer.from(tag.repeat(16)).toString('base64url').replaceAll('_', 'A')}`;
const [old, fresh] = [hash('o'), hash('n')];

const file = `# Who may log in at the depot.
users:
  # All buses share one.
  - name: fleet
    password: ${old} # since May
    publish: ["bus/{client}/#"]   # each its own

  - { name: desk, password: '${old}', subscribe: ['#'] }
`;

function usersIn(text: string) {
  const { value, diagnostics } = validate('users', usersFileSchema, readYaml('u', '/u', text));
  assert.deepEqual(diagnostics, []);
  return value!.users;
}

test('another password changes no other character', () => {
  for (const name of ['fleet', 'desk']) {
    const { text, isNew, isIdle } = setUser(file, { name, password: fresh });
    assert.deepEqual([isNew, isIdle], [false, false]);
    const lines = text.split('\n');
    const changed = file.split('\n').filter((line, i) => line !== lines[i]);
    assert.equal(changed.length, 1);
    assert.equal(lines.length, file.split('\n').length);
    assert.equal(usersIn(text).find((user) => user.name === name)!.password, fresh);
  }
  assert.match(setUser(file, { name: 'fleet', password: fresh }).text, / {4}password: "[^"]+" # since May$/m);
});

test('a password in a block of its own', () => {
  for (const mark of ['|', '|-', '>', '>-', '>+']) {
    const block = `users:\n  - name: a\n    password: ${mark}\n      ${old}\n    subscribe: ['#']\n`;
    const { text } = setUser(block, { name: 'a', password: fresh });
    const [user] = parse(text).users;
    assert.deepEqual([user.password.trim(), user.subscribe], [fresh, ['#']], mark);
  }
});

test('a new user comes last, comments stay', () => {
  const { text, isNew, isIdle } = setUser(file, { name: 'press', password: fresh, publish: ['press/#'] });
  assert.deepEqual([isNew, isIdle], [true, false]);
  for (const comment of ['# Who may', '# All buses', '# since May', '# each its own']) {
    assert.ok(text.includes(comment), comment);
  }
  assert.deepEqual(usersIn(text), [
    ...usersIn(file),
    { name: 'press', password: fresh, publish: ['press/#'], subscribe: [] },
  ]);
});

test('an empty file, one with comments only, with an empty list, with nothing after the key', () => {
  for (const text of ['', '# to come\n', 'users: []\n', 'users:\n']) {
    const made = setUser(text, { name: 'a', password: fresh });
    assert.ok(made.isNew && made.isIdle);
    assert.deepEqual(usersIn(made.text), [{ name: 'a', password: fresh, publish: [], subscribe: [] }]);
    if (text.startsWith('#')) assert.match(made.text, /# to come/);
  }
});

test('permissions are replaced, and a password takes the place of a certificate', () => {
  const certified = 'users:\n  - name: a\n    certificate: cn # of the card\n';
  const { text } = setUser(certified, { name: 'a', password: fresh, subscribe: ['x', 'y/#'] });
  assert.deepEqual(usersIn(text), [{ name: 'a', password: fresh, publish: [], subscribe: ['x', 'y/#'] }]);
  const without = setUser('users:\n  - name: a\n', { name: 'a', password: fresh });
  assert.deepEqual([without.isNew, without.isIdle], [false, true]);
  usersIn(without.text);
});

test('deleting', () => {
  const text = deleteUser(file, 'fleet')!;
  assert.deepEqual(
    usersIn(text).map(({ name }) => name),
    ['desk'],
  );
  assert.deepEqual(usersIn(deleteUser(text, 'desk')!), []);
  assert.equal(deleteUser(file, 'nobody'), undefined);
});

test('what is no list of users is not touched', () => {
  for (const text of [
    'users: [',
    'users: all\n',
    'users: [a, b]\n',
    '- a\n',
    'users: {a: b}\n',
    'device: tank\n',
  ]) {
    assert.throws(() => setUser(text, { name: 'a', password: fresh }), GatewayError, text);
  }
});
