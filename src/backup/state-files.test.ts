import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { silentLogger } from '../core/log.ts';
import { type Checkpoint, encodeCheckpoint } from '../engine/checkpoint.ts';
import { encodePosition } from '../log/cursor.ts';
import { openLog } from '../log/log.ts';
import type { Cut } from './cut.ts';
import { stateEntries } from './state-files.ts';

const root = mkdtempSync(join(tmpdir(), 'headgate-state-'));
after(() => rmSync(root, { recursive: true, force: true }));

function checkpointAt(sequence: number): Buffer {
  const position = { sequence, frame: 0 };
  return encodeCheckpoint({ batchEndMs: 0, position, state: {}, handshakes: [] } as unknown as Checkpoint);
}

/** Ten blocks and ten records of points, in segments of three or so. */
async function folderWith(files: Readonly<Record<string, Buffer | string>>): Promise<string> {
  const data = mkdtempSync(join(root, 'data-'));
  for (const folder of ['journal', 'outbox/points']) {
    const options = {
      budgetBytes: 1 << 20,
      segmentBytes: 4096,
      whenFull: 'refuse',
      logger: silentLogger,
    } as const;
    const log = await openLog(join(data, folder), options);
    for (let i = 0; i < 10; i++) await log.append(Buffer.alloc(1200, i));
    await log.close();
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(data, name), content);
  return data;
}

async function entriesOf(data: string, cut?: Cut) {
  const warnings: string[] = [];
  const entries = await Array.fromAsync(
    stateEntries({ data, cut: async () => cut, warn: (text) => warnings.push(text) }),
  );
  return { warnings, files: new Map(entries.map(({ name, content }) => [name, content])) };
}

/** First sequences of the copied segments. */
const firstOf = (files: ReadonlyMap<string, Buffer>, folder: string): number[] =>
  [...files.keys()]
    .filter((name) => name.startsWith(`data/${folder}/`))
    .map((name) => Number(/(\d+)\.log/.exec(name)![1]));

test('the journal goes with the checkpoint from the block before it, and a damaged one is as if it were not there', async () => {
  const data = await folderWith({ 'checkpoint.previous': checkpointAt(5) });
  for (const damaged of [undefined, Buffer.from('no checkpoint')]) {
    if (damaged !== undefined) writeFileSync(join(data, 'checkpoint'), damaged);
    const { files, warnings } = await entriesOf(data);
    assert.deepEqual(files.get('data/checkpoint'), checkpointAt(5));
    assert.deepEqual(firstOf(files, 'journal'), [4]);
    assert.deepEqual(warnings, []);
  }
  rmSync(join(data, 'checkpoint'));
  mkdirSync(join(data, 'checkpoint'));
  const unreadable = await entriesOf(data);
  assert.deepEqual(unreadable.files.get('data/checkpoint'), checkpointAt(5));
  assert.match(unreadable.warnings.join(), /cannot read .*checkpoint: .*it is left out/);
});

test('of a version that nobody here can read all of it is taken', async () => {
  const data = await folderWith({ checkpoint: 'of 2030', 'checkpoint.previous': 'of 2029' });
  const { files } = await entriesOf(data);
  assert.equal(String(files.get('data/checkpoint')), 'of 2030');
  assert.equal(String(files.get('data/checkpoint.previous')), 'of 2029');
  assert.deepEqual(firstOf(files, 'journal'), [0]);
});

test('of a cut what it names, and what is missing of that is said; files of points are not looked for elsewhere', async () => {
  const data = await folderWith({ checkpoint: checkpointAt(10) });
  const position = { live: { sequence: 3, line: 9 }, mark: '2026-01-05-001.lp 500' };
  const cut: Cut = {
    logs: {
      journal: { from: 0, to: 10 },
      'outbox/points': { from: 3, to: 8 },
      'outbox/alerts': { from: 0, to: 2 },
    },
    files: { 'outbox/points.position.json': String(encodePosition(position)), 'settings.json': '{}' },
  };
  const { files, warnings } = await entriesOf(data, cut);
  assert.deepEqual(firstOf(files, 'journal'), [9], 'the last block says when it was');
  assert.deepEqual(firstOf(files, 'outbox/points'), [3]);
  assert.deepEqual(files.get('data/outbox/points.position.json'), encodePosition({ live: position.live }));
  assert.equal(String(files.get('data/settings.json')), '{}');
  assert.deepEqual(warnings, [
    'outbox/alerts: 2 records cannot be read; if the gateway runs, export once more',
  ]);
});

test('of nothing there is nothing', async () => {
  assert.equal((await entriesOf(join(root, 'missing'))).files.size, 0);
});
