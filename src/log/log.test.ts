import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { GatewayError } from '../core/errors.ts';
import { silentLogger } from '../core/log.ts';
import { type Log, type LogOptions, openLog } from './log.ts';

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-log-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const defaults = {
  budgetBytes: 1 << 20,
  segmentBytes: 4096,
  whenFull: 'refuse',
  logger: silentLogger,
} as const;

function open(folder: string, options: Partial<LogOptions> = {}): Promise<Log> {
  return openLog(folder, { ...defaults, ...options });
}

function body(sequence: number, bytes = 300): Buffer {
  return Buffer.alloc(bytes, `record ${sequence} `);
}

async function fill(log: Log, count: number, bytes?: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const expected = log.next;
    assert.equal(await log.append(body(expected, bytes)), expected);
  }
}

async function sequencesOf(log: Log, from = 0, bytes?: number): Promise<number[]> {
  const found: number[] = [];
  for await (const record of log.read(from)) {
    assert.deepEqual(record.body, body(record.sequence, bytes), `body of record ${record.sequence}`);
    found.push(record.sequence);
  }
  return found;
}

const upTo = (end: number, from = 0): number[] => Array.from({ length: end - from }, (_, i) => from + i);
const segmentFiles = (folder: string): string[] => readdirSync(folder).sort();

test('gives back what was appended, from any record on, also after opening again', async (t) => {
  const folder = temporaryFolder(t);
  const log = await open(folder);
  await fill(log, 40);
  for (const from of [0, 1, 12, 39]) assert.deepEqual(await sequencesOf(log, from), upTo(40, from));
  assert.deepEqual(await sequencesOf(log, 40), []);
  await log.close();
  assert.ok(segmentFiles(folder).length > 2);
  const again = await open(folder);
  assert.equal(again.next, 40);
  assert.deepEqual(await sequencesOf(again), upTo(40));
  await fill(again, 10);
  assert.deepEqual(await sequencesOf(again, 35), upTo(50, 35));
  assert.deepEqual(again.losses, { tornBytes: 0, corruptSegments: 0, lostRecords: 0, droppedRecords: 0 });
  await again.close();
});

test('keeps empty records, and records larger than a segment up to the limit', async (t) => {
  const log = await open(temporaryFolder(t));
  const sizes = [0, 10, 100_000, 0, 5000, 300_000, 7];
  const bodies = sizes.map((size, i) => Buffer.alloc(size, `${i}`));
  await Promise.all(bodies.map((bytes) => log.append(bytes)));
  const found: Buffer[] = [];
  for await (const record of log.read(0)) found.push(record.body);
  assert.deepEqual(found, bodies);
  await assert.rejects(log.append(Buffer.alloc(64 * 1024 * 1024 + 1)), GatewayError);
  await assert.rejects(log.append(Buffer.alloc(2 << 20)), /log .* is full/);
  assert.equal(await log.append(body(7)), 7);
  await log.close();
});

test('concurrent appends keep their order', async (t) => {
  const log = await open(temporaryFolder(t));
  const sequences = await Promise.all(upTo(100).map((i) => log.append(body(i))));
  assert.deepEqual(sequences, upTo(100));
  assert.deepEqual(await sequencesOf(log), upTo(100));
  await log.close();
});

test('a closed log refuses', async (t) => {
  const log = await open(temporaryFolder(t));
  const last = log.append(body(0));
  await log.close();
  assert.equal(await last, 0);
  await assert.rejects(log.append(body(1)), /closed/);
});

test('a torn tail is cut at every byte of the last record', async (t) => {
  const folder = temporaryFolder(t);
  const log = await open(folder);
  await fill(log, 3, 40);
  await log.close();
  const file = join(folder, segmentFiles(folder)[0]!);
  const whole = readFileSync(file);
  const lastStart = 32 + 2 * 64;
  for (let length = 0; length < lastStart + 64; length++) {
    writeFileSync(file, whole.subarray(0, length));
    const cut = await open(folder);
    const left = Math.max(0, Math.floor((length - 32) / 64));
    assert.deepEqual(await sequencesOf(cut, 0, 40), upTo(left));
    assert.equal(cut.losses.tornBytes, length < 32 ? length : length - 32 - left * 64);
    assert.equal(cut.losses.corruptSegments, 0);
    await fill(cut, 4, 40);
    assert.deepEqual(await sequencesOf(cut, 0, 40), upTo(left + 4));
    await cut.close();
    for (const name of segmentFiles(folder)) if (join(folder, name) !== file) rmSync(join(folder, name));
  }
});

