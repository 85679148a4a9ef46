/**
 * Payloads through devices of each codec to points and their lines: each row is a point or is set aside with a reason, memory
 * goes by what was sent, every line says its point, and nothing reaches a prototype.
 */

import assert from 'node:assert/strict';
import { deviceSchema } from '../../../src/config/device-schema.ts';
import { readYaml } from '../../../src/config/document.ts';
import { validate } from '../../../src/config/validate.ts';
import { spanOf } from '../../../src/core/frame.ts';
import { createState, statusOf, step } from '../../../src/engine/engine.ts';
import { keptPerBatch } from '../../../src/engine/output.ts';
import { encodePoint } from '../../../src/outbox/line-protocol.ts';
import { compileText } from '../../../src/rules/testing.ts';
import { mutated } from '../mutate.ts';
import type { Target } from '../target.ts';
import { checkLine } from './line-protocol.ts';

const profiles: Readonly<Record<string, string>> = {
  json: `topic: json/{site}/+
codec: json
each: "$.rows[*]"
time: { path: at, format: unix_ms }
tags: { unit: "^.unit", constructor: { path: '["__proto__"]', default: none } }
fields: { t: { range: [-50, 150], outside: clamp }, n: { type: integer }, ok: { type: boolean }, toString: { type: string, path: s } }
`,
  csv: `topic: csv/{site}/#
codec: csv
time: { path: at, format: "%Y-%m-%d %H:%M:%S.%f", zone: Europe/Helsinki }
fields: { t: {}, valueOf: { type: string, path: s } }
`,
  influx: `topic: influx/{site}
codec: influx
tags: { measurement: { path: measurement }, host: tags.host }
fields: { value: {}, text: { type: string }, n: { type: integer, scale: 0.1 } }
`,
  value: `topic: "{site}/{constructor}/value"
codec: value
fields: { v: { type: string } }
`,
};

const devices = Object.entries(profiles).map(([name, text]) => {
  const file = readYaml(name, `/${name}`, `device: ${name}\n${text}`);
  const { value, diagnostics } = validate('device', deviceSchema, file);
  assert.deepEqual(diagnostics, []);
  return value!;
});
const rules = Object.keys(profiles).map((name) => `  - { name: ${name}, from: ${name} }\n`);
const { plan } = compileText(`rules:\n${rules.join('')}`, devices);
const arrivalMs = Date.UTC(2026, 0, 5, 6);

const seeds = [
  `json/a/b\u001f{"unit":"u","rows":[{"at":${arrivalMs},"t":21.5,"n":3,"ok":true,"s":"x\\n","__proto__":"p"},{"at":1,"t":1e400}]}`,
  'csv/Depot 7/x/y\u001fat,t,s\n2026-01-05 07:59:59.5,21.5,"a ""b""\nc"\n2026-01-05 07:59:58.0,,on\n',
  'influx/s\u001fcpu\\ load,host=a\\,b value=1.5,text="x\\"y\\\\",n=3i 1767592800000000000\nm f=1\n',
  'a=b,c/d\\/value\u001f  on \\ ',
].map((text) => Buffer.from(text));

/** Topic and payload, parted by a byte 0x1f. */
export const gateway: Target = {
  make: (random) => mutated(random, seeds, ['"at":', '[{', '},{', '\\', ',', '\u001f', '/', '{"rows":[']),
  check(input) {
    const at = Math.max(0, input.indexOf(0x1f));
    const topic = input.subarray(0, at).toString();
    const payload = input.subarray(at + 1);
    const frame = { source: 'mqtt', topic, payload, arrivalMs };
    const { state, points, setAside } = step(createState(plan!), {
      ...{ startMs: arrivalMs, endMs: arrivalMs + 1000 },
      spans: [spanOf([frame])],
    });
    assert.ok(points.length <= payload.length + 1, 'more points than bytes');
    assert.ok(setAside.length <= keptPerBatch + 1);
    for (const { reason, detail } of setAside) assert.ok(reason !== '' && detail.length < 2000);
    for (const point of points) {
      const { line, fault } = encodePoint(point);
      if (line !== undefined) checkLine(point, line);
      else assert.match(fault, /^(no-fields|too-long)$/);
    }
    const { fates } = statusOf(state);
    assert.equal(fates.points, points.length);
    assert.ok(fates.points <= fates.readings, 'a point without a reading');
    assert.deepEqual(Object.keys({}), []);
    assert.equal(({} as { p?: unknown }).p, undefined);
  },
};
