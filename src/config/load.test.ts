import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, test } from 'node:test';
import type { Diagnostic } from '../core/errors.ts';
import { loadAll, loadConfig, loadDevices, loadRules } from './load.ts';
import { toDiagnostic } from './located.ts';
import { selectFiles } from './select.ts';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder with these files; gives its path. */
function folderWith(files: Record<string, string | Buffer>): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-config-'));
  made.push(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

function brief(folder: string, diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(
    ({ file, line, column, message, severity }) =>
      `${file.replace(`${folder}/`, '')}:${line}:${column} ${severity === 'error' ? '' : `${severity}: `}${message.replaceAll(`${folder}/`, '')}`,
  );
}

const bus = 'device: bus\ntopic: bus/{vehicle}\ncodec: json\n';
const rule = (name: string, rest = ''): string => `rules:\n  - name: ${name}\n    from: bus\n${rest}`;

test('an empty file gives every default', async () => {
  const folder = folderWith({ 'headgate.yaml': '' });
  const { config, diagnostics, isAbsent } = await loadConfig(join(folder, 'headgate.yaml'), {});
  assert.deepEqual(diagnostics, []);
  assert.equal(isAbsent, false);
  assert.deepEqual(config, {
    gateway: hostname(),
    batchMs: 1000,
    data: join(folder, 'data'),
    devices: join(folder, 'devices'),
    rules: join(folder, 'rules'),
    sources: {
      mqtt: {
        broker: { listen: [{ port: 1883, host: '127.0.0.1' }], allowAnonymous: false, overload: 'block' },
      },
    },
    forward: { alerts: true },
    clock: { waitMs: 300_000 },
    health: { everyMs: 10_000 },
    notify: { log: { log: {} } },
    limits: {
      journalBytes: 512 * 1024 ** 2,
      outboxBytes: 1024 ** 3,
      seriesPerRule: 10_000,
      packetBytes: 256 * 1024,
      connections: 1000,
      connectionsPerAddress: 500,
      connectTimeoutMs: 8000,
      subscriptions: 100,
      sessions: 1000,
    },
  });
});

test('a named gateway file that is not there is a diagnostic', async () => {
  const folder = folderWith({});
  const { config, diagnostics } = await loadConfig(join(folder, 'nope.yaml'), {});
  assert.equal(config, undefined);
  assert.deepEqual(brief(folder, diagnostics), ['nope.yaml:1:1 cannot read the file: it does not exist']);
});

test('default folders may be missing, named ones may not', async () => {
  const without = folderWith({ 'headgate.yaml': '' });
  assert.deepEqual((await loadAll(join(without, 'headgate.yaml'), {})).diagnostics, []);
  const named = folderWith({ 'headgate.yaml': 'devices: ./profiles\nrules: ./rules\n' });
  const { diagnostics } = await loadAll(join(named, 'headgate.yaml'), {});
  assert.deepEqual(brief(named, diagnostics), [
    'headgate.yaml:1:10 this folder does not exist',
    'headgate.yaml:2:8 this folder does not exist',
  ]);
});

test('folders in folders, sorted; other files, tests, tables and hidden files are passed over', async () => {
  const folder = folderWith({
    'headgate.yaml': '',
    'devices/b.yml': bus.replace('bus', 'b'),
    'devices/a.yaml': bus,
    'devices/deep/er/c.yaml': bus.replace('bus', 'c'),
    'devices/README.md': '# not YAML: [',
    'devices/.hidden.yaml': '[',
    'devices/..2026/a.yaml': bus,
    'rules/load.yaml': rule(
      'load',
      '    lookup: { fleet: { file: tables/fleet.yaml, key: vehicle } }\n',
    ).replace('from: bus', 'from: [bus, b, c]'),
    'rules/load.test.yaml': 'tests: []',
    'rules/tables/fleet.yaml': '- { vehicle: "1", capacity: 3 }',
    'rules/fleet.csv': 'vehicle,capacity',
  });
  symlinkSync(join(folder, 'devices'), join(folder, 'devices/deep/loop'));
  const { devices, rules, diagnostics, files } = await loadAll(join(folder, 'headgate.yaml'), {});
  assert.deepEqual(brief(folder, diagnostics), []);
  assert.deepEqual(
    devices.map(({ device }) => device.device),
    ['bus', 'b', 'c'],
  );
  assert.deepEqual(
    rules.map((one) => [one.rule.name, one.keyPath]),
    [['load', ['rules', 0]]],
  );
  assert.equal(files.length, 5);
});

test('linked files are read', async () => {
  const folder = folderWith({ 'store/a.yaml': bus, 'devices/.keep': '' });
  symlinkSync('../store/a.yaml', join(folder, 'devices/a.yaml'));
  symlinkSync('../store/none.yaml', join(folder, 'devices/dangling.yaml'));
  const { devices, diagnostics } = await loadDevices(join(folder, 'devices'));
  assert.equal(devices.length, 1);
  assert.deepEqual(brief(folder, diagnostics), [
    'devices/dangling.yaml:1:1 cannot read the file: it does not exist',
  ]);
});

test('two listeners of one port', async () => {
  const folder = folderWith({
    'headgate.yaml': [
      'sources:',
      '  a: { broker: {} }',
      '  b: { broker: { allow_anonymous: true, listen: [{ host: 0.0.0.0 }, { port: 1884 }, { port: 1884, host: "::1" }] } }',
      '  c: { broker: { listen: [{ port: 0 }, { port: 0 }, { port: 1884 }] } }',
      '  d: { broker: {} }',
      'metrics: { listen: [{ port: 1883 }, { port: 9464 }, { port: 9464, host: 0.0.0.0 }] }',
    ].join('\n'),
  });
  const { diagnostics } = await loadAll(join(folder, 'headgate.yaml'), {});
  assert.deepEqual(brief(folder, diagnostics), [
    'headgate.yaml:3:50 port 1883 is already listened on by source `a`',
    'headgate.yaml:4:61 port 1884 is already listened on by source `b`',
    'headgate.yaml:5:8 port 1883 is already listened on by source `a`',
    'headgate.yaml:6:29 port 1883 is already listened on by source `a`',
    'headgate.yaml:6:61 port 9464 is already listened on by `metrics`',
  ]);
});

test('names that lead nowhere and names given twice, over all files', async () => {
  const folder = folderWith({
    'headgate.yaml': [
      'sources: { mqtt: { broker: {} }, probe: { serial: { path: /dev/x } } }',
      'notify:',
      '  floor: { mqtt: { source: mqqt } }',
      '  line: { mqtt: { source: probe } }',
    ].join('\n'),
    'devices/a.yaml': bus,
    'devices/b.yaml': bus,
    'devices/c.yaml': 'device: c\nsource: mqtt\ncodec: json\n',
    'devices/d.yaml': 'device: d\nsource: probe\ntopic: a/b\ncodec: value\n',
    'devices/e.yaml': 'device: e\nsource: prob\ncodec: value\n',
    'devices/f.yaml': 'device: f\ncodec: value\n',
    'rules/a.yaml': rule(
      'load',
      '    alert:\n      - { when: x, notify: [log, flor] }\n    silent: { notify: ops }\n',
    ),
    'rules/b.yaml': rule('load').replace('from: bus', 'from: [bus, bsu]'),
    'rules/c.yaml': rule('c').replace('from: bus', 'from: constructor'),
    'rules/d.yaml': rule('d').replace('from: bus', 'from: [bus, load]'),
  });
  const { diagnostics } = await loadAll(join(folder, 'headgate.yaml'), {});
  assert.deepEqual(brief(folder, diagnostics), [
    'headgate.yaml:3:28 unknown source `mqqt`',
    'headgate.yaml:4:27 source `probe` is a serial line: it cannot publish',
    'devices/b.yaml:1:9 a second device `bus`; the first is in devices/a.yaml:1',
    'rules/b.yaml:2:11 a second rule `load`; the first is in rules/a.yaml:2',
    'devices/c.yaml:2:9 a device on MQTT source `mqtt` needs a topic',
    'devices/d.yaml:3:8 source `probe` is a serial line: its frames have no topic',
    'devices/e.yaml:2:9 unknown source `prob`',
    'devices/f.yaml:1:9 warning: without `source` and `topic` every frame of every source is taken for this device',
    'rules/a.yaml:5:34 unknown notifier `flor`',
    'rules/a.yaml:6:23 unknown notifier `ops`',
    'rules/b.yaml:3:17 unknown device `bsu`',
    'rules/c.yaml:3:11 unknown device `constructor`',
    'rules/d.yaml:3:17 `load` is a rule',
  ]);
  assert.equal(diagnostics[0]?.remedy, 'did you mean `mqtt`?');
});

test('a mistake in one file or rule hides none in the others', async () => {
  const folder = folderWith({
    'headgate.yaml': 'batch: 5\nrules: ./rules\n',
    'devices/bus.yaml': 'device: bus\ncodec: jsn\n',
    'devices/broken.yaml': 'device: tram\ncodec: [\n',
    'devices/empty.yaml': '# device: x\n',
    'rules/a.yaml':
      'rules:\n  - name: a\n    fro: bus\n  - name: b\n    from: nope\n  - name: c\n    from: [bus, tram]\n',
  });
  const { diagnostics, config } = await loadAll(join(folder, 'headgate.yaml'), {});
  assert.equal(config, undefined);
  assert.deepEqual(brief(folder, diagnostics), [
    'headgate.yaml:1:8 `5` is not a duration',
    'devices/broken.yaml:2:8 a bracket is not closed: `]` is missing',
    'devices/bus.yaml:2:8 expected `json`, `csv`, `influx`, `value` or a map, got `jsn`',
    'devices/empty.yaml:1:1 the file is empty',
    'rules/a.yaml:3:5 unknown key `fro`',
    'rules/a.yaml:5:11 unknown device `nope`',
  ]);
});

test('files that are not text, too large, or folders that cannot be read', async () => {
  const folder = folderWith({
    'devices/latin1.yaml': Buffer.from('device: b\xfcs\n', 'latin1'),
    'devices/large.yaml': Buffer.alloc(5 * 1024 * 1024, 'x'),
    'devices/bom.yaml': `\uFEFF${bus}`,
    'file.txt': '',
  });
  const { devices, diagnostics } = await loadDevices(join(folder, 'devices'));
  assert.equal(devices.length, 1);
  assert.deepEqual(brief(folder, diagnostics), [
    'devices/large.yaml:1:1 cannot read the file: it has 5242880 bytes, more than 4194304',
    'devices/latin1.yaml:1:1 the file is not UTF-8 text',
  ]);
  const none = await loadRules(join(folder, 'file.txt'));
  assert.deepEqual(brief(folder, none.diagnostics), [
    'file.txt:1:1 cannot read the folder: it is not a folder',
  ]);
});

test('a mistake in an expression is placed in its file', async () => {
  const folder = folderWith({ 'rules/a.yaml': rule('load', '    where: load > 3 && laod < 5\n') });
  const { rules } = await loadRules(join(folder, 'rules'));
  const { file, keyPath } = rules[0]!;
  const diagnostic = toDiagnostic(
    file,
    [...keyPath, 'where'],
    12,
    16,
    'unknown field `laod`',
    'did you mean `load`?',
  );
  assert.deepEqual(
    { ...diagnostic, file: '' },
    {
      severity: 'error',
      file: '',
      line: 4,
      column: 24,
      length: 4,
      text: '    where: load > 3 && laod < 5',
      message: 'unknown field `laod`',
      remedy: 'did you mean `load`?',
    },
  );
});

test('paths on the command line are sorted by kind', async () => {
  const folder = folderWith({
    'gw.yaml': 'batch: 1s',
    'x/bus.yaml': bus,
    'x/load.yaml': rule('load', '    lookup: { fleet: { file: fleet.yaml, key: vehicle } }\n'),
    'x/fleet.yaml': '- {}',
    'x/load.test.yaml': 'tests: []',
    'x/odd.yaml': 'hello: 1',
    'devices/broken.yaml': 'devic: [',
  });
  const at = (name: string): string => join(folder, name);
  const selected = await selectFiles([folder]);
  assert.equal(selected.gateway, at('gw.yaml'));
  assert.deepEqual(selected.devices, [at('devices/broken.yaml'), at('x/bus.yaml')]);
  assert.deepEqual(selected.rules, [at('x/load.yaml')]);
  assert.deepEqual(brief(folder, selected.diagnostics), [
    'x/odd.yaml:1:1 it is not clear what kind of file this is',
  ]);
  assert.deepEqual(selected.tests, [at('x/load.test.yaml')]);
  await assert.rejects(selectFiles([at('none.yaml')]), { message: `there is no ${at('none.yaml')}` });
});