test('after a clean stop a flipped bit anywhere loses one record at most, and is told', async (t) => {
  const folder = temporaryFolder(t);
  const log = await open(folder);
  await Promise.all(upTo(4).map((i) => log.append(body(i, 40))));
  await log.close();
  const name = segmentFiles(folder)[0]!;
  const whole = readFileSync(join(folder, name));
  // Behind the records lies a hole.
  const recordBits = 8 * (whole.findLastIndex((byte) => byte !== 0) + 8);
  for (let bit = 0; bit < whole.length * 8; bit += bit < recordBits ? 7 : 997) {
    for (const other of segmentFiles(folder)) rmSync(join(folder, other));
    const flipped = Buffer.from(whole);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    writeFileSync(join(folder, name), flipped);
    const found = await open(folder);
    const readable = await sequencesOf(found, 0, 40);
    assert.ok(readable.length >= 3, `bit ${bit}: only ${readable}`);
    assert.equal(found.losses.lostRecords, 4 - readable.length, `bit ${bit}`);
    assert.ok(found.next >= 4);
    await fill(found, 2, 40);
    assert.equal((await sequencesOf(found, 0, 40)).length, readable.length + 2);
    await found.close();
    const again = await open(folder);
    assert.equal((await sequencesOf(again, 0, 40)).length, readable.length + 2);
    assert.equal(again.losses.lostRecords, 0);
    await again.close();
  }
});

test('damage in an older segment sets it aside when it is read; the rest is read on', async (t) => {
  const folder = temporaryFolder(t);
  const log = await open(folder);
  await fill(log, 40);
  const files = segmentFiles(folder);
  const file = join(folder, files[1]!);
  const bytes = readFileSync(file);
  bytes.fill(0xff, 1030, 1040);
  writeFileSync(file, bytes);
  const found = await sequencesOf(log);
  assert.equal(found.length, 39);
  assert.deepEqual(
    { ...log.losses },
    { tornBytes: 0, corruptSegments: 1, lostRecords: 1, droppedRecords: 0 },
  );
  assert.ok(segmentFiles(folder).includes(`${files[1]}.corrupt`));
  assert.deepEqual(await sequencesOf(log), found);
  assert.equal(log.losses.corruptSegments, 1);
  await log.close();
  const again = await open(folder);
  assert.deepEqual(await sequencesOf(again), found);
  await again.close();
});

test('a missing or shortened older segment is counted as lost', async (t) => {
  const folder = temporaryFolder(t);
  const log = await open(folder);
  await fill(log, 50);
  await log.close();
  const files = segmentFiles(folder);
  rmSync(join(folder, files[1]!));
  truncateSync(join(folder, files[2]!), 500);
  const again = await open(folder);
  const found = await sequencesOf(again);
  assert.equal(found.at(-1), 49);
  assert.equal(again.losses.lostRecords, 50 - found.length);
  await again.close();
});

test('refuses at its budget, and takes records again after a release; the budget holds on disk', async (t) => {
  const folder = temporaryFolder(t);
  const log = await open(folder, { budgetBytes: 20_000, keepReleased: true });
  const refused = await fill(log, 1000).catch((error) => error);
  assert.ok(refused instanceof GatewayError);
  assert.match(refused.message, /full: \d+ of 20000 bytes/);
  const stored = log.next;
  assert.deepEqual(await sequencesOf(log), upTo(stored));
  log.release(stored - 5);
  await fill(log, 500).catch((error) => assert.match(error.message, /full/));
  assert.ok(log.next > stored + 10);
  assert.ok(log.first > 0 && log.first <= stored - 5);
  const sizes = segmentFiles(folder).map((name) => statSync(join(folder, name)).size);
  assert.ok(sizes.reduce((a, b) => a + b) <= 20_000, `${sizes}`);
  await log.close();
});

test('drops the oldest at its budget when told to, and counts', async (t) => {
  const log = await open(temporaryFolder(t), { budgetBytes: 20_000, whenFull: 'drop-oldest' });
  await fill(log, 300);
  assert.ok(log.first > 200);
  assert.equal(log.losses.droppedRecords, log.first);
  assert.deepEqual(await sequencesOf(log), upTo(300, log.first));
  await log.close();
});

test('a recycled segment never gives old records, also after a crash and at any cut', async (t) => {
  const folder = temporaryFolder(t);
  const log = await open(folder, { budgetBytes: 16_384, whenFull: 'drop-oldest' });
  await fill(log, 100, 100);
  const { first, next } = log;
  const files = segmentFiles(folder).map((name) => [name, readFileSync(join(folder, name))] as const);
  await log.close();
  const [lastName, lastBytes] = files.at(-1)!;
  const lastFirst = Number.parseInt(lastName, 10);
  for (let length = 0; length <= lastBytes.length; length += 7) {
    for (const name of segmentFiles(folder)) rmSync(join(folder, name));
    for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
    truncateSync(join(folder, lastName), length);
    const again = await open(folder, { budgetBytes: 16_384, whenFull: 'drop-oldest' });
    const whole = Math.max(0, Math.floor((length - 32) / 124));
    const end = Math.min(next, lastFirst + whole);
    assert.equal(again.next, end);
    assert.deepEqual(await sequencesOf(again, 0, 100), upTo(end, first));
    await again.close();
  }
});

