import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadAll } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-secret-files-'));
after(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string, mode: number): void {
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), mode);
}

async function warningsOf(text: string, mode: number): Promise<string[]> {
  write('headgate.yaml', text, mode);
  const { diagnostics } = await loadAll(join(folder, 'headgate.yaml'), { TOKEN: 'abcdef' });
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 'error'),
    [],
  );
  return diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

test('files with secrets that everybody may read', async () => {
  write('open', 'x', 0o644);
  write('group', 'x', 0o640);
  write('own', 'x', 0o600);
  const text = `sources:
  mqtt: { broker: { listen: [{ tls: { cert: open, key: open } }] } }
  a: { mqtt: { url: "mqtt://h", username: u, password_file: own } }
  b: { mqtt: { url: "mqtts://h", cert: open, key: group } }
forward:
  influx: { url: "http://h", token_file: nowhere }
`;
  assert.deepEqual(await warningsOf(text, 0o644), [
    '2:56 this file may be read by every user of this machine',
  ]);
});

test('headgate.yaml itself, where a secret is written out in it', async () => {
  const withHeader = (value: string): string =>
    `notify: { ops: { webhook: { url: "http://h", headers: { Authorization: "${value}" } } } }\n`;
  const told = '1:72 this file, which holds a secret, may be read by every user of this machine';
  assert.deepEqual(await warningsOf(withHeader('Bearer abc'), 0o644), [told]);
  assert.deepEqual(await warningsOf(withHeader('Bearer abc'), 0o640), []);
  assert.deepEqual(await warningsOf(withHeader(`Bearer \${TOKEN}`), 0o644), []);
});

test('no user in a URL that is shown', async () => {
  for (const part of ['forward: { influx: { url', 'notify: { ops: { webhook: { url']) {
    const ends = '}'.repeat(part.split('{').length - 1);
    write('headgate.yaml', `${part}: "http://root:hunter2@h:8086" ${ends}\n`, 0o600);
    const { diagnostics } = await loadAll(join(folder, 'headgate.yaml'), {});
    assert.equal(diagnostics.length, 1);
    assert.match(diagnostics[0]!.message, /holds a user or a password/);
    assert.doesNotMatch(JSON.stringify(diagnostics), /hunter2/);
  }
});
