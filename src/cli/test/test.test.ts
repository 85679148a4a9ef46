import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, test } from 'node:test';
import { GatewayError } from '../../core/errors.ts';
import { UsageError } from '../failure.ts';
import { type TestOptions, testCommand } from './test.ts';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const bus = `device: bus
topic: bus/{route}/{vehicle}
codec: { csv: { columns: [tst, load] } }
time: { path: tst, format: unix_s }
tags: { depot: { value: north }, shift: { path: s, default: day } }
fields: { load: { path: load, type: integer, scale: -10, range: [0, 300] }, door: { type: boolean } }
lateness: 5s
silent_after: 2m
`;
const loads = `rules:
  - name: load
    from: bus
    by: [vehicle]
    window: { tumbling: 1m }
    compute: { readings: count(), load_max: max(load), mean: avg(load) }
    alert:
      - { severity: critical, when: load_max >= 80, clear: load_max < 60, for: 2m, message: "Bus {vehicle}: {load_max}" }
      - { when: load_max >= 70, message: "Bus {vehicle}: {load_max}" }
  - name: doors
    from: bus
    alert: [{ severity: info, when: door, for: 30s }]
    silent: { severity: critical }
    forward: { on_change: 5 }
`;
const base = { 'headgate.yaml': 'gateway: depot-7\n', 'devices/bus.yaml': bus, 'rules/load.yaml': loads };

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-test-'));
  made.push(folder);
  for (const [name, text] of Object.entries({ ...base, ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

async function run(folder: string, options: Partial<TestOptions> = {}) {
  let said = '';
  const stdout = { write: (text: string) => (said += text) };
  const code = await testCommand({ paths: [folder], env: {}, stdout, ...options });
  said = said.replaceAll(`${folder}/`, '').replace(/\(\d+(\.\d+)? m?s\)/, '(…)');
  return { code, said };
}

function proof(feed: string, expectations: readonly string[], name = 'a test'): string {
  const expect = expectations.map((one) => `      - { ${one} }\n`).join('');
  return `rules: load.yaml\ntests:\n  - name: ${name}\n    start: 2026-01-05T06:00:00Z\n    feed: [${feed}]\n    expect:\n${expect}`;
}

/** Lines said of the only test, without the names of file and test. */
async function linesOf(feed: string, ...expectations: string[]): Promise<string[]> {
  const folder = folderWith({ 'rules/load.test.yaml': proof(feed, expectations) });
  const { code, said } = await run(folder);
  const lines = said.split('\n').slice(2, -3);
  assert.equal(code, lines.length > 0 ? 1 : 0, said);
  return lines.map((line) => line.replace(/^ {6}/, ''));
}

const crowded =
  '{ device: bus, tags: { route: "1", vehicle: "7" }, every: 10s, load: 20x12 81x12 30x6, door: false }';

test('what a rule promises is met', async () => {
  const lines = await linesOf(
    crowded,
    'at: 1m, point: load, tags: { vehicle: "7", gateway: depot-7 }, fields: { readings: 6, load_max: 20, mean: 20 }',
    'at: 3m, alert: load, severity: warning, state: firing',
    'at: 3m, alert: load, severity: critical, state: ok',
    'at: 239s, alert: load, severity: critical, state: ok',
    'at: 4m, alert: load, severity: critical, state: firing, tags: { vehicle: "7" }',
    'at: 4m, alert: load, severity: warning, state: ok',
    'at: 4m, alert: load, state: firing',
    'at: 5m, alert: load, state: ok',
    'at: 5m, point: load, fields: { load_max: 30 }',
    'at: 6m, point: load, fields: none',
    'at: 0s, point: doors, tags: { route: "1", depot: north, shift: day }, fields: { load: 20, door: false }',
    'at: 10s, point: doors, fields: none',
    'at: 2m, point: doors, fields: { load: 81 }',
  );
  assert.deepEqual(lines, []);
});

test('time passes after the last reading: what is pending fires, what is silent falls', async () => {
  const feed = '{ device: bus, tags: { vehicle: "7" }, door: true }';
  assert.deepEqual(
    await linesOf(
      feed,
      'at: 29s, alert: doors, state: ok',
      'at: 30s, alert: doors, severity: info, state: firing',
      'at: 119s, alert: doors, severity: critical, state: ok',
      'at: 2m, alert: doors, severity: critical, state: firing',
      'at: 3h, alert: doors, state: firing',
    ),
    [],
  );
});

test('time passes until sessions are over, however long their pause; what is not full by count has no result', async () => {
  const rules = `${loads}  - { name: trip, from: bus, window: { session: 2h, max: 5h }, compute: { n: count() } }
  - { name: pair, from: bus, window: { count: 2 }, compute: { n: count(), sum: sum(load) } }
`;
  const feed = '{ device: bus, tags: { vehicle: "7" }, every: 1h, load: 1x9 _ _ 9 }';
  const met = [
    'at: 5h, point: trip, fields: { n: 5 }',
    'at: 10h, point: trip, fields: { n: 4 }',
    'at: 13h, point: trip, fields: { n: 1 }',
    'at: 7h, point: pair, fields: { sum: 2 }',
    'at: 11h, point: pair, fields: { sum: 10 }',
    'at: 8h, point: pair, fields: none',
  ];
  const test = proof(feed, met);
  assert.equal((await run(folderWith({ 'rules/load.yaml': rules, 'rules/load.test.yaml': test }))).code, 0);
  // Only later than anything that is expected is it known what came instead.
  const wrong = proof('{ device: bus, tags: { vehicle: "7" }, load: 1 }', [
    'at: 1m, point: trip, fields: { n: 2 }',
  ]);
  const { said } = await run(folderWith({ 'rules/load.yaml': rules, 'rules/load.test.yaml': wrong }));
  assert.match(said, /its points:\n +2h .*: n=1/);
});

test('a gap in the feed is silence, a reading after it ends it', async () => {
  const feed = '{ device: bus, tags: { vehicle: "7" }, every: 30s, load: 1 _x9 2 }';
  const lines = await linesOf(
    feed,
    'at: 2m, alert: doors, state: firing',
    'at: 5m, alert: doors, state: ok',
    'at: 1m, point: load, fields: { readings: 1 }',
    'at: 2m, point: load, fields: none',
  );
  assert.deepEqual(lines, []);
});

test('fields of a feed advance together; one without a value lacks it', async () => {
  const feed =
    '{ device: bus, tags: { vehicle: "7" }, every: 20s, load: 10..30x3 _ 50, door: _x4 true }, ' +
    '{ device: bus, tags: { vehicle: "8" }, after: 30s, load: 0x2 }';
  const lines = await linesOf(
    feed,
    'at: 1m, point: load, tags: { vehicle: "7" }, fields: { readings: 3, mean: 20, load_max: 30 }',
    'at: 2m, point: load, tags: { vehicle: "7" }, fields: { readings: 1, mean: 50 }',
    'at: 1m, point: load, tags: { vehicle: "8" }, fields: { readings: 2, mean: 0 }',
    'at: 80s, point: doors, fields: { load: 50, door: true }',
    'at: 0s, point: doors, tags: { vehicle: "7" }, fields: { load: 10, door: null }',
    'at: 30s, point: doors, tags: { vehicle: "8" }, fields: { load: 0 }',
  );
  assert.deepEqual(lines, []);
});

test('an alert that is in another state is shown with its changes', async () => {
  assert.deepEqual(await linesOf(crowded, 'at: 4m, alert: load, state: ok, tags: { vehicle: "7" }'), [
    'rules/load.test.yaml:7 at 4m (2026-01-05T06:04:00Z): alert load vehicle=7',
    '  - ok',
    '  + firing critical since 4m vehicle=7: Bus 7: 81',
    '  its changes:',
    '    3m  firing warning vehicle=7: Bus 7: 81',
    '    4m  firing critical vehicle=7: Bus 7: 81',
    '    5m  ok critical vehicle=7: Bus 7: 30',
  ]);
});

test('an alert that never fired, and a point of another value', async () => {
  const feed = '{ device: bus, tags: { vehicle: "7" }, every: 10s, load: 20x6 }';
  assert.deepEqual(
    await linesOf(
      feed,
      'at: 1m, alert: load, severity: critical, state: firing',
      'at: 1m, point: load, fields: { load_max: 21, mean: null, readings: 6 }',
      'at: 90s, point: load, fields: { readings: 6 }',
      'at: 1m, point: load, fields: none',
    ),
    [
      'rules/load.test.yaml:7 at 1m (2026-01-05T06:01:00Z): alert load',
      '  - firing critical',
      '  + ok',
      '  it never fired',
      'rules/load.test.yaml:8 at 1m (2026-01-05T06:01:00Z): point load',
      '  - load_max: 21',
      '  + load_max: 20',
      '  - mean: null',
      '  + mean: 20',
      '  of vehicle=7: readings=6 load_max=20 mean=20',
      'rules/load.test.yaml:9 at 90s (2026-01-05T06:01:30Z): point load',
      '  - readings=6',
      '  + no point of that time',
      '  its points:',
      '    1m  vehicle=7: readings=6 load_max=20 mean=20',
      'rules/load.test.yaml:10 at 1m (2026-01-05T06:01:00Z): point load',
      '  - no point',
      '  + vehicle=7: readings=6 load_max=20 mean=20',
    ],
  );
});

test('what the profile sets aside is said when a test fails', async () => {
  const twice = '{ device: bus, tags: { vehicle: "7" }, load: 500 20 }';
  const lines = await linesOf(`${twice}, ${twice}`, 'at: 1m, point: load, fields: { readings: 4 }');
  assert.deepEqual(lines.slice(-2), [
    'note: 1 set aside, out of range: load: 500 is outside 0 … 300',
    'note: 2 readings dropped: same tags and time as one before',
  ]);
});

test('passed and failed are counted, by file', async () => {
  const fine = proof(crowded, ['at: 5m, alert: load, state: ok']);
  const folder = folderWith({
    'rules/a.test.yaml': fine,
    'rules/b.test.yaml': proof(crowded, ['at: 5m, alert: load, state: firing'], 'never'),
  });
  const { code, said } = await run(folder);
  assert.equal(code, 1);
  assert.match(said, /^rules\/a\.test\.yaml\n {2}✓ a test\nrules\/b\.test\.yaml\n {2}✗ never\n/);
  assert.match(said, /\n\n2 files, 2 tests: 1 passed, 1 failed \(…\)\n$/);
  const only = { code: 0, said: 'rules/a.test.yaml\n  ✓ a test\n\n1 file, 1 test: 1 passed (…)\n' };
  assert.deepEqual(await run(folder, { paths: [join(folder, 'rules/a.test.yaml')] }), only);
  assert.deepEqual(await run(folder, { filter: 'a te' }), only);
  assert.deepEqual(
    await run(folder, { paths: [], config: join(folder, 'headgate.yaml'), filter: 'a test' }),
    only,
  );
  await assert.rejects(run(folder, { filter: 'nothing' }), UsageError);
});

test('a rule file stands for the tests beside it', async () => {
  const folder = folderWith({ 'rules/load.test.yaml': proof(crowded, ['at: 5m, alert: load, state: ok']) });
  assert.equal((await run(folder, { paths: [join(folder, 'rules/load.yaml')] })).code, 0);
  for (const path of ['rules/none.yaml', 'devices', 'devices/bus.yaml', 'headgate.yaml']) {
    await assert.rejects(run(folder, { paths: [join(folder, path)] }), UsageError, path);
  }
});

test('mistakes in any of the files come instead of results', async () => {
  const wrong = proof(crowded.replace('load:', 'laod:'), ['at: 5m, alert: load, state: ok']);
  const folder = folderWith({
    'rules/load.test.yaml': wrong,
    'rules/load.yaml': loads.replace('avg(load)', 'avg(x)'),
  });
  const junit = join(folder, 'report.xml');
  const { code, said } = await run(folder, { junit });
  assert.equal(code, 1);
  assert.match(
    said,
    /^rules\/load\.yaml:6:\d+ error: .*\n(.*\n)*rules\/load\.test\.yaml:5:\d+ error: unknown field `laod`/,
  );
  assert.match(readFileSync(junit, 'utf8'), /<testsuites name="headgate test" tests="2" failures="2"/);
});

test('the outcome is the same whatever the batch interval, and rules keep nothing from test to test', async () => {
  const outcomes = await Promise.all(
    ['20ms', '1s', '60s'].map((batch) => {
      const two = proof(crowded, ['at: 4m, alert: load, severity: critical, state: firing']);
      const again = two.slice(two.indexOf('  - name')).replace('a test', 'again');
      const other = again.replace('again', 'other').replace('crit', 'warn').replaceAll('81x12', '75x12');
      return run(
        folderWith({
          'headgate.yaml': `batch: ${batch}\n`,
          'rules/load.test.yaml': `${two}${again}${other.replace('warnical', 'warning')}`,
        }),
      );
    }),
  );
  for (const { code, said } of outcomes) assert.deepEqual([code, said], [0, outcomes[0]!.said]);
});

test('a report that cannot be written is said', async () => {
  const folder = folderWith({ 'rules/load.test.yaml': proof(crowded, ['at: 5m, alert: load, state: ok']) });
  await assert.rejects(run(folder, { junit: join(folder, 'none/report.xml') }), GatewayError);
});
