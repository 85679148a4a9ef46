/** The log on a disk that forgets, tears, runs full and fails. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GatewayError } from '../core/errors.ts';
import { silentLogger } from '../core/log.ts';
import { isDiskFailure } from './disk-error.ts';
import { readWholeFile, writeFileDurably } from './files.ts';
import { type Log, type LogOptions, openLog } from './log.ts';
import { createSimulatedDisk, failure, type SimulatedDisk } from './simulated-disk.ts';

const folder = '/log';

function open(disk: SimulatedDisk, options: Partial<LogOptions> = {}): Promise<Log> {
  const defaults = {
    budgetBytes: 1 << 15,
    segmentBytes: 4096,
    whenFull: 'refuse',
    keepReleased: true,
  } as const;
  return openLog(folder, { ...defaults, logger: silentLogger, disk, ...options });
}

async function contentOf(log: Log, from = 0): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for await (const record of log.read(from)) found.set(record.sequence, record.body.toString('latin1'));
  return found;
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What must be in the log: acknowledged records by sequence, and the release point. */
interface Model {
  readonly records: Map<number, string>;
  released: number;
  /** Texts refused since the last success: the cut of what was written of them may not be durable. */
  refused: string[];
}

type Action =
  | { readonly do: 'append'; readonly sizes: readonly number[] }
  | {
      readonly do: 'crash';
      readonly seed: number;
      readonly power: boolean;
      readonly during: readonly number[];
    }
  | { readonly do: 'reopen' }
  | { readonly do: 'release'; readonly share: number }
  | { readonly do: 'read'; readonly share: number }
  | { readonly do: 'full'; readonly spareBytes: number; readonly sizes: readonly number[] };

/** Few different ones: old content must often lie just where the next record would. */
const sizes = fc.array(fc.constantFrom(20, 20, 700, 700, 1500, 5000), { minLength: 1, maxLength: 6 });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('append'), sizes }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('crash'),
        seed: fc.integer(),
        power: fc.boolean(),
        during: sizes,
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen') }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('release'), share }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('read'), share }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('full'), spareBytes: fc.nat(8000), sizes }) },
  ) as fc.Arbitrary<Action>,
  { minLength: 5, maxLength: 50 },
);

let stamp = 0;
function textOf(bytes: number): string {
  stamp += 1;
  return `${stamp}:`.padEnd(bytes, 'x');
}

/** Appends all at once and enters what became of them in the model; `pending` keeps those without an answer yet. */
async function appendAll(log: Log, model: Model, texts: readonly string[], pending = new Set<string>()) {
  for (const text of texts) pending.add(text);
  await Promise.all(
    texts.map(async (text) => {
      const sequence = await log.append(Buffer.from(text, 'latin1')).catch((error) => {
        assert.ok(error instanceof GatewayError, String(error));
        model.refused.push(text);
        return undefined;
      });
      pending.delete(text);
      if (sequence === undefined) return;
      model.refused = [];
      assert.ok(!model.records.has(sequence), `sequence ${sequence} given twice`);
      model.records.set(sequence, text);
    }),
  );
}

/** Everything acknowledged and not released is there; nothing else is, except what `unacknowledged` allows. */
async function check(log: Log, model: Model, from: number, unacknowledged: readonly string[]): Promise<void> {
  const found = await contentOf(log, from);
  for (const [sequence, text] of model.records) {
    if (sequence >= Math.max(from, model.released))
      assert.equal(found.get(sequence), text, `record ${sequence}`);
  }
  const extra = [...found].filter(([sequence]) => !model.records.has(sequence));
  const texts = extra.map(([, text]) => text);
  if (model.refused.length === 0) {
    const first = unacknowledged.slice(0, extra.length);
    assert.deepEqual(texts, first, 'unacknowledged records that survive are the first ones');
  }
  for (const text of texts) assert.ok([...unacknowledged, ...model.refused].includes(text), 'made up');
  for (const [sequence, text] of found) model.records.set(sequence, text);
  const { corruptSegments, lostRecords, droppedRecords } = log.losses;
  assert.deepEqual(
    { corruptSegments, lostRecords, droppedRecords },
    { corruptSegments: 0, lostRecords: 0, droppedRecords: 0 },
  );
  assert.ok(log.first <= Math.max(model.released, 0) || log.first === log.next || log.first === 0);
}

async function crashDuring(disk: SimulatedDisk, log: Log, model: Model, action: Action & { do: 'crash' }) {
  const random = randomFrom(action.seed);
  let stepsLeft = Math.floor(random() * 8);
  const dead = new Promise<never>(() => undefined);
  let reached = (): void => undefined;
  const stopped = new Promise<void>((resolve) => {
    reached = resolve;
  });
  disk.before = () => {
    if (stepsLeft > 0) {
      stepsLeft -= 1;
      return;
    }
    reached();
    return dead;
  };
  const pending = new Set<string>();
  const appended = appendAll(log, model, action.during.map(textOf), pending);
  await Promise.race([appended, stopped]);
  disk.before = () => undefined;
  if (action.power) disk.crash(random);
  else disk.kill();
  return [...pending];
}

