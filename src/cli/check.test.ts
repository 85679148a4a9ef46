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
    '    from: bus\n    where: load < fleet.capacity\n    lookup: { fleet: { file: ../fleet.csv, key: vehicle } }\n',
  );
  const files = { ...sound, 'rules/night/load.yaml': rule, 'rules/fleet.csv': 'vehicle,capacity\n1,80\n' };
  const folder = folderWith({ ...files, 'rules/load.yaml': 'rules: []' });
  assert.deepEqual(await check(folder), { code: 0, said: '1 device, 1 rule: fine\n' });
});

const proof = `rules: load.yaml
tests:
  - name: full
    feed: [{ device: bus, tags: { vehicle: "7" }, every: 10s, load: 90x6 }]
    expect:
      - { at: 1m, alert: load, state: firing, tags: { vehicle: "7" } }
      - { at: 1m, point: load, fields: { load_max: 90 } }
`;

test('tests are checked with their rules, alone or not', async () => {
  const folder = folderWith({ ...sound, 'rules/load.test.yaml': proof });
  assert.deepEqual(await check(folder), { code: 0, said: '1 device, 1 rule, 1 test: fine\n' });
  const alone = { paths: [join(folder, 'rules/load.test.yaml')] };
  assert.deepEqual(await check(folder, alone), { code: 0, said: '0 devices, 0 rules, 1 test: fine\n' });
  const config = join(folder, 'headgate.yaml');
  writeFileSync(join(folder, 'rules/load.test.yaml'), proof.replace('name: full', 'nam: full'));
  assert.equal((await check(folder, { paths: [], config })).code, 1);
  assert.match((await check(folder, alone)).said, /^rules\/load.test.yaml:3:5 error: unknown key `nam`/);
});

test('a test of rules elsewhere brings them along', async () => {
  const elsewhere = { 'new/load.yaml': load.replace('name: load', 'name: load2'), 'rules/load.yaml': load };
  const folder = folderWith({
    ...{ ...sound, ...elsewhere },
    'rules/load.test.yaml': proof.replace('load.yaml', '../new/load.yaml').replaceAll(': load,', ': load2,'),
  });
  const config = join(folder, 'headgate.yaml');
  const fine = { code: 0, said: '1 device, 2 rules, 1 test: fine\n' };
  assert.deepEqual(await check(folder, { paths: [], config }), fine);
});

/** What is said about the proof after an edit: place, message, remedy. */
async function saidOf(from: string | RegExp, to: string, more: Record<string, string> = {}) {
  const edited = proof.replace(from, to);
  assert.notEqual(edited, proof);
  const folder = folderWith({ ...sound, 'rules/load.test.yaml': edited, ...more });
  const { said } = await check(folder, { format: 'json', paths: [join(folder, 'rules/load.test.yaml')] });
  const diagnostics = JSON.parse(said) as Diagnostic[];
  return diagnostics.map(({ line, column, message, remedy }) => `${line}:${column} ${message}; ${remedy}`);
}

test('names and values of tests are checked against devices and rules', async () => {
  const expected: [from: string | RegExp, to: string, said: string][] = [
    [
      'load.yaml',
      'lod.yaml',
      '1:8 there is no rule file `lod.yaml`; name the rule file, from the folder of this file',
    ],
    [
      /load.yaml/,
      'load.test.yaml',
      '1:8 `load.test.yaml` is a test file; name the rule file, from the folder of this file',
    ],
    ['device: bus', 'device: bsu', '4:22 unknown device `bsu`; did you mean `bus`?'],
    [
      'vehicle: "7" }, every',
      'vehicl: "7" }, every',
      '4:35 device bus has no tag `vehicl`; did you mean `vehicle`?',
    ],
    ['load: 90x6', 'laod: 90x6', '4:63 unknown field `laod` of device bus; did you mean `load`?'],
    ['every: 10s', 'evry: 10s', '4:51 unknown field `evry` of device bus; did you mean `every`?'],
    [', load: 90x6', '', '4:12 this feed has no readings; add values of a field: load: 20x12'],
    [
      '90x6',
      '90x3 nine',
      '4:74 `nine` is not a number; write values such as 20, 20x12 (twelve times), 20..80x12 (a ramp) or _ (none)',
    ],
    [
      '10s, load',
      '1000d, load',
      '4:12 this feed goes on for more than 1000d; make it, or its `every`, shorter',
    ],
    ['alert: load,', 'alert: lod,', '6:26 unknown rule `lod`; did you mean `load`?'],
    [
      'state:',
      'severity: info, state:',
      '6:42 rule `load` has no alert of severity info; its severities: warning',
    ],
    [
      'tags: { vehicle: "7" } }',
      'tags: { vehicle: "8" } }',
      '6:64 no feed has `8` as `vehicle`; did you mean `7`?',
    ],
    [
      'tags: { vehicle: "7" } }',
      'tags: { line: "7" } }',
      '6:55 `line` is no tag of the key of rule `load`; tags of its key: vehicle',
    ],
    ['load_max: 90', 'load_mx: 90', '7:42 points of load have no field `load_mx`; did you mean `load_max`?'],
  ];
  for (const [from, to, said] of expected) assert.deepEqual(await saidOf(from, to), [said]);
});

