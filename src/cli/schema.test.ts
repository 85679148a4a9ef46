import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { GatewayError } from '../core/errors.ts';
import { UsageError } from './failure.ts';
import { schemaCommand } from './schema.ts';

async function said(options: { kind?: string; out?: string }): Promise<string> {
  let text = '';
  assert.equal(await schemaCommand({ ...options, stdout: { write: (part) => (text += part) } }), 0);
  return text;
}

test('one schema, or all by kind', async () => {
  const all = JSON.parse(await said({})) as Record<string, unknown>;
  assert.deepEqual(Object.keys(all), ['gateway', 'device', 'rules', 'test', 'users']);
  assert.deepEqual(JSON.parse(await said({ kind: 'devices' })), all.device);
  assert.deepEqual(JSON.parse(await said({ kind: 'rules' })), all.rules);
  assert.deepEqual(JSON.parse(await said({ kind: 'tests' })), all.test);
  await assert.rejects(said({ kind: 'constructor' }), UsageError);
});

test('files for editors', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-schema-'));
  try {
    const out = join(folder, 'a/b');
    const names = [
      'headgate.schema.json',
      'device.schema.json',
      'rules.schema.json',
      'test.schema.json',
      'users.schema.json',
    ];
    assert.equal(await said({ out }), names.map((name) => `${join(out, name)}\n`).join(''));
    assert.deepEqual(readdirSync(out), names.toSorted());
    assert.equal(readFileSync(join(out, 'rules.schema.json'), 'utf8'), await said({ kind: 'rules' }));
    writeFileSync(join(folder, 'file'), '');
    await assert.rejects(said({ out: join(folder, 'file') }), GatewayError);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
