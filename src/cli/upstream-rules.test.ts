/** Rules that read rules of other files, as the commands see them. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, test } from 'node:test';
import { headgateIn } from '../../test/peers/command.ts';
import { checkCommand } from './check.ts';
import { testCommand } from './test/test.ts';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const bus = `device: bus
topic: bus/{operator}/{vehicle}
codec: json
time: { path: at, format: rfc3339 }
tags: { depot: { value: north } }
fields: { load: {} }
lateness: 5s
`;
const load = `rules:
  - name: load
    from: bus
    lookup: { seats: { file: ../tables/seats.csv, key: vehicle } }
    by: [operator, vehicle]
    window: { tumbling: 1m }
    compute: { share: max(load / seats.capacity) }
    alert: [{ when: share > 0.1 }]
`;
const fleet = `rules:
  - name: fleet
    from: rule:load
    by: [operator]
    window: { tumbling: 1m }
    compute: { buses: count(), full: count(share > 1) }
    alert: [{ severity: critical, when: full > 1 }]
`;
const proof = `rules: fleet.yaml
tests:
  - name: two full buses
    feed:
      - { device: bus, tags: { operator: "1", vehicle: a }, every: 10s, load: 90x6 }
      - { device: bus, tags: { operator: "1", vehicle: b }, every: 10s, load: 70x5 99 }
      - { device: bus, tags: { operator: "1", vehicle: c }, every: 10s, load: 5x6 }
    expect:
      - { at: 1m, point: fleet, tags: { operator: "1" }, fields: { buses: 3, full: 2 } }
      - { at: 1m, alert: fleet, state: firing }
`;
const base = {
  'headgate.yaml': 'gateway: depot-7\n',
  'devices/bus.yaml': bus,
  'rules/city/load.yaml': load,
  'rules/city/fleet.yaml': fleet,
  'rules/tables/seats.csv': 'vehicle,capacity\na,80\nb,80\nc,80\n',
  'rules/city/fleet.test.yaml': proof,
};

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-upstream-'));
  made.push(folder);
  for (const [name, text] of Object.entries({ ...base, ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

async function runTests(folder: string, paths: readonly string[] = []) {
  let said = '';
  const stdout = { write: (text: string) => (said += text) };
  const config = join(folder, 'headgate.yaml');
  const code = await testCommand({ paths: paths.map((path) => join(folder, path)), config, env: {}, stdout });
  const mistakes = [...said.matchAll(/error: (.*)\n(?:.*\|.*\n)*(?: *remedy: (.*))?/g)];
  return { code, said, mistakes: mistakes.map(([, message, remedy]) => `${message}; ${remedy}`) };
}

async function check(folder: string, paths: readonly string[] = []): Promise<string[]> {
  let said = '';
  const stdout = { write: (text: string) => (said += text) };
  const config = join(folder, 'headgate.yaml');
  const options = { paths: paths.map((path) => join(folder, path)), config, env: {}, stdout };
  await checkCommand({ ...options, format: 'json' });
  const all = JSON.parse(said) as { file: string; line: number; message: string }[];
  return all.map(({ file, line, message }) => `${file.slice(folder.length + 1)}:${line} ${message}`);
}

test('a test of a rule file runs with the rules of other files that it reads', async () => {
  const folder = folderWith({});
  for (const paths of [[], ['rules/city/fleet.yaml'], ['rules/city/fleet.test.yaml']]) {
    const { code, said } = await runTests(folder, paths);
    assert.equal(code, 0, said);
  }
});

test('the rules of other files are only read: a test is not about them', async () => {
  const about = proof.replace('point: fleet', 'point: load');
  const { code, mistakes } = await runTests(folderWith({ 'rules/city/fleet.test.yaml': about }));
  assert.deepEqual([code, mistakes], [1, ['unknown rule `load`; rules of the file: fleet']]);
});

test('expectations are held against what is read: fields, key, and the feeds at the root', async () => {
  const wrong = proof
    .replace('fields: { buses: 3', 'fields: { buss: 3')
    .replace('alert: fleet, state', 'alert: fleet, tags: { vehicle: a }, state')
    .concat('      - { at: 1m, point: fleet, tags: { operator: "2" }, fields: { buses: 1 } }\n');
  const { mistakes } = await runTests(folderWith({ 'rules/city/fleet.test.yaml': wrong }));
  assert.deepEqual(mistakes, [
    'points of fleet have no field `buss`; did you mean `buses`?',
    '`vehicle` is no tag of the key of rule `fleet`; tags of its key: operator',
    'no feed has `2` as `operator`; did you mean `1`?',
  ]);
});

test('a test waits for what rules give one after the other', async () => {
  const chain = `${fleet}  - { name: day, from: rule:fleet, by: [], window: { tumbling: 5m }, compute: { most: max(full), last: last(buses) } }\n`;
  const late = proof.concat('      - { at: 5m, point: day, fields: { most: 2, last: 3 } }\n');
  const files = { 'rules/city/fleet.yaml': chain, 'rules/city/fleet.test.yaml': late };
  const { code, said } = await runTests(folderWith(files));
  assert.equal(code, 0, said);
});

test('a mistake in a rule that is read is told where it is, once', async () => {
  const broken = load.replace('max(load /', 'max(laod /');
  const mistake = 'rules/city/load.yaml:7 unknown field `laod` of device bus';
  assert.deepEqual(await check(folderWith({ 'rules/city/load.yaml': broken })), [mistake]);
  const { mistakes } = await runTests(folderWith({ 'rules/city/load.yaml': broken }));
  assert.deepEqual(mistakes, ['unknown field `laod` of device bus; did you mean `load`?']);
  const unreadable = `${load}    alert: [\n`;
  const folder = folderWith({ 'rules/city/load.yaml': unreadable });
  for (const told of [await check(folder), (await runTests(folder)).mistakes]) {
    assert.ok(told.length > 0);
    assert.ok(!told.some((line) => /fleet|unknown rule/.test(line)), told.join('\n'));
  }
});

test('a rule that is nowhere, and a circle through files', async () => {
  const lost = fleet.replace('rule:load', 'rule:laod');
  assert.deepEqual(await check(folderWith({ 'rules/city/fleet.yaml': lost })), [
    'rules/city/fleet.yaml:3 unknown rule `laod`',
  ]);
  const { mistakes } = await runTests(folderWith({ 'rules/city/fleet.yaml': lost }));
  assert.deepEqual(mistakes, ['unknown rule `laod`; did you mean `rule:load`?']);
  const circle = load
    .replace('from: bus', 'from: [bus, rule:fleet]')
    .replace('by: [operator, vehicle]', 'by: []');
  const told = await check(folderWith({ 'rules/city/load.yaml': circle }));
  assert.deepEqual(told, ['rules/city/fleet.yaml:3 a cycle: fleet reads load reads fleet']);
});

test('one file is checked with what it reads, in the rules folder and outside', async () => {
  const folder = folderWith({
    'new/fleet.yaml': fleet.replace('share > 1', 'shar > 1').replace('fleet', 'other'),
  });
  assert.deepEqual(await check(folder, ['rules/city/fleet.yaml']), []);
  assert.deepEqual(await check(folder, ['new/fleet.yaml']), [
    'new/fleet.yaml:6 unknown field `shar` of rule load',
  ]);
});

test('a replay of one rule file reads the rules of others, and gives its own points only', async () => {
  const folder = folderWith({});
  const lines = Array.from({ length: 12 }, (_, i) => {
    const at = new Date(Date.UTC(2026, 0, 5, 6) + i * 10_000).toISOString();
    return JSON.stringify({ at, operator: '1', vehicle: 'a', load: 90 });
  });
  writeFileSync(join(folder, 'bus.jsonl'), `${lines.join('\n')}\n`);
  const args = ['replay', '--device', 'bus', '--rules', 'rules/city/fleet.yaml', 'bus.jsonl'];
  const { stdout, code, stderr } = await headgateIn(args, { cwd: folder });
  assert.equal(code, 0, stderr);
  assert.deepEqual(stdout.trim().split('\n'), [
    'fleet,gateway=depot-7,operator=1 buses=1,full=1 1767592860000000000',
    'fleet,gateway=depot-7,operator=1 buses=1,full=1 1767592920000000000',
  ]);
});
