import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, test } from 'node:test';
import type { Diagnostic } from '../core/errors.ts';
import { type CheckOptions, checkCommand } from './check.ts';
import { UsageError } from './failure.ts';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const bus = 'device: bus\ntopic: bus/{vehicle}\ncodec: json\nfields: { load: { path: p.load } }\n';
const load = `rules:
  - name: load
    from: bus
    window: { tumbling: 1m }
    compute: { load_max: max(load) }
    alert: [{ when: load_max > 80, message: "Bus {vehicle}: {load_max}" }]
`;

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-check-'));
  made.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

async function check(folder: string, options: Partial<CheckOptions> = {}) {
  let said = '';
  const stdout = { write: (text: string) => (said += text) };
  const code = await checkCommand({ paths: [folder], format: 'text', env: {}, stdout, ...options });
  return { code, said: said.replaceAll(`${folder}/`, '') };
}

const sound = { 'headgate.yaml': '', 'devices/bus.yaml': bus, 'rules/load.yaml': load };

test('what is fine is counted', async () => {
  const folder = folderWith(sound);
  assert.deepEqual(await check(folder), { code: 0, said: '1 device, 1 rule: fine\n' });
  const config = join(folder, 'headgate.yaml');
  assert.deepEqual(await check(folder, { paths: [], config }), { code: 0, said: '1 device, 1 rule: fine\n' });
  assert.deepEqual(await check(folder, { format: 'json' }), { code: 0, said: '[]\n' });
});

test('one rule file finds its gateway and its devices', async () => {
  const folder = folderWith({ ...sound, 'devices/odd.yaml': 'device: [' });
  const fine = { code: 0, said: '0 devices, 1 rule: fine\n' };
  assert.deepEqual(await check(folder, { paths: [join(folder, 'rules/load.yaml')] }), fine);
  assert.equal((await check(folder)).code, 1);
});

test('mistakes of every kind come at once, each at its place', async () => {
  const folder = folderWith({
    'headgate.yaml': 'batsh: 1s\n',
    'devices/bus.yaml': bus.replace('p.load', 'p..load'),
    'rules/load.yaml': `${load.replace('max(load)', 'max(laod)')}  - name: other\n    from: bus\n    wher: x\n`,
  });
  const { code, said } = await check(folder);
  assert.equal(code, 1);
  const heads = said.split('\n').filter((line) => / error: /.test(line));
  assert.deepEqual(
    heads.map((line) => line.replace(/ error: .*/, '')),
    ['headgate.yaml:1:1', 'devices/bus.yaml:4:26', 'rules/load.yaml:5:30', 'rules/load.yaml:9:5'],
  );
  assert.match(said, /4 errors\n$/);
});

test('a mistake in an expression is marked in the file', async () => {
  const folder = folderWith({ ...sound, 'rules/load.yaml': load.replace('max(load)', 'max(laod)') });
  const { said } = await check(folder);
  assert.equal(
    said,
    [
      'rules/load.yaml:5:30 error: unknown field `laod` of device bus',
      '  5 |     compute: { load_max: max(laod) }',
      '    |                              ^^^^',
      '  remedy: did you mean `load`?',
      '',
      '1 error',
      '',
    ].join('\n'),
  );
});

test('a lookup table is looked for in the rules folder of the gateway', async () => {
  const rule = load.replace(
    '    from: bus\n',
    '    from: bus\n    lookup: { fleet: { file: ../fleet.csv, key: vehicle } }\n',
  );
  const files = { ...sound, 'rules/night/load.yaml': rule, 'rules/fleet.csv': 'vehicle,capacity\n1,80\n' };
  const folder = folderWith({ ...files, 'rules/load.yaml': 'rules: []' });
  assert.deepEqual(await check(folder), { code: 0, said: '1 device, 1 rule: fine\n' });
});

test('warnings are shown, and fine', async () => {
  const folder = folderWith({ ...sound, 'devices/all.yaml': 'device: all\ncodec: value\n' });
  const { code, said } = await check(folder);
  assert.equal(code, 0);
  assert.match(said, /^devices\/all\.yaml:1:9 warning: .*\n(.*\n)*1 warning\n2 devices, 1 rule: fine\n$/);
});

test('JSON for programs', async () => {
  const folder = folderWith({ ...sound, 'rules/load.yaml': load.replace('from: bus', 'from: bsu') });
  const { code, said } = await check(folder, { format: 'json' });
  const diagnostics = JSON.parse(said) as Diagnostic[];
  assert.equal(code, 1);
  assert.deepEqual(diagnostics, [
    {
      severity: 'error',
      file: 'rules/load.yaml',
      line: 3,
      column: 11,
      length: 3,
      text: '    from: bsu',
      message: 'unknown device `bsu`',
      remedy: 'did you mean `bus`?',
    },
  ]);
});

test('a path that leads nowhere is a mistake of usage', async () => {
  const folder = folderWith(sound);
  await assert.rejects(check(folder, { paths: [join(folder, 'nope')] }), UsageError);
});