test('model: acknowledged records survive crashes, full disks, reopening and recycling', async () => {
  const property = fc.asyncProperty(actions, async (list) => {
    const disk = createSimulatedDisk();
    const model: Model = { records: new Map(), released: 0, refused: [] };
    let log = await open(disk);
    for (const action of list) {
      if (action.do === 'append') await appendAll(log, model, action.sizes.map(textOf));
      if (action.do === 'read') await check(log, model, Math.floor(log.next * action.share), []);
      if (action.do === 'release') {
        model.released = Math.max(model.released, Math.floor(log.next * action.share));
        log.release(model.released);
      }
      if (action.do === 'full') {
        disk.capacityBytes = disk.usedBytes + action.spareBytes;
        await appendAll(log, model, action.sizes.map(textOf));
        disk.capacityBytes = Number.POSITIVE_INFINITY;
      }
      if (action.do === 'reopen' || action.do === 'crash') {
        let unacknowledged: string[] = [];
        if (action.do === 'reopen') await log.close();
        else unacknowledged = await crashDuring(disk, log, model, action);
        log = await open(disk);
        log.release(model.released);
        if (action.do === 'reopen') model.refused = [];
        await check(log, model, 0, unacknowledged);
        model.refused = [];
      }
    }
    await check(log, model, 0, []);
  });
  await fc.assert(property, { numRuns: 250 });
});

test('no append is acknowledged before its sync', async () => {
  const disk = createSimulatedDisk();
  const log = await open(disk);
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let syncs = 0;
  disk.before = (step) => {
    if (step !== 'sync') return;
    syncs += 1;
    return held;
  };
  let acknowledged = 0;
  const count = () => {
    acknowledged += 1;
  };
  const first = log.append(Buffer.from('a')).then(count);
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  const others = Promise.all([
    log.append(Buffer.from('b')).then(count),
    log.append(Buffer.from('c')).then(count),
  ]);
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  assert.equal(acknowledged, 0);
  assert.equal(syncs, 1, 'a second sync in flight');
  assert.equal((await contentOf(log)).size, 0, 'an undurable record was read');
  release();
  await Promise.all([first, others]);
  assert.equal(syncs, 2);
});

test('a full disk refuses with a remedy, and the log goes on when there is room again', async () => {
  const disk = createSimulatedDisk();
  const log = await open(disk);
  await log.append(Buffer.from('before'));
  disk.capacityBytes = disk.usedBytes + 50;
  await assert.rejects(log.append(Buffer.alloc(200)), (error) => {
    assert.ok(error instanceof GatewayError);
    assert.match(error.message, /cannot write .*ENOSPC/);
    return /free space/.test(error.remedy ?? '');
  });
  disk.capacityBytes = Number.POSITIVE_INFINITY;
  assert.equal(await log.append(Buffer.from('after')), 1);
  disk.crash(() => 0.99);
  const again = await open(disk);
  assert.deepEqual([...(await contentOf(again)).values()], ['before', 'after']);
});

test('after a failed sync everything is refused until the log is opened again', async () => {
  const disk = createSimulatedDisk();
  const log = await open(disk);
  await log.append(Buffer.from('kept'));
  let syncs = 0;
  disk.before = (step) => {
    if (step !== 'sync') return;
    syncs += 1;
    if (syncs === 1) throw failure('EIO');
  };
  await assert.rejects(log.append(Buffer.from('lost')), /cannot sync .*EIO/);
  await assert.rejects(log.append(Buffer.from('lost too')), /cannot sync .*EIO/);
  assert.equal(syncs, 1, 'synced again after a failure');
  assert.deepEqual([...(await contentOf(log)).values()], ['kept']);
  await log.close();
  const again = await open(disk);
  assert.equal((await contentOf(again)).get(0), 'kept');
  await again.append(Buffer.from('new'));
});

test('a sector the disk cannot read costs only the records in it', async () => {
  const disk = createSimulatedDisk();
  const log = await open(disk, { budgetBytes: 1 << 20, segmentBytes: 65_536 });
  for (let i = 0; i < 100; i++) await log.append(Buffer.alloc(1000, `${i} `));
  const [file] = disk.paths;
  const { open: openFile } = disk;
  disk.open = async (path, mode) => {
    const inner = await openFile(path, mode);
    if (!path.startsWith(file!)) return inner;
    const overlaps = (at: number, length: number): boolean => at < 12_288 && at + length > 8192;
    const read: typeof inner.read = async (into, at) => {
      if (overlaps(at, into.length)) throw failure('EIO');
      return inner.read(into, at);
    };
    return { ...inner, read };
  };
  const found = await contentOf(log);
  assert.ok(found.size >= 95 && found.size < 100, `${found.size}`);
  assert.equal(log.losses.lostRecords, 100 - found.size);
});

