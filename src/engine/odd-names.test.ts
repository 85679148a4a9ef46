/** Names that every object of JavaScript has are names like any other: of devices, rules, topic levels, tags and fields. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spanOf } from '../core/frame.ts';
import { compileText, deviceOf } from '../rules/testing.ts';
import { createState, type EngineState, replan, step } from './engine.ts';

const plain = deviceOf('device: plain\ntopic: plain\ncodec: value\nfields: { v: {} }\n');
const odd = deviceOf(`device: constructor
topic: odd/{toString}/{valueOf}
codec: json
tags: { hasOwnProperty: { path: '["__proto__"]' } }
fields: { isPrototypeOf: {}, toLocaleString: { type: string, path: constructor } }
`);
const rules = `rules:
  - name: valueOf
    from: constructor
    by: [toString, hasOwnProperty]
    let: { propertyIsEnumerable: isPrototypeOf * 2 }
    alert: [{ when: propertyIsEnumerable > 3, message: "{toString} {hasOwnProperty}: {propertyIsEnumerable}" }]
`;
const startMs = Date.UTC(2026, 0, 5);

function planOf(devices: Parameters<typeof compileText>[1], text: string) {
  const { plan, problems } = compileText(text, devices);
  assert.deepEqual(problems, []);
  return plan!;
}

function feed(state: EngineState, payload: string) {
  const frame = {
    source: 'mqtt',
    topic: 'odd/constructor/__proto__',
    payload: Buffer.from(payload),
    arrivalMs: startMs,
  };
  return step(state, { startMs, endMs: startMs + 1000, spans: [spanOf([frame])] });
}

test('readings, alerts and points keep their odd names', () => {
  const { alerts, points, setAside } = feed(
    createState(planOf([odd], rules)),
    '{"isPrototypeOf":2,"__proto__":"p","constructor":"c"}',
  );
  assert.deepEqual(setAside, []);
  assert.deepEqual(
    alerts.map(({ message, key }) => [message, key]),
    [['constructor p: 4', { toString: 'constructor', hasOwnProperty: 'p' }]],
  );
  assert.deepEqual(points[0]?.fields, { isPrototypeOf: 2, toLocaleString: 'c', propertyIsEnumerable: 4 });
});

test('a payload without them does not get those of every object', () => {
  const { points } = feed(createState(planOf([odd], rules)), '{"isPrototypeOf":1}');
  assert.deepEqual(points[0]?.tags, { gateway: 'depot', toString: 'constructor' });
  assert.deepEqual(points[0]?.fields, { isPrototypeOf: 1, propertyIsEnumerable: 2 });
});

test('a device and a rule of such names are taken up by an edit', () => {
  const before = createState(planOf([plain], 'rules: [{ name: r, from: plain }]\n'));
  const { state, reset } = replan(before, planOf([plain, odd], rules));
  assert.deepEqual(reset, []);
  assert.equal(feed(state, '{"isPrototypeOf":2}').points.length, 1);
});
