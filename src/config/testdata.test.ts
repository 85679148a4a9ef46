import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { z } from 'zod';
import { printDiagnostics } from '../cli/print-diagnostics.ts';
import { deviceSchema } from './device-schema.ts';
import { readYaml } from './document.ts';
import { gatewaySchema } from './gateway-schema.ts';
import { ruleFileSchema } from './rule-schema.ts';
import type { FileKind } from './schema.ts';
import { testFileSchema } from './test-schema.ts';
import { usersFileSchema } from './users-schema.ts';
import { validate } from './validate.ts';

const folder = join(import.meta.dirname, 'testdata');
const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const schemas: Readonly<Record<FileKind, z.ZodType>> = {
  gateway: gatewaySchema({ folder: '/etc/headgate', hostName: 'host-name' }),
  device: deviceSchema,
  rules: ruleFileSchema,
  test: testFileSchema,
  users: usersFileSchema,
};

function check(name: string) {
  const kind = name.split('-')[0] as FileKind;
  const file = readYaml(
    name,
    `/etc/headgate/${name}`,
    readFileSync(join(folder, name), 'utf8'),
    kind === 'test' ? 'feeds' : 'settings',
  );
  const env = kind === 'gateway' ? { OPS_TOKEN: 's3cret' } : undefined;
  return validate(kind, schemas[kind], file, env);
}

function expected(name: string, got: string): string {
  const path = join(folder, name);
  if (process.env.UPDATE_TESTDATA === '1') writeFileSync(path, got);
  return readFileSync(path, 'utf8');
}

for (const name of names.filter((one) => one.endsWith('-good.yaml'))) {
  test(`${name} is valid`, () => {
    const { value, diagnostics } = check(name);
    assert.deepEqual(diagnostics, []);
    const got = `${JSON.stringify(value, null, 2)}\n`;
    assert.equal(got, expected(name.replace(/yaml$/, 'json'), got));
  });
}

for (const name of names.filter((one) => one.endsWith('-bad.yaml'))) {
  test(`${name} says what is wrong`, () => {
    const { value, diagnostics } = check(name);
    assert.equal(value, undefined);
    let got = '';
    printDiagnostics(diagnostics, { write: (text) => (got += text) });
    assert.equal(got, expected(name.replace(/yaml$/, 'txt'), got));
    assert.ok(!got.includes('hunter2'), 'no secret is shown');
  });
}
