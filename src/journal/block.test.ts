import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FrameSpan } from '../core/frame.ts';
import { blockEnd, blockSpans, blockStart, openBlock, walkBlock } from './block.ts';
import { createBlockWriter } from './block-writer.ts';
import { decodeBody, encodeBody } from './body.ts';

interface Plain {
  readonly source: string;
  readonly topic: string;
  readonly payload: Buffer;
  readonly arrivalUs: number;
}

const frames: fc.Arbitrary<Plain[]> = fc
  .array(
    fc.record({
      source: fc.constantFrom('mqtt', 'probe', 'Å'),
      topic: fc.oneof(fc.constantFrom('a/b', 'a/c', ''), fc.string({ unit: 'binary', maxLength: 12 })),
      payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      stepUs: fc.oneof(fc.nat(300), fc.constantFrom(0, 127, 128, 2 ** 31, 2 ** 40)),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((list) => {
    let arrivalUs = 1_768_000_000_123_456;
    return list.map(({ stepUs, ...rest }) => {
      arrivalUs += stepUs;
      return { ...rest, arrivalUs };
    });
  });

const clock = { offsetMs: -123.456, trust: 'guessed' } as const;
const shown = { sinceMs: 0, offsetMs: 0, isSure: true };

function write(list: readonly Plain[], bufferBytes = 64): Buffer {
  const writer = createBlockWriter(Buffer.alloc(bufferBytes));
  for (const { source, topic, payload, arrivalUs } of list) writer.add(source, topic, payload, arrivalUs);
  assert.equal(writer.frames, list.length);
  return Buffer.from(writer.finish(clock));
}

function read(spans: Iterable<FrameSpan>): Plain[] {
  return [...spans].flatMap(readSpan);
}

function readSpan(span: FrameSpan): Plain[] {
  const found: Plain[] = [];
  span.visit((route, buffer, start, end, arrivalMs) => {
    const { source, topic } = span.routes[route]!;
    const payload = Buffer.from(buffer.subarray(start, end));
    assert.equal(arrivalMs, Math.round(arrivalMs * 1000) / 1000);
    found.push({ source, topic, payload, arrivalUs: Math.round(arrivalMs * 1000) });
  });
  return found;
}

test('any frames come back the same, whole and cut anywhere, again and again', () => {
  const property = fc.property(frames, fc.array(fc.nat(40), { maxLength: 4 }), (list, cuts) => {
    const well = list.map((frame) => ({ ...frame, topic: frame.topic.toWellFormed() }));
    const block = openBlock(write(well));
    assert.equal(block.frames, well.length);
    assert.deepEqual(block.clock, clock);
    assert.equal(block.firstArrivalMs, well[0]!.arrivalUs / 1000);
    assert.equal(block.lastArrivalMs, well.at(-1)!.arrivalUs / 1000);
    let cursor = blockStart(block);
    const spans = cuts
      .sort((a, b) => a - b)
      .map((frame) => {
        const end = walkBlock(block, cursor, Number.POSITIVE_INFINITY, frame);
        const span = [...blockSpans(block, cursor, end, shown)];
        cursor = end;
        return span;
      });
    spans.push([...blockSpans(block, cursor, blockEnd(block), shown)]);
    for (let time = 0; time < 2; time++) assert.deepEqual(spans.flatMap(read), well);
  });
  fc.assert(property);
});

test('a cut by time leaves what arrived at it or later', () => {
  fc.assert(
    fc.property(frames, fc.nat(39), fc.constantFrom(-1, 0, 1), (list, index, offset) => {
      const block = openBlock(write(list));
      const untilUs = list[index % list.length]!.arrivalUs + offset;
      const end = walkBlock(block, blockStart(block), untilUs, block.frames);
      assert.equal(end.frame, list.filter(({ arrivalUs }) => arrivalUs < untilUs).length);
    }),
  );
});

test('a writer begins anew without the routes of the block before', () => {
  const writer = createBlockWriter(Buffer.alloc(4096));
  const add = (topic: string): void => writer.add('mqtt', topic, Buffer.from(topic), 1000);
  for (const topic of ['a', 'b', 'a']) add(topic);
  writer.begin(Buffer.alloc(4096));
  for (const topic of ['b', 'c', 'b']) add(topic);
  const block = openBlock(writer.finish(clock));
  const topics = read(blockSpans(block, blockStart(block), blockEnd(block), shown)).map(({ topic }) => topic);
  assert.deepEqual(topics, ['b', 'c', 'b']);
});

test('a large block comes in spans, whose frames are the same in any order of visits', () => {
  const list = Array.from({ length: 5000 }, (_, i) => ({
    source: 'mqtt',
    topic: `t/${i % 700}`,
    payload: Buffer.from(String(i)),
    arrivalUs: 1_768_000_000_000_000 + i,
  }));
  const block = openBlock(write(list));
  const from = walkBlock(block, blockStart(block), Number.POSITIVE_INFINITY, 10);
  const spans = [...blockSpans(block, from, blockEnd(block), shown)];
  assert.equal(spans.length, 3);
  assert.deepEqual(readSpan(spans[2]!), list.slice(10 + 2 * 2048));
  assert.deepEqual(read(spans), list.slice(10));
  assert.deepEqual(read(spans.toReversed()), spans.toReversed().flatMap(readSpan));
  assert.deepEqual(read(spans), list.slice(10));
});

test('more topics than are remembered', () => {
  const writer = createBlockWriter(Buffer.alloc(1024));
  const topics = Array.from({ length: 70_000 }, (_, i) => `t/${i % 66_000}`);
  for (const topic of topics) writer.add('mqtt', topic, Buffer.alloc(0), 5);
  const block = openBlock(writer.finish(clock));
  const found = read(blockSpans(block, blockStart(block), blockEnd(block), shown)).map(({ topic }) => topic);
  assert.deepEqual(found, topics);
});

test('a damaged block is refused, never read beyond its end', () => {
  const bytes = write([{ source: 'mqtt', topic: 'a', payload: Buffer.alloc(50), arrivalUs: 1 }]);
  const whole = (block: Buffer): void => {
    const opened = openBlock(block);
    walkBlock(opened, blockStart(opened), Number.POSITIVE_INFINITY, opened.frames);
  };
  whole(bytes);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => whole(bytes.subarray(0, length)), /damaged/, `${length} bytes`);
  }
});

test('record bodies: small ones as they are, large ones compressed', async () => {
  for (const bytes of [0, 1, 511, 512, 5000, 3_000_000]) {
    const block = Buffer.alloc(bytes, 'abcd');
    const body = await encodeBody(block);
    assert.equal(body.readUInt8(), bytes < 512 ? 0 : 1);
    assert.ok(body.equals(Buffer.from(body)) && (await decodeBody(body)).equals(block));
  }
});

test('a body that lies about its length or codec is refused', async () => {
  const body = await encodeBody(Buffer.alloc(5000, 'x'));
  for (const claimed of [0, 4999, 5001]) {
    const lie = Buffer.from(body);
    lie.writeUInt32LE(claimed, 1);
    await assert.rejects(decodeBody(lie), /cannot be read/);
  }
  const unknown = Buffer.from(body);
  unknown.writeUInt8(7);
  await assert.rejects(decodeBody(unknown), /codec 7/);
  await assert.rejects(decodeBody(Buffer.alloc(3)), /too short/);
});

test('topics as long as MQTT lets them be are written and read like others', () => {
  const arrivalUs = 1_768_000_000_123_456;
  const long = (i: number): string => `${i}/${'x'.repeat(60_000)}`;
  const list = [0, 1, 0, 2, 1].map((i) => ({
    source: 'mqtt',
    topic: long(i),
    payload: Buffer.from([i]),
    arrivalUs,
  }));
  const block = openBlock(write(list));
  walkBlock(block, blockStart(block), Number.POSITIVE_INFINITY, list.length);
  assert.deepEqual(read(blockSpans(block, blockStart(block), blockEnd(block), shown)), list);
});
