/** Rule and device files: never a stack trace, always a place in the file, a bounded number of mistakes. */

import assert from 'node:assert/strict';
import { deviceSchema } from '../../../src/config/device-schema.ts';
import { readYaml } from '../../../src/config/document.ts';
import { gatewaySchema } from '../../../src/config/gateway-schema.ts';
import type { LocatedRule } from '../../../src/config/located.ts';
import { ruleFileSchema } from '../../../src/config/rule-schema.ts';
import { validate } from '../../../src/config/validate.ts';
import type { Diagnostic } from '../../../src/core/errors.ts';
import { compileRules } from '../../../src/rules/compile.ts';
import { diagnosticOf } from '../../../src/rules/problem.ts';
import { press, rulesFolder } from '../../../src/rules/testing.ts';
import { mutated } from '../mutate.ts';
import type { Target } from '../target.ts';

const buffers = (texts: readonly string[]): Buffer[] => texts.map((text) => Buffer.from(text));

const ruleSeeds = buffers([
  `rules:
  - name: hot-press
    from: press
    where: temp > 0 && state != "off"
    let: { over: temp - limits.limit, z: "zscore(temp, 1h)" }
    lookup: { limits: { file: limits.csv, key: machine } }
    by: [machine]
    window: { sliding: 5m, every: 10s, late: revise, keep: 1h }
    compute: { n: count(), hottest: max(over), p: "percentile(temp, 99)" }
    alert:
      - { severity: critical, when: hottest > 90, clear: hottest < 80, for: 2m, message: "{machine}: {hottest:.1f}", notify: [log], repeat: 1h }
    silent: true
`,
  `rules:
  - name: shift
    from: [press]
    window: { calendar: "0 6,14,22 * * 1-5", zone: Europe/Helsinki }
    compute: { mean: avg(temp), was: mean - prev.mean }
  - { name: next, from: "rule:shift", window: { count: 10, every: 5 }, compute: { x: max(mean) }, forward: { on_change: 1 } }
  - { name: each, from: press, alert: [{ when: door, message: "{state}" }], active: { cron: "* 6-21 * * *" } }
`,
  `a: &a { name: r, from: press }
rules:
  - <<: *a
    alert: [{ when: "temp > 3" }]
  - { <<: [*a, *a], name: s, window: { session: 5m, max: 1h }, compute: { n: count() } }
`,
]);
const ruleWords = [
  '\n',
  '  ',
  '- ',
  ': ',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '|',
  '>-',
  '&a',
  '*a',
  '<<',
  '!!js/function ',
  '%',
  '#',
  '\t',
  '---\n',
  '? ',
];

const deviceSeeds = buffers([
  'device: bus\ntopic: bus/{vehicle}/+\ncodec: { csv: { columns: [a, b], delimiter: ";" } }\neach: "$.rows[*]"\ntime: { path: at, format: "%Y-%m-%d", zone: UTC }\ntags: { line: { path: "^.x", default: none } }\nfields: { a: { type: integer, scale: 0.1, range: [0, 9], outside: clamp, unit: Cel } }\nlateness: 30s\n',
]);
const gatewaySeeds = buffers([
  'gateway: g\nbatch: 1s\nsources: { mqtt: { broker: { listen: [{ port: 1883 }] } }, s: { serial: { path: /dev/x, framing: { delimiter: "\\r" } } } }\nforward: { influx: { url: "http://127.0.0.1:8086", database: fleet } }\nnotify: { ops: { webhook: { url: "https://x/y" } } }\nlimits: { journal: 512MB, packet: 256KB }\n',
]);

function checkPlaces(text: string, diagnostics: readonly Diagnostic[]): void {
  const lines = text.split('\n');
  assert.ok(diagnostics.length <= 2000, 'mistakes without end');
  for (const { line, column, length, message, remedy = '', text: quoted } of diagnostics) {
    assert.ok(line >= 1 && line <= lines.length, `line ${line} of ${lines.length}: ${message}`);
    assert.ok(column >= 1 && column <= quoted.length + 1 && length >= 1, `column ${column}: ${message}`);
    assert.ok(message !== '' && message.length < 5000 && remedy.length < 10_000, 'a message without end');
    assert.doesNotMatch(message, /\bat \S+ \(|node:internal|TypeError|undefined is not/);
  }
}

export const rules: Target = {
  make: (random) => mutated(random, ruleSeeds, ruleWords),
  check(input) {
    const text = input.toString();
    const file = readYaml('a.yaml', `${rulesFolder}/a.yaml`, text);
    const { value, diagnostics } = validate('rules', ruleFileSchema, file);
    checkPlaces(file.value === undefined ? text.replace(/^\ufeff/, '') : text, diagnostics);
    assert.ok(value !== undefined || diagnostics.length > 0, 'neither rules nor a mistake');
    const known = new Set((value?.rules ?? []).map(({ name }) => `rule:${name}`));
    const located = (value?.rules ?? []).flatMap((rule, i): LocatedRule[] =>
      rule.from.every((from) => from === 'press' || known.has(from))
        ? [{ file, keyPath: ['rules', i], rule }]
        : [],
    );
    const { plan, problems } = compileRules(located, [press], {
      ...{ gateway: 'g', limits: { seriesPerRule: 10 }, rulesFolders: [rulesFolder] },
      readTable: () => 'machine,limit\na,1\n',
    });
    checkPlaces(text, problems.map(diagnosticOf));
    if (plan === undefined) assert.ok(located.length === 0 || problems.length > 0 || known.size > 0);
  },
};

export const devices: Target = {
  make: (random) => mutated(random, deviceSeeds, ruleWords),
  check(input) {
    const file = readYaml('a.yaml', '/d/a.yaml', input.toString());
    checkPlaces(input.toString(), validate('device', deviceSchema, file).diagnostics);
  },
};

const schema = gatewaySchema({ folder: '/etc/headgate', hostName: 'h' });

export const gatewayFile: Target = {
  make: (random) => mutated(random, gatewaySeeds, [...ruleWords, '$' + '{HOME}']),
  check(input) {
    const file = readYaml('a.yaml', '/d/a.yaml', input.toString());
    checkPlaces(input.toString(), validate('gateway', schema, file, { HOME: 'x' }).diagnostics);
  },
};