test('what was cut never comes back behind a record that takes its place', async () => {
  const disk = createSimulatedDisk();
  const log = await open(disk);
  const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(100));
  await Promise.all(texts.map((text) => log.append(Buffer.from(text))));
  disk.kill();
  // As a power cut tears one write: the second record is lost, the third is not.
  disk.corrupt(disk.paths[0]!, (content) =>
    content.fill(0, content.indexOf('bb'), content.indexOf('cc') - 24),
  );
  const again = await open(disk);
  assert.deepEqual([...(await contentOf(again)).keys()], [0]);
  await again.append(Buffer.alloc(100, 'B'));
  disk.kill();
  const last = await open(disk);
  assert.deepEqual([...(await contentOf(last)).values()], [texts[0], 'B'.repeat(100)]);
  assert.equal(last.next, 2);
});

test('a reader whose segment is used again meanwhile goes on with what is kept', async () => {
  const disk = createSimulatedDisk();
  const log = await open(disk, { budgetBytes: 16_384, whenFull: 'drop-oldest' });
  const append = (sequence: number) => log.append(Buffer.from(`${sequence}`.padEnd(1000)));
  for (let i = 0; i < 5; i++) await append(i);
  const first = disk.paths[0]!;
  let isHeld = false;
  disk.before = async (step, path) => {
    if (step !== 'read' || path !== first || isHeld) return;
    isHeld = true;
    for (let i = 5; i < 60; i++) await append(i);
  };
  const found = await contentOf(log);
  assert.ok(isHeld);
  assert.ok(found.size >= 5);
  for (const [sequence, text] of found) assert.equal(Number(text), sequence);
  assert.deepEqual([...found.keys()].at(-1), 59);
  assert.equal(log.losses.corruptSegments, 0);
});

test('segments set aside are bounded too: the size budget removes them, and says so', async () => {
  const disk = createSimulatedDisk();
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (_details: object, message: string) => warnings.push(message) };
  const log = await open(disk, { whenFull: 'drop-oldest', logger });
  for (let i = 0; i < 20; i++) await log.append(Buffer.alloc(1000, `${i} `));
  for (const path of disk.paths) disk.corrupt(path, (content) => content.fill(0xee, 200, 300));
  const readable = await contentOf(log);
  assert.ok(readable.size >= 10 && readable.size < 20);
  const setAside = disk.paths.filter((path) => path.endsWith('.corrupt'));
  assert.equal(setAside.length, log.losses.corruptSegments);
  for (let i = 0; i < 100; i++) await log.append(Buffer.alloc(1000, `${i} `));
  assert.ok(disk.usedBytes <= 1 << 15, `${disk.usedBytes}`);
  assert.ok(!disk.paths.some((path) => path.endsWith('.corrupt')));
  assert.equal(warnings.filter((text) => text.includes('set aside removed')).length, setAside.length);
});

test('a file is replaced whole or not at all', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.nat(8), async (seed, steps) => {
      const disk = createSimulatedDisk();
      await writeFileDurably(disk, '/state', Buffer.alloc(2000, 'old'));
      let left = steps;
      disk.before = () => {
        left -= 1;
        if (left < 0) throw failure('EIO');
      };
      const written = await writeFileDurably(disk, '/state', Buffer.alloc(3000, 'new')).then(
        () => true,
        (error) => assert.ok(error instanceof GatewayError),
      );
      disk.before = () => undefined;
      disk.crash(randomFrom(seed));
      const content = await readWholeFile(disk, '/state');
      const isNew = content!.equals(Buffer.alloc(3000, 'new'));
      assert.ok(isNew || (written !== true && content!.equals(Buffer.alloc(2000, 'old'))));
    }),
  );
});

test('what was refused for want of room is cut off durably first; where that fails nothing more is stored', async () => {
  for (const failing of [undefined, 'truncate', 'sync'] as const) {
    const disk = createSimulatedDisk();
    const log = await open(disk);
    await log.append(Buffer.from('first'));
    const steps: string[] = [];
    disk.before = (step) => {
      steps.push(step);
      if (step === 'write') throw failure('ENOSPC');
      if (step === failing) throw failure('EIO');
    };
    const refused = await log.append(Buffer.from('refused')).catch((error: unknown) => error);
    assert.ok(refused instanceof GatewayError);
    assert.deepEqual(steps, failing === 'truncate' ? ['write', 'truncate'] : ['write', 'truncate', 'sync']);
    assert.equal(isDiskFailure(refused), failing !== undefined);
    disk.before = () => undefined;
    if (failing === undefined) assert.equal(await log.append(Buffer.from('later')), 1);
    else await assert.rejects(log.append(Buffer.from('later')), GatewayError);
  }
});

test('a record whose epoch, sequence or length has rotted is torn, not old content', async () => {
  for (const at of [0, 8, 16, 24]) {
    const disk = createSimulatedDisk();
    const log = await open(disk);
    await log.append(Buffer.from('first'));
    const file = disk.paths[0]!;
    const end = 32 + 24 + 5;
    await log.append(Buffer.from('second'));
    disk.kill();
    disk.corrupt(file, (content) => {
      content[end + at]! ^= 1;
      return content;
    });
    const again = await open(disk);
    assert.ok(again.losses.tornBytes > 0, `byte ${at}`);
  }
});
