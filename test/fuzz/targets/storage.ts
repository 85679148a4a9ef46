/**
 * What is on the disk, damaged: segments of a log, records of a lane, blocks of the journal, positions, checkpoints. Whatever
 * is damaged, it opens, gives what is sound as it was written, and comes to an end.
 */

import assert from 'node:assert/strict';
import { GatewayError } from '../../../src/core/errors.ts';
import { silentLogger } from '../../../src/core/log.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/engine/checkpoint.ts';
import { createState, save } from '../../../src/engine/engine.ts';
import { blockStart, openBlock, walkBlock } from '../../../src/journal/block.ts';
import { createBlockWriter } from '../../../src/journal/block-writer.ts';
import { decodeBody, encodeBody } from '../../../src/journal/body.ts';
import { openCursor } from '../../../src/log/cursor.ts';
import { decodeLaneContent, decodeLaneHeader, encodeLaneRecord } from '../../../src/log/lane-record.ts';
import { type Log, openLog } from '../../../src/log/log.ts';
import { createSimulatedDisk, type SimulatedDisk } from '../../../src/log/simulated-disk.ts';
import { mutated } from '../mutate.ts';
import type { Target } from '../target.ts';

const logOptions = {
  budgetBytes: 1 << 16,
  segmentBytes: 4096,
  whenFull: 'refuse',
  keepReleased: true,
  logger: silentLogger,
} as const;
const bodies = [...Array(24).keys()].map((i) => `record ${i} ${'x'.repeat((i * 53) % 700)}`);

async function writtenLog(): Promise<SimulatedDisk> {
  const disk = createSimulatedDisk();
  const log = await openLog('/log', { ...logOptions, disk });
  for (const body of bodies) await log.append(Buffer.from(body));
  await log.close();
  return disk;
}

const sound = await writtenLog();
const segments = sound.paths.filter((path) => path.endsWith('.log'));
const contents = segments.map((path) => sound.content(path));

async function bodiesOf(log: Log): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  let before = -1;
  for await (const { sequence, body } of log.read(0)) {
    assert.ok(sequence > before, 'a sequence that does not grow');
    before = sequence;
    found.set(sequence, body.toString());
  }
  return found;
}

/** The first byte chooses the segment that holds the rest. */
export const log: Target = {
  make(random) {
    const chosen = random.int(contents.length);
    return Buffer.concat([Buffer.of(chosen), mutated(random, [contents[chosen]!])]);
  },
  async check(input) {
    const disk = createSimulatedDisk();
    await disk.makeFolder('/log');
    for (const [i, path] of segments.entries()) {
      const file = await disk.open(path, 'create');
      await file.write([i === (input[0] ?? 0) % segments.length ? input.subarray(1) : contents[i]!], 0);
      await file.close();
    }
    const opened = await orRefused(() => openLog('/log', { ...logOptions, disk }));
    if (opened === undefined) return;
    const found = await bodiesOf(opened);
    for (const [sequence, body] of found)
      assert.equal(body, bodies[sequence], `record ${sequence} is another one`);
    const next = await opened.append(Buffer.from('more'));
    assert.equal((await bodiesOf(opened)).get(next), 'more');
    assert.ok(found.size + opened.losses.lostRecords + opened.losses.tornBytes > 0);
    await opened.close();
  },
};

/** A refusal is no crash. */
async function orRefused<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return undefined;
  }
}

const laneHeader = {
  batchEndMs: 1e12,
  part: 0,
  last: true,
  count: 3,
  linesBefore: 7,
  oldestMs: 1,
  newestMs: 2,
};
const laneSeeds = [
  await encodeLaneRecord(laneHeader, ['m f=1 1', 'm f="\n" 2', '']),
  await encodeLaneRecord(laneHeader, ['m f=1 1', 'm f=2 2'], [{ kind: 'k', numbers: [1, 2] }]),
  await encodeLaneRecord(laneHeader, Array(3).fill(`m f="${'x'.repeat(400)}" 1`)),
];

/** Its checksum was right: it can only be of another version. */
export const laneRecord: Target = {
  make: (random) => mutated(random, laneSeeds),
  async check(input) {
    const header = await orRefused(async () => decodeLaneHeader(input));
    if (header !== undefined)
      await decodeLaneContent(input).catch((error: unknown) => assert.ok(error instanceof Error));
  },
};

function writtenBlock(): Buffer {
  const writer = createBlockWriter(Buffer.alloc(64));
  for (let i = 0; i < 20; i++)
    writer.add(
      'mqtt',
      `bus/${i % 3}/state`,
      Buffer.from(`{"t":${i}}`.repeat(i)),
      1_768_000_000_000_000 + i * i * 977,
    );
  return Buffer.from(writer.finish({ offsetMs: 0, trust: 'sure' }));
}
const block = writtenBlock();
const blockSeeds = [await encodeBody(block), await encodeBody(block.subarray(0, 200))];

export const journalBlock: Target = {
  make: (random) => mutated(random, blockSeeds),
  async check(input) {
    const bytes = await orRefused(() => decodeBody(input));
    for (const candidate of [bytes, input]) {
      if (candidate === undefined) continue;
      let frames = 0;
      await orRefused(async () => {
        const opened = openBlock(candidate);
        walkBlock(
          opened,
          blockStart(opened),
          Number.POSITIVE_INFINITY,
          Number.POSITIVE_INFINITY,
          (route, _buffer, start, end) => {
            frames += 1;
            assert.ok(route < opened.routes.length && start <= end && end <= candidate.length);
          },
        );
      });
      assert.ok(frames <= candidate.length, 'more frames than bytes');
    }
  },
};

const cursorSeeds = [
  '{"checksum":"e8b7be43","value":{"sequence":12}}\n',
  '{"sequence":3}',
  'null',
  '[1]',
].map((text) => Buffer.from(text));

export const cursor: Target = {
  make: (random) => mutated(random, cursorSeeds, ['"checksum":', '"value":', '{', '__proto__', 'null']),
  async check(input) {
    const disk = createSimulatedDisk();
    const file = await disk.open('/position', 'create');
    await file.write([input], 0);
    await file.close();
    const options = {
      ...{ disk, path: '/position', initial: 0, logger: silentLogger },
      parse: (value: unknown) =>
        typeof value === 'object' && value !== null && 'sequence' in value
          ? Number(value.sequence)
          : undefined,
    };
    assert.equal(typeof (await openCursor(options)).value, 'number');
  },
};

const state = save(createState({ gateway: 'g', devices: [], rules: [], merges: new Map() }));
const checkpointSeeds = [
  encodeCheckpoint({ batchEndMs: 1e12, position: { sequence: 3, frame: 1 }, state, handshakes: [] }),
];

export const checkpoint: Target = {
  make: (random) => mutated(random, checkpointSeeds),
  check(input) {
    const read = decodeCheckpoint(input);
    if (read !== undefined) assert.deepEqual(read, decodeCheckpoint(checkpointSeeds[0]!));
  },
};
