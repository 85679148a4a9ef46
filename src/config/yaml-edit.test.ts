import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { type Plain, setInYaml } from './yaml-edit.ts';

const shipped = readFileSync(join(import.meta.dirname, '../../headgate.yaml'), 'utf8');
const linesOf = (text: string): string[] => text.split('\n');
/** Lines of the one that are not in the other. */
const missing = (from: string, to: string): string[] => {
  const left = linesOf(to);
  return linesOf(from).filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
};

test('in the shipped file only the lines change that are meant', () => {
  let text = setInYaml(shipped, ['gateway'], 'depot-8');
  assert.deepEqual(missing(text, shipped), ['gateway: depot-8 # the tag `gateway` on every point']);
  text = setInYaml(text, ['sources', 'mqtt', 'broker', 'users'], './users.yaml');
  text = setInYaml(text, ['sources', 'mqtt', 'broker', 'listen'], [{ port: 1883, host: '0.0.0.0' }]);
  text = setInYaml(text, ['forward', 'influx'], { url: 'http://influx.example:8086', bucket: 'fleet' });
  text = setInYaml(text, ['forward', 'influx', 'org'], 'transport: depot');
  text = setInYaml(text, ['forward', 'influx', 'bucket'], undefined);
  assert.deepEqual(missing(shipped, text), [
    'gateway: depot-7 # the tag `gateway` on every point',
    '      listen: [{ port: 1883, host: 127.0.0.1 }]',
  ]);
  assert.deepEqual(missing(text, shipped), [
    'gateway: depot-8 # the tag `gateway` on every point',
    '      listen: [{ port: 1883, host: "0.0.0.0" }]',
    '      users: ./users.yaml',
    'forward:',
    '  influx:',
    '    url: "http://influx.example:8086"',
    '    org: "transport: depot"',
    '',
  ]);
});

test('wherever a key is, or is not', () => {
  const cases: readonly (readonly [string, readonly string[], Plain | undefined, string])[] = [
    ['', ['a', 'b'], 1, 'a:\n  b: 1\n'],
    ['# only words', ['a'], 'x', '# only words\na: x\n'],
    ['a: 1', ['b'], 2, 'a: 1\nb: 2\n'],
    ['a: {b: 1}\nc: 2\n', ['a', 'd'], 'x y', 'a: {b: 1, d: "x y"}\nc: 2\n'],
    ['a: {}\n', ['a', 'b', 'c'], 1, 'a: { b: { c: 1 } }\n'],
    ['a:\nb: 2\n', ['a', 'c'], 1, 'a: { c: 1 }\nb: 2\n'],
    ['a: # why\n  b: 1 # one\n  # after\nc: 2\n', ['a', 'b'], 3, 'a: # why\n  b: 3 # one\n  # after\nc: 2\n'],
    ['a:\n  - 1\n  - 2\nc: 2\n', ['a'], [3], 'a: [3]\nc: 2\n'],
    ['a: |\n  long\nc: 2\n', ['d'], true, 'a: |\n  long\nc: 2\nd: true\n'],
    ['a: { b: 1, c: 2 }\n', ['a', 'b'], undefined, 'a: { c: 2 }\n'],
    ['a: { b: 1, c: 2 }\n', ['a', 'c'], undefined, 'a: { b: 1 }\n'],
    ['a: 1 # gone\nc: 2\n', ['a'], undefined, 'c: 2\n'],
    ['a: 1\n', ['b', 'c'], undefined, 'a: 1\n'],
    ['"a": "x"\r\nb: 2\r\n', ['a'], 'y', '"a": y\r\nb: 2\r\n'],
  ];
  for (const [text, path, value, wanted] of cases) assert.equal(setInYaml(text, path, value), wanted);
});

test('what it cannot do it does not', () => {
  for (const text of [
    '- a\n',
    'a: &x 1\nb: *x\nc: { <<: *x }\n',
    'a: 1\n---\nb: 2\n',
    'a: [\n',
    'x: 1\na: text\n',
  ]) {
    assert.throws(() => setInYaml(text, ['a', 'b'], 1), { name: 'GatewayError' }, text);
  }
});

test('any text becomes itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (one, other) => {
      let text = setInYaml('gateway: depot-7 # name\n', ['forward', 'influx', 'url'], one);
      text = setInYaml(text, ['gateway'], other);
      text = setInYaml(text, ['forward', 'influx', 'org'], other);
      const value = parse(text) as { gateway: string; forward: { influx: unknown } };
      assert.deepEqual([value.gateway, value.forward.influx], [other, { url: one, org: other }]);
    }),
    { seed: 5, numRuns: 15 },
  );
});
