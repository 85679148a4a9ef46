/**
 * Payload bytes through each codec: nothing but `DecodeError`, only `[start, end)` is read, not more rows than bytes, short
 * messages.
 */

import assert from 'node:assert/strict';
import { codecOf, DecodeError } from '../../../src/codecs/index.ts';
import type { CodecConfig } from '../../../src/config/schema.ts';
import { mutated } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { Target } from '../target.ts';

interface Decoded {
  readonly rows: readonly unknown[];
  readonly rejects: readonly string[];
  readonly error: string | undefined;
}

/** The longest message: what is quoted is cut. */
const longestMessage = 1000;

/** Of a payload that may be nested too deeply to be compared. */
const deepBytes = 2000;

function decodeWith(config: CodecConfig): (buffer: Buffer, start: number, end: number) => Decoded {
  const decode = codecOf(config).create(config);
  return (buffer, start, end) => {
    const rows: unknown[] = [];
    const rejects: string[] = [];
    try {
      decode(
        buffer,
        start,
        end,
        (row) => rows.push(row),
        (detail) => rejects.push(detail),
      );
      return { rows, rejects, error: undefined };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return { rows, rejects, error: error.message };
    }
  };
}

function targetOf(config: CodecConfig, make: Target['make']): Target {
  const decode = decodeWith(config);
  return {
    make,
    check(input) {
      const alone = decode(input, 0, input.length);
      const within = decode(
        Buffer.concat([Buffer.from('"[\n,1'), input, Buffer.from('\n"],{1')]),
        5,
        5 + input.length,
      );
      // Comparing needs a stack, which decoding does not.
      const isDeep = input.length > deepBytes && alone.rows.length > 0 && alone.rows.length < 10;
      if (isDeep) assert.equal(within.rows.length, alone.rows.length);
      else assert.deepEqual(within, alone, 'what stands around the payload makes a difference');
      assert.ok(alone.rows.length + alone.rejects.length <= input.length + 1, 'more rows than bytes');
      for (const message of [...alone.rejects, alone.error ?? ''])
        assert.ok(message.length <= longestMessage, `a message of ${message.length} characters`);
      assert.equal(({} as { polluted?: unknown }).polluted, undefined);
    },
  };
}

const buffers = (texts: readonly string[]): Buffer[] => texts.map((text) => Buffer.from(text));

const jsonSeeds = buffers([
  '{"t":21.5,"state":"on","at":"2026-01-05T06:00:00Z","tags":{"a":"b"},"__proto__":{"polluted":1}}',
  '[{"x":1},{"x":-0.0},{"x":1e400},{"x":9007199254740993}]',
  '"\\ud800\\u0000\\uD83D\\uDE00"',
  '[[[[[[[[[[]]]]]]]]]]',
  '{"a":{"b":[1,2,{"c":null}]},"a":2}',
  ' \t\r\n-1.5E-7 ',
]);

/** Deep and long as a payload may be. */
function jsonBomb(random: Random): Buffer {
  const opening = random.pick(['[', '{"a":', '[[', '"', '[1,', '{"k":1,"k":']);
  const times = random.pick([1000, 50_000]);
  const tail = random.pick(['', '1', ']', '}', '\0']);
  return Buffer.from(opening.repeat(times) + tail.repeat(random.pick([1, times])));
}

const csvSeeds = buffers([
  'time,t,state\n1,21.5,on\n2,,off\n',
  'a;b\r\n"x ""y""\nz";2\r\n',
  '1,2,3\n4,5\n"6,7\n8,9,10\n',
  '\ufeffa,b\n1,2\n\n3,4',
]);

function csvBomb(random: Random): Buffer {
  const piece = random.pick([',', '"', '"",', '\n', ',\n', '"\n', 'a,', '"a\n']);
  return Buffer.from(random.pick(['a,b\n', '', '"']) + piece.repeat(random.pick([1000, 30_000])));
}

const influxSeeds = buffers([
  'cpu,host=a,region=b value=1,ok=t,n=3i,u=4u,text="x \\"y\\" z" 1700000000000000000\n',
  '# comment\n\nm\\,easure\\ ment,tag\\=key=tag\\ value field\\ key=-1.5e-3 -1\n',
  'm f="line\nend",g=9223372036854775807i\r\n m2 f=18446744073709551615u 0\n',
  'm,a=b f=1,f=2\nm,a=1,a=2 f=1\nm\\ f=1\nm,a=\\ f=1\n',
]);

function influxBomb(random: Random): Buffer {
  const piece = random.pick(['a=1,', ',a=b', '"', '\\', 'm f=1\n', 'x', '#\n', ' ']);
  return Buffer.from(random.pick(['m ', 'm,', 'm f="']) + piece.repeat(random.pick([1000, 20_000])));
}

const valueSeeds = buffers(['23.5', ' on \r\n', '-1e-3', '\ufeff7', '1\n2']);

/** Now and then one that is large. */
function either(seeds: readonly Buffer[], bomb: (random: Random) => Buffer): Target['make'] {
  return (random) => (random.int(500) === 0 ? bomb(random) : mutated(random, seeds));
}

export const json = targetOf({ name: 'json' }, either(jsonSeeds, jsonBomb));
export const csv = targetOf({ name: 'csv', delimiter: ',' }, either(csvSeeds, csvBomb));
export const csvColumns = targetOf(
  { name: 'csv', delimiter: ';', columns: ['a', 'b', '__proto__'] },
  either(csvSeeds, csvBomb),
);
export const influx = targetOf({ name: 'influx' }, either(influxSeeds, influxBomb));
export const value = targetOf(
  { name: 'value' },
  either(valueSeeds, (random) => Buffer.alloc(30_000, random.int(256))),
);
