import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { csv } from './formats/csv.ts';
import { influx } from './formats/influx.ts';
import { cutRecords, type EndOfRecord, endOfLine, maxLineBytes, maxRecordBytes } from './records.ts';

interface Read {
  readonly records: { readonly line: number; readonly text: string }[];
  readonly rejected: string[];
}

async function read(pieces: Iterable<Buffer>, endOfRecord: EndOfRecord = endOfLine): Promise<Read> {
  const records: { line: number; text: string }[] = [];
  const rejected: string[] = [];
  async function* feed(): AsyncGenerator<Buffer> {
    yield* pieces;
  }
  const reject = (line: number, reason: string): void => void rejected.push(`${line} ${reason}`);
  for await (const { buffer, starts, ends, lines } of cutRecords(feed(), endOfRecord, reject)) {
    for (const [i, start] of starts.entries()) {
      records.push({ line: lines[i]!, text: buffer.toString('utf8', start, ends[i]) });
    }
  }
  return { records, rejected };
}

const texts = ({ records }: Read): string[] => records.map(({ text }) => text);

test('lines end in LF or CRLF, the last in nothing; blank ones do not count', async () => {
  const { records } = await read([Buffer.from('\ufeffa\r\n\r\n \t\nb\nc')]);
  assert.deepEqual(records, [
    { line: 1, text: 'a' },
    { line: 4, text: 'b' },
    { line: 5, text: 'c' },
  ]);
});

test('nothing gives nothing', async () => {
  assert.deepEqual(await read([]), { records: [], rejected: [] });
  assert.deepEqual(await read([Buffer.from('\n\n')]), { records: [], rejected: [] });
});

test('a file of one or two bytes is a line', async () => {
  assert.deepEqual(texts(await read([Buffer.from('7')])), ['7']);
  assert.deepEqual(texts(await read([Buffer.from('7'), Buffer.from('\n')])), ['7']);
});

test('a csv record goes on over line ends within quotes, and the lines are still counted', async () => {
  const { records, rejected } = await read(
    [Buffer.from('a,"b\nb ""x"" \nb"\n"1",2\n3,5" pipe\n4,5\n')],
    csv.endOfRecord,
  );
  assert.deepEqual(records, [
    { line: 1, text: 'a,"b\nb ""x"" \nb"' },
    { line: 4, text: '"1",2' },
    { line: 5, text: '3,5" pipe' },
    { line: 6, text: '4,5' },
  ]);
  assert.deepEqual(rejected, []);
});

test('a point of line protocol goes on over line ends within its text, not within names', async () => {
  const text = 'm,t="x f="a\nb \\" c",g=1 1\n# it\'s "open\nm\\ "n f=2\nm f="\\\\" 3\n';
  assert.deepEqual(texts(await read([Buffer.from(text)], influx.endOfRecord)), [
    'm,t="x f="a\nb \\" c",g=1 1',
    '# it\'s "open',
    'm\\ "n f=2',
    'm f="\\\\" 3',
  ]);
});

test('a quote that is never closed costs its line only', async () => {
  const tail = Array.from({ length: 10_000 }, (_, i) => `${i},value ${i}\n`).join('');
  assert.ok(tail.length > 2 * maxRecordBytes);
  const { records, rejected } = await read([Buffer.from(`a,b\nx,"open\n${tail}`)], csv.endOfRecord);
  assert.equal(records.length, 10_001);
  assert.deepEqual(records[1], { line: 3, text: '0,value 0' });
  assert.deepEqual(rejected, ['2 malformed']);
  const atEnd = await read([Buffer.from('a,b\nx,"open\ny,1')], csv.endOfRecord);
  assert.deepEqual(texts(atEnd), ['a,b', 'y,1']);
  assert.deepEqual(atEnd.rejected, ['2 malformed']);
});

test('a line that is too long is left out, whatever its length, and the next is read', async () => {
  function* pieces(): Generator<Buffer> {
    yield Buffer.from('a\n');
    for (let bytes = 0; bytes <= 2 * maxLineBytes; bytes += 1 << 20) yield Buffer.alloc(1 << 20, 'x');
    yield Buffer.from('\nb\n');
  }
  const { records, rejected } = await read(pieces());
  assert.deepEqual(records, [
    { line: 1, text: 'a' },
    { line: 3, text: 'b' },
  ]);
  assert.deepEqual(rejected, ['2 too long']);
});

test('property: records do not depend on how the bytes come', async () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'ä', ',', ' ', '\\', '=', '{') });
  const cell = fc.oneof(
    word,
    word.map((text) => `"${text}\n""${text}"`),
  );
  const file = fc.array(
    fc.array(cell).map((cells) => cells.join(',')),
    { maxLength: 8 },
  );
  const ends = fc.constantFrom('\n', '\r\n');
  await fc.assert(
    fc.asyncProperty(file, ends, fc.array(fc.nat(40)), async (lines, end, sizes) => {
      const bytes = Buffer.from(lines.join(end));
      const pieces: Buffer[] = [];
      let at = 0;
      for (const size of sizes) {
        pieces.push(bytes.subarray(at, at + size));
        at += size;
      }
      pieces.push(bytes.subarray(at));
      for (const endOfRecord of [endOfLine, csv.endOfRecord, influx.endOfRecord]) {
        assert.deepEqual(await read(pieces, endOfRecord), await read([bytes], endOfRecord));
      }
    }),
  );
});