test('what an expectation cannot be about is said', async () => {
  const rules = (more: string): Record<string, string> => ({
    'rules/load.yaml': load.replace(/ {4}alert.*\n/, more),
  });
  const silent = await saidOf('name: full', 'name: f', rules('    forward: true\n'));
  assert.deepEqual(silent, ['6:26 rule `load` has no alert; add one to the rule, or expect a `point`']);
  const kept = await saidOf(
    'name: full',
    'name: f',
    rules('    alert: [{ when: load_max > 80 }]\n    forward: false\n'),
  );
  assert.deepEqual(kept, [
    '7:26 rule `load` gives no points; it has `forward: false`: expect an `alert`, or forward',
  ]);
});

test('feeds of other devices, constant tags and too many readings', async () => {
  const depot = { 'devices/bus.yaml': `${bus}tags: { depot: { value: north } }\n` };
  const constant = await saidOf('vehicle: "7" }, every', 'vehicle: "7", depot: south }, every', depot);
  assert.deepEqual(constant, ['4:56 tag `depot` of device bus is always `north`; remove the line']);
  const train = { 'devices/train.yaml': bus.replaceAll('bus', 'train') };
  assert.deepEqual(await saidOf('{ device: bus', '{ device: train, load: 1 }, { device: bus', train), [
    '4:22 no rule of the file reads device `train`; devices that are read: bus',
  ]);
  assert.deepEqual(await saidOf('device: bus', 'device: train', train), [
    '4:22 no rule of the file reads device `train`; devices that are read: bus',
    '6:15 no feed is of a device that the rule reads; add one',
    '7:15 no feed is of a device that the rule reads; add one',
  ]);
  const many = await saidOf('load: 90x6 }', 'load: 90x60000 }, { device: bus, load: 90x60000 }');
  assert.deepEqual(many, ['4:5 120000 readings are more than 100000; write shorter feeds, or several tests']);
  const routes = { 'devices/bus.yaml': bus.replace('bus/', 'bus/{route}/') };
  const together = await saidOf(
    /every.*$/s,
    'load: 1 }, { device: bus, tags: { route: "1" }, load: 1 }]\n    expect: [{ at: 1m, point: load, tags: { route: "1", vehicle: "7" } }]\n',
    routes,
  );
  assert.deepEqual(together, [
    '5:43 no feed has all of these tags; they are of several feeds: expect each by itself',
  ]);
});

test('a test is not judged by what is wrong elsewhere', async () => {
  assert.deepEqual(
    await saidOf('name: full', 'name: f', { 'devices/bus.yaml': 'device: bus\ncodec: jsn\n' }),
    [],
  );
  const broken = load.replace('max(load)', 'max(laod)').replace('name: load', 'nam: load');
  assert.deepEqual(await saidOf('name: full', 'name: f', { 'rules/load.yaml': broken }), []);
});

test('warnings are shown, and fine', async () => {
  const folder = folderWith({
    ...sound,
    'devices/bus.yaml': bus.replace('topic: bus/{vehicle}', 'tags: { vehicle: v }'),
  });
  const { code, said } = await check(folder);
  assert.equal(code, 0);
  assert.match(said, /^devices\/bus\.yaml:1:9 warning: .*\n(.*\n)*1 warning\n1 device, 1 rule: fine\n$/);
});

test('what no rule uses is a warning, once all rules are sound', async () => {
  const files = {
    ...sound,
    'headgate.yaml': 'notify: { ops: { webhook: { url: https://ops.example/hook } } }\n',
    'devices/idle.yaml': bus.replaceAll('bus', 'idle'),
  };
  const folder = folderWith(files);
  const heads = (said: string): string[] => said.split('\n').filter((line) => / warning: /.test(line));
  assert.deepEqual(heads((await check(folder)).said), [
    'headgate.yaml:1:11 warning: no rule notifies `ops`',
    'devices/idle.yaml:1:9 warning: no rule reads device `idle`: its readings go nowhere',
  ]);
  writeFileSync(join(folder, 'rules/load.yaml'), load.replace('from: bus', 'from: bsu'));
  assert.deepEqual(heads((await check(folder)).said), []);
  writeFileSync(join(folder, 'rules/load.yaml'), 'rules: []');
  assert.deepEqual(heads((await check(folder)).said), []);
});

test('files whose names keep them from being read are named, once for a folder', async () => {
  const copies = ['load.yaml~', 'load.yaml.bak', 'night.yaml.txt', 'OLD.YAML', '.load.yaml.swp', 'fleet.csv'];
  const folder = folderWith({
    ...sound,
    ...Object.fromEntries(copies.map((name) => [`rules/${name}`, ''])),
  });
  const expected = [
    'rules/OLD.YAML:1:1 warning: `OLD.YAML`, `load.yaml.bak`, `load.yaml~` and 1 more are not read: only names that end in .yaml or .yml are',
    '  remedy: rename it if it is meant, or move it to another folder',
    '',
    '1 warning',
    '1 device, 1 rule: fine',
    '',
  ].join('\n');
  assert.deepEqual(await check(folder), { code: 0, said: expected });
  const config = join(folder, 'headgate.yaml');
  assert.deepEqual(await check(folder, { paths: [], config }), { code: 0, said: expected });
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
      endColumn: 14,
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
