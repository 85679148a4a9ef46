import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Ended, headgateIn } from '../../../test/peers/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-write-test-'));
after(() => rmSync(folder, { recursive: true }));

mkdirSync(join(folder, 'devices'));
mkdirSync(join(folder, 'rules'));
writeFileSync(join(folder, 'headgate.yaml'), '{}\n');
writeFileSync(
  join(folder, 'devices/press.yaml'),
  `device: press
topic: plant/{machine}
codec: json
time: { path: at, format: unix_ms }
fields:
  t: { scale: 0.1 }
  every: { type: boolean }
  state: { type: string }
lateness: 10s
`,
);
writeFileSync(
  join(folder, 'rules/heat.yaml'),
  `rules:
  - name: heat
    from: press
    window: { tumbling: 10s }
    compute: { n: count(), top: max(t), state: last(state), open: any(every) }
    alert: [{ severity: critical, when: top > 50 }]
`,
);

const startMs = Date.UTC(2026, 0, 5, 6);

/** t in tenths; times in s since the start. */
function recording(
  name: string,
  readings: readonly (readonly [s: number, t: number | null, state: string])[],
): void {
  const lines = readings.map(([s, t, state]) =>
    JSON.stringify({ at: startMs + s * 1000, t, every: s > 20, state, machine: 'yes' }),
  );
  writeFileSync(join(folder, name), lines.join('\n'));
}

const headgate = (...args: readonly string[]): Promise<Ended> => headgateIn(args, { cwd: folder });
const replay = (file: string, to: string, rules = 'rules/heat.yaml'): Promise<Ended> =>
  headgate('replay', '-d', 'press', file, '--rules', rules, '--write-test', to);

test('a recording becomes a test that passes', async () => {
  recording('day.jsonl', [
    [0, 200, 'idle'],
    [5, 205, 'idle'],
    [10, 610, 'hot _x3'],
    [15, null, '_'],
    [22.5, 300, 'say "x"'],
    [31, 300, 'a\\b'],
  ]);
  const written = await replay('day.jsonl', 'rules/heat.test.yaml');
  assert.equal(written.code, 0, written.stderr);
  assert.match(written.stderr, /wrote rules\/heat\.test\.yaml: 2 feeds, 6 expectations\n$/);
  const text = readFileSync(join(folder, 'rules/heat.test.yaml'), 'utf8');
  assert.match(text, /after: 0s, every: 5s, t: "20 20\.5 61 _"/);
  assert.match(text, /fields: \{ every: /);
  assert.match(text, /at: 20s, alert: heat, severity: critical, state: firing/);
  const tested = await headgate('test');
  assert.equal(tested.code, 0, tested.stdout);
});

test('what a test does not repeat is left out, and said', async () => {
  recording('late.jsonl', [
    [0, 200, 'idle'],
    [25, 200, 'idle'],
    // Late in the recording; in a test it would come in time.
    [5, 900, 'hot'],
    [45, 200, 'idle'],
  ]);
  const { code, stderr } = await replay('late.jsonl', 'rules/late.test.yaml');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /1 left out that a test does not repeat/);
  assert.match(readFileSync(join(folder, 'rules/late.test.yaml'), 'utf8'), /^# Left out 1 expectations/m);
  assert.equal((await headgate('test', 'rules/late.test.yaml')).code, 0);
});

test('a test is of one rule file, is never overwritten, and has its name', async () => {
  recording('one.jsonl', [[0, 200, 'idle']]);
  const cases = [
    [await replay('one.jsonl', 'rules/b.test.yaml', 'rules'), /a test is of one rule file/],
    [await replay('one.jsonl', 'rules/b.yaml'), /no name of a test file/],
    [await replay('one.jsonl', 'headgate.yaml'), /no name of a test file/],
  ] as const;
  for (const [{ code, stderr }, words] of cases) {
    assert.equal(code, 2);
    assert.match(stderr, words);
  }
  writeFileSync(join(folder, 'rules/mine.test.yaml'), 'kept');
  assert.match((await replay('one.jsonl', 'rules/mine.test.yaml')).stderr, /is there already/);
  assert.equal(readFileSync(join(folder, 'rules/mine.test.yaml'), 'utf8'), 'kept');
});

test('a recording too long for people is refused', async () => {
  recording(
    'long.jsonl',
    Array.from({ length: 5001 }, (_, i) => [i, 200, 'idle'] as const),
  );
  const { code, stderr } = await replay('long.jsonl', 'rules/long.test.yaml');
  assert.notEqual(code, 0);
  assert.match(stderr, /5001 readings are too many for a test: at most 5000\n {2}remedy: choose a stretch/);
});
