/**
 * The rooms and floors of docs/architecture.md, enforced: a file imports its own folder or a lower floor, and each
 * third-party package enters through the doors listed here.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

const floors: Record<string, number> = {
  core: 0,
  config: 1,
  expression: 1,
  schedule: 1,
  rules: 2,
  log: 2,
  codecs: 2,
  detectors: 2,
  settings: 2,
  sources: 3,
  journal: 3,
  engine: 3,
  outbox: 3,
  notify: 3,
  'pipeline.ts': 4,
  health: 4,
  'overload.ts': 5,
  'series-alarm.ts': 4,
  backup: 4,
  'recovery.ts': 5,
  'outlets.ts': 5,
  'gateway-status.ts': 6,
  'gateway.ts': 7,
  cli: 8,
  'main.ts': 9,
};

const doors: Record<string, RegExp> = {
  aedes: /^sources\/mqtt-broker\.ts$/,
  mqtt: /^(sources\/mqtt-(client|probe)|cli\/demo\/.*)\.ts$/,
  serialport: /^(sources\/serial|cli\/demo\/.*)\.ts$/,
  influx: /^outbox\/influx-client\.ts$/,
  '@marcbachmann/cel-js': /^expression\/parse\.ts$/,
  'node-cron': /^schedule\/cron\.ts$/,
  'tar-stream': /^backup\/(archive|unpack)\.ts$/,
  lowdb: /^settings\/store\.ts$/,
  yaml: /^config\//,
  zod: /^(config|codecs)\//,
  commander: /^cli\//,
  pino: /^cli\//,
  'prom-client': /^cli\/metrics\.ts$/,
  'csv-parse': /^(codecs\/csv|rules\/lookup|cli\/replay\/.*)\.ts$/,
  'd3-time-format': /^codecs\//,
};

const root = dirname(new URL(import.meta.url).pathname);
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const importPattern =
  /^(?:import|export)\b[^;]*?\bfrom '([^']+)';|\bimport\('([^']+)'\)|^import '([^']+)';/gm;

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(importPattern)].map((match) => (match[1] ?? match[2] ?? match[3])!);
}

function roomOf(file: string): string {
  return file.split('/')[0]!;
}

test('a file imports its own folder or a lower floor', () => {
  const wrong: string[] = [];
  for (const file of files.filter((name) => !name.endsWith('.test.ts'))) {
    const room = roomOf(file);
    assert.ok(
      room in floors,
      `${file}: folder ${room} has no floor; give it one here and in docs/architecture.md`,
    );
    for (const target of importsOf(file).filter((name) => name.startsWith('.'))) {
      const other = roomOf(relative(root, join(root, dirname(file), target)));
      const lower = (floors[other] ?? Number.NaN) < floors[room]!;
      if (other !== room && !lower) wrong.push(`${file} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('each package enters through its own door', () => {
  const wrong: string[] = [];
  for (const file of files.filter((name) => !name.endsWith('.test.ts') && !name.endsWith('.contract.ts'))) {
    for (const name of importsOf(file).filter((target) => !/^(\.|node:)/.test(target))) {
      const parts = name.split('/');
      const owner = name.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!;
      if (!doors[owner]?.test(file)) wrong.push(`${file} imports ${name}`);
    }
  }
  assert.deepEqual(wrong, []);
});
