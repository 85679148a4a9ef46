// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment are what is tested
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { z } from 'zod';
import { deviceSchema } from './device-schema.ts';
import { readYaml } from './document.ts';
import { gatewaySchema } from './gateway-schema.ts';
import { ruleFileSchema } from './rule-schema.ts';
import type { FileKind, GatewayConfig } from './schema.ts';
import { testFileSchema } from './test-schema.ts';
import { usersFileSchema } from './users-schema.ts';
import { validate } from './validate.ts';

const gateway = gatewaySchema({ folder: '/etc/headgate', hostName: 'here' });
const schemas: Readonly<Record<FileKind, z.ZodType>> = {
  gateway,
  device: deviceSchema,
  rules: ruleFileSchema,
  test: testFileSchema,
  users: usersFileSchema,
};

function read(text: string) {
  return readYaml('x.yaml', '/x.yaml', text);
}

/** The messages about a headgate.yaml, or what it becomes. */
function ofGateway(text: string, env: Record<string, string> = {}): GatewayConfig | string[] {
  const { value, diagnostics } = validate('gateway', gateway, read(text), env);
  return value ?? diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

test('references to the environment', () => {
  const env = { PORT: '2883', HOST: '127.0.0.2', ANY: 'true', QOS: '2', PW: '12345', EMPTY: '' };
  const text = [
    'sources:',
    '  mqtt:',
    '    broker:',
    '      listen: [{ port: "${PORT}", host: "${HOST}" }]',
    '      allow_anonymous: ${ANY}',
    '  up: { mqtt: { url: "mqtt://${HOST}:${PORT}", password: "${PW}", username: "a$${PW}", qos: "${QOS}" } }',
  ].join('\n');
  const config = ofGateway(text, env);
  assert.ok(!Array.isArray(config));
  assert.deepEqual(config.sources, {
    mqtt: {
      broker: { listen: [{ port: 2883, host: '127.0.0.2' }], allowAnonymous: true, overload: 'block' },
    },
    up: {
      mqtt: {
        url: 'mqtt://127.0.0.2:2883',
        password: '12345',
        username: 'a${PW}',
        qos: 2,
        overload: 'block',
      },
    },
  });
  assert.deepEqual(ofGateway('gateway: a${NOPE}b', env), ['1:11 the environment variable NOPE is not set']);
  assert.deepEqual(ofGateway('gateway: ${}', env), ['1:10 `` is not the name of a variable']);
  assert.deepEqual(ofGateway('gateway: ${toString}', env), [
    '1:10 the environment variable toString is not set',
  ]);
  assert.deepEqual(ofGateway('gateway: ${EMPTY}', env), ['1:10 `` cannot be a name']);
});

test('what came from the environment is not shown', () => {
  const env = { SECRET: 'hunter2'.repeat(20) };
  for (const text of [
    'batch: ${SECRET}',
    'gateway: "x ${SECRET}"',
    'limits: { connections: "${SECRET}" }',
    'sources: { a: { serial: { path: x, parity: "${SECRET}" } } }',
    'forward: { influx: { url: "${SECRET}://x" } }',
  ]) {
    const { diagnostics } = validate('gateway', gateway, read(text), env);
    assert.equal(diagnostics.length, 1, text);
    assert.ok(!JSON.stringify(diagnostics).includes('hunter2'), JSON.stringify(diagnostics));
  }
});

test('an empty key where a map belongs is an empty map', () => {
  const config = ofGateway('sources:\n  mqtt:\n    broker:\nforward:\nnotify:\nlimits:\n');
  assert.deepEqual(config, ofGateway(''));
  assert.deepEqual(ofGateway('sources:\n  mqtt:\n'), ['2:8 this source has no kind']);
});

test('a notifier log is always there, and may be another kind', () => {
  const url = 'https://x.example/';
  const config = ofGateway(`notify: { log: { webhook: { url: "${url}" } } }`);
  assert.ok(!Array.isArray(config));
  assert.deepEqual(config.notify, { log: { webhook: { url, headers: {}, timeoutMs: 10_000 } } });
});

test('names that programs treat apart are names like others, or refused', () => {
  const config = ofGateway('sources: { constructor: { broker: {} }, toString: { broker: {} } }');
  assert.ok(!Array.isArray(config));
  assert.deepEqual(Object.keys(config.sources), ['constructor', 'toString']);
  assert.deepEqual(ofGateway('sources: { __proto__: { broker: {} } }'), [
    '1:12 `__proto__` cannot be a name',
  ]);
});

const keys = [
  ...[
    'gateway',
    'batch',
    'data',
    'devices',
    'rules',
    'sources',
    'forward',
    'notify',
    'limits',
    'mqtt',
    'broker',
  ],
  ...[
    'listen',
    'port',
    'serial',
    'framing',
    'influx',
    'url',
    'webhook',
    'headers',
    'packet',
    'device',
    'topic',
  ],
  ...[
    'codec',
    'csv',
    'columns',
    'time',
    'path',
    'format',
    'zone',
    'tags',
    'fields',
    'range',
    'type',
    'lateness',
  ],
  ...[
    'name',
    'from',
    'where',
    'let',
    'lookup',
    'by',
    'window',
    'tumbling',
    'sliding',
    'every',
    'compute',
    'alert',
  ],
  ...[
    'severity',
    'when',
    'for',
    'notify',
    'silent',
    'on_change',
    'emit',
    '__proto__',
    'constructor',
    'odd key',
    '',
  ],
];
const leaf = fc.oneof(
  fc.constantFrom(
    null,
    true,
    0,
    -1,
    1.5,
    1e300,
    '',
    '1s',
    '5 minutes',
    '1MB',
    'a/{b}',
    '#/a',
    'json',
    'csv',
    'line',
    '${X}',
    'slip',
  ),
  fc.double(),
  fc.string({ maxLength: 5 }),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...keys), tie('tree'), { maxKeys: 5 }),
  ),
}));
const ruleLike = fc.array(tree, { maxLength: 3 }).map((rules) => ({ rules }));

for (const kind of Object.keys(schemas) as FileKind[]) {
  test(`any ${kind} file gives a value or errors with valid places`, () => {
    fc.assert(
      fc.property(kind === 'rules' ? fc.oneof(tree, ruleLike) : tree, fc.boolean(), (data, flow) => {
        const text = stringify(data, flow ? { collectionStyle: 'flow' } : {});
        const file = read(text);
        const { value, diagnostics } = validate(kind, schemas[kind], file, { X: '7' });
        assert.equal(
          value === undefined,
          diagnostics.some(({ severity }) => severity === 'error'),
          text,
        );
        const lines = text.split('\n');
        for (const { line, column, length, text: quoted, message, remedy } of diagnostics) {
          assert.equal(quoted.length, lines[line - 1]!.length);
          assert.ok(column >= 1 && length >= 1 && column + length - 1 <= quoted.length + 1);
          assert.ok(message && remedy, `${message} / ${remedy}`);
        }
      }),
      { numRuns: 1000 },
    );
  });
}

test('a number too large for anything is told the limit of its key, once', () => {
  const text =
    'sources: { m: { broker: { listen: [{ port: 99999999999999999999 }] } } }\nlimits: { connections: -1e300 }';
  assert.deepEqual(ofGateway(text), [
    '1:44 expected at most 65535, got `100000000000000000000`',
    '2:24 expected at least 1, got `-1e+300`',
  ]);
});