test('frees released segments at once, except those set aside', async (t) => {
  const folder = temporaryFolder(t);
  const log = await open(folder);
  await fill(log, 60);
  const files = segmentFiles(folder);
  const bytes = readFileSync(join(folder, files[1]!));
  writeFileSync(join(folder, files[1]!), bytes.fill(1, 200, 300));
  await sequencesOf(log);
  log.release(60);
  assert.deepEqual(await sequencesOf(log, 58), [58, 59]);
  await log.close();
  const left = segmentFiles(folder);
  assert.ok(left.length <= 4, `${left}`);
  assert.ok(left.includes(`${files[1]}.corrupt`));
});

test('a reader beside appends and recycling meets only sound records, in order', async (t) => {
  const log = await open(temporaryFolder(t), { budgetBytes: 20_000, whenFull: 'drop-oldest' });
  await fill(log, 30);
  const reader = (async () => {
    let previous = -1;
    while (previous < 999) {
      for await (const record of log.read(previous + 1)) {
        assert.ok(record.sequence > previous);
        assert.deepEqual(record.body, body(record.sequence));
        previous = record.sequence;
      }
      await new Promise(setImmediate);
    }
  })();
  await fill(log, 970);
  await reader;
  assert.equal(log.losses.corruptSegments, 0);
  await log.close();
});

test('never gives a sequence again below the release point, even when the records are gone', async (t) => {
  const folder = temporaryFolder(t);
  const log = await open(folder, { keepReleased: true });
  await fill(log, 10);
  await log.close();
  const file = join(folder, segmentFiles(folder)[0]!);
  truncateSync(file, 32 + 5 * 324);
  const again = await open(folder, { keepReleased: true });
  again.release(9);
  assert.equal(await again.append(body(9)), 9);
  assert.deepEqual(await sequencesOf(again), [0, 1, 2, 3, 4, 9]);
  await again.close();
});

test('a segment of a newer format is left alone', async (t) => {
  const folder = temporaryFolder(t);
  const log = await open(folder);
  await fill(log, 2);
  await log.close();
  const file = join(folder, segmentFiles(folder)[0]!);
  const bytes = readFileSync(file);
  bytes.writeUInt8(9, 6);
  const { crc32 } = await import('node:zlib');
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
  writeFileSync(file, bytes);
  await assert.rejects(open(folder), /format 9/);
  assert.deepEqual(readFileSync(file), bytes);
});

test('a last segment that is gone or emptied is missed, once', async (t) => {
  for (const harm of [rmSync, truncateSync]) {
    const folder = temporaryFolder(t);
    const log = await open(folder);
    await fill(log, 20);
    const files = segmentFiles(folder);
    assert.equal(files.length, 2);
    // Not closed: no clean end anywhere, as after a crash.
    harm(join(folder, files[1]!));
    const second = await open(folder);
    assert.deepEqual([second.losses.corruptSegments, second.losses.lostRecords], [1, 1]);
    const kept = await sequencesOf(second);
    assert.deepEqual(kept, upTo(kept.length));
    const third = await open(folder);
    assert.deepEqual([third.losses.corruptSegments, third.losses.lostRecords], [0, 0]);
    await fill(third, 3);
    assert.equal((await sequencesOf(third)).length, kept.length + 3);
    await Promise.all([log, second, third].map((one) => one.close()));
  }
});

test('what no crash leaves of a segment is set aside, not removed', async (t) => {
  const harms: ((path: string) => void)[] = [
    (path) => writeFileSync(path, 'no segment at all, but something longer than a header'),
    (path) => {
      rmSync(path);
      mkdirSync(join(path, 'with content'), { recursive: true });
    },
  ];
  for (const harm of harms) {
    const folder = temporaryFolder(t);
    const log = await open(folder);
    await fill(log, 3);
    await log.close();
    harm(join(folder, segmentFiles(folder)[0]!));
    const second = await open(folder);
    assert.deepEqual(segmentFiles(folder), ['0000000000000000.log.corrupt']);
    assert.equal(second.losses.corruptSegments, 1);
    const from = second.next;
    await second.append(body(from));
    assert.deepEqual(await sequencesOf(second), [from]);
    await second.close();
    const third = await open(folder);
    assert.equal(third.losses.corruptSegments, 0);
    assert.deepEqual(await sequencesOf(third), [from]);
    await third.close();
  }
});

test('a leftover folder is no reason not to open', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'x.tmp', 'with content'), { recursive: true });
  const log = await open(folder);
  await fill(log, 1);
  await log.close();
  assert.deepEqual(segmentFiles(folder), ['0000000000000000.log', 'x.tmp.corrupt']);
});
