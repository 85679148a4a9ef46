import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { loadDeviceFiles, loadRuleFiles } from '../config/load.ts';
import { type Batch, spanOf } from '../core/frame.ts';
import type { Alert, Frame, Point, SetAside } from '../core/types.ts';
import { compileRules } from '../rules/compile.ts';
import type { Plan } from '../rules/plan.ts';
import { readTableFile } from '../rules/table-file.ts';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import {
  createState,
  finish,
  listenSince,
  load,
  quietUntilMs,
  replan,
  save,
  statusOf,
  step,
} from './engine.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-engine-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

function write(text: string): string {
  files += 1;
  const path = join(folder, `${files}.yaml`);
  writeFileSync(path, text);
  return path;
}

async function planOf(devices: readonly string[], rules: string): Promise<Plan> {
  const loaded = await loadDeviceFiles(devices.map(write));
  const { rules: located, diagnostics } = await loadRuleFiles([write(rules)]);
  assert.deepEqual([...loaded.diagnostics, ...diagnostics], []);
  const { plan, problems } = compileRules(
    located,
    loaded.devices.map(({ device }) => device),
    { gateway: 'g', limits: { seriesPerRule: 100 }, readTable: readTableFile },
  );
  assert.deepEqual(problems, []);
  return plan!;
}

const bus = `device: bus
topic: bus/{vehicle}
codec: json
time: { path: at, format: unix_s }
fields:
  load: { path: load, type: integer, range: [0, 300] }
  line: { path: line, type: string }
lateness: 5s
idle_after: 1m
`;

const startMs = 1_700_000_000_000 - (1_700_000_000_000 % 60_000);

/** A message of a bus, `second` seconds into the story, on arrival when not said otherwise. */
function message(second: number, payload: object, vehicle = '1', arrivesAt = second): Frame {
  return {
    source: 'mqtt',
    topic: `bus/${vehicle}`,
    payload: Buffer.from(JSON.stringify({ at: startMs / 1000 + second, ...payload })),
    arrivalMs: startMs + arrivesAt * 1000,
  };
}

function batchOf(frames: readonly Frame[], endMs: number): Batch {
  return { startMs: 0, endMs, spans: frames.length === 0 ? [] : [spanOf(frames)] };
}

interface Told {
  readonly points: Point[];
  readonly alerts: Alert[];
  readonly setAside: SetAside[];
}

/** Runs frames in one batch and lets `seconds` pass, then closes everything if told to. */
function runAll(
  plan: Plan,
  frames: readonly Frame[],
  seconds = 0,
  close = true,
): Told & { status: ReturnType<typeof statusOf> } {
  let state = createState(plan);
  const told: Told = { points: [], alerts: [], setAside: [] };
  const take = (result: ReturnType<typeof step>): void => {
    state = result.state;
    told.points.push(...result.points);
    told.alerts.push(...result.alerts);
    told.setAside.push(...result.setAside);
  };
  const lastMs = frames.at(-1)?.arrivalMs ?? startMs;
  take(step(state, batchOf(frames, lastMs + 1)));
  for (let second = 1; second <= seconds; second++) take(step(state, batchOf([], lastMs + second * 1000)));
  if (close) take(finish(state));
  return { ...told, status: statusOf(state) };
}

const fieldsOf = (points: readonly Point[]): unknown[] => points.map(({ fields }) => fields);

test('a windowed rule: points with key, gateway and window end', async () => {
  const plan = await planOf(
    [bus],
    `rules:
  - name: bus-load
    from: bus
    window: { tumbling: 1m }
    compute: { readings: count(), most: max(load), spread: max(load) - min(load), line: last(line), full: max(load) > 20 }
`,
  );
  const { points } = runAll(plan, [
    message(1, { load: 10, line: '520' }),
    message(20, { load: 30, line: '64' }),
    message(61, { load: null }),
  ]);
  assert.deepEqual(points, [
    {
      measurement: 'bus-load',
      tags: { gateway: 'g', vehicle: '1' },
      fields: { readings: 2, most: 30, spread: 20, line: '64', full: true },
      timeMs: startMs + 60_000,
    },
    {
      measurement: 'bus-load',
      tags: { gateway: 'g', vehicle: '1' },
      fields: { readings: 1 },
      timeMs: startMs + 120_000,
    },
  ]);
});

test('aggregates of two values and of conditions: each with its type', async () => {
  const plan = await planOf(
    [bus],
    `rules:
  - name: r
    from: bus
    window: { tumbling: 1m }
    compute:
      at_peak: argmax(line, load)
      least_on: argmin(line == "550", load + 0)
      full: any(load > 60)
      fuller: all(load > 60)
      share: fraction(load > 60)
      seconds: time_in(load > 60)
      lines: distinct(line)
      line: mode(line)
      mean: twa(load)
      trend: slope(load)
      both: full && !all(line == "550")
      never: any(load > 250)
`,
  );
  const { points } = runAll(plan, [
    message(0, { load: 10, line: '550' }),
    message(30, { load: 70, line: '510' }),
    message(20, { load: 40, line: '550' }),
    message(40, { load: 50 }),
    message(60, {}),
  ]);
  assert.deepEqual(fieldsOf(points), [
    {
      ...{ at_peak: '510', least_on: true, full: true, fuller: false, share: 0.25, seconds: 10 },
      ...{ lines: 2, line: '550', mean: (10 * 20 + 40 * 10 + 70 * 10) / 40 },
      ...{ trend: 1.2285714285714286, both: true, never: false },
    },
    { lines: 0 },
  ]);
});

test('where, let, by; filtered readings move no watermark', async () => {
  const plan = await planOf(
    [bus.replace('idle_after: 1m', 'idle_after: 1h')],
    `rules:
  - name: all
    from: bus
    by: []
    where: load >= 0 && vehicle != "9"
    let: { double: load * 2 }
    window: { tumbling: 1m }
    compute: { sum: sum(double) }
`,
  );
  const { points, status } = runAll(plan, [
    message(1, { load: 1 }),
    message(500, { load: 5 }, '9'),
    message(400, { line: 'no load' }, '1', 500),
    message(2, { load: 2 }, '2', 501),
  ]);
  assert.deepEqual(fieldsOf(points), [{ sum: 6 }]);
  assert.deepEqual(points[0]!.tags, { gateway: 'g' });
  assert.equal(status.rules[0]!.filtered, 2);
  assert.equal(status.rules[0]!.late, 0);
});

test('late, ahead, duplicate, malformed and out of range: counted, set aside with the reason, the rest is used', async () => {
  const plan = await planOf(
    [bus],
    `rules:
  - name: load
    from: bus
    window: { tumbling: 1m }
    compute: { n: count(), sum: sum(load) }
`,
  );
  const garbage: Frame = { ...message(3, {}), payload: Buffer.from('{"at": 17000') };
  const { points, setAside, status } = runAll(plan, [
    message(1, { load: 1 }),
    message(1, { load: 1 }, '1', 2),
    garbage,
    message(40, { load: 7 }, '1', 4),
    message(5, { load: 999 }),
    message(70, { load: 5 }),
    message(2, { load: 3 }, '1', 71),
  ]);
  assert.deepEqual(fieldsOf(points), [
    { n: 2, sum: 1 },
    { n: 1, sum: 5 },
  ]);
  assert.deepEqual(
    setAside.map(({ reason }) => reason),
    ['malformed', 'ahead of time', 'out of range', 'late'],
  );
  assert.deepEqual(setAside[1]!.eventMs, startMs + 40_000);
  assert.equal(status.fates.duplicates, 1);
  const { received, readings, noted, ...fates } = status.fates;
  assert.deepEqual([fates.setAside, fates.valuesSetAside, noted], [2, 1, 4]);
  assert.equal(received, readings + fates.duplicates + fates.setAside);
  assert.equal(status.rules[0]!.late, 1);
});

test('a device whose clock is not set is set aside, and old recordings are not', async () => {
  const plan = await planOf(
    [bus],
    `rules:
  - { name: load, from: bus, window: { tumbling: 1m }, compute: { n: count() } }
`,
  );
  const since1970 = (at: number): object => ({ at, load: 1 });
  const { points, setAside } = runAll(plan, [
    message(1, since1970(0)),
    message(2, since1970(5 * 86_400)),
    message(3, since1970(-2_208_988_800)),
    message(4, since1970(Date.UTC(1971, 0) / 1000)),
    message(5, {}, '2'),
  ]);
  assert.deepEqual(
    setAside.map(({ reason, detail }) => `${reason}: ${detail}`),
    [
      "clock not set: its time is 1970-01-01T00:00:00.000Z: set the device's clock",
      "clock not set: its time is 1970-01-06T00:00:00.000Z: set the device's clock",
      "clock not set: its time is 1900-01-01T00:00:00.000Z: set the device's clock",
    ],
  );
  assert.equal(points.length, 2);
  const then = runAll(plan, [{ ...message(0, since1970(10)), arrivalMs: 10_000 }]);
  assert.equal(then.setAside.length, 0);
});

test('a frame that no profile wants is counted', async () => {
  const plan = await planOf([bus], 'rules: []\n');
  const { status } = runAll(plan, [{ ...message(1, {}), topic: 'tram/1' }]);
  assert.equal(status.fates.unrouted, 1);
});

test('alerts of windows: message, values, and clear when the bus empties', async () => {
  const plan = await planOf(
    [bus],
    `rules:
  - name: bus-load
    from: bus
    window: { tumbling: 1m }
    compute: { most: max(load) }
    alert:
      - { severity: warning, when: most >= 20, clear: most < 10, message: "Bus {vehicle}: {most} aboard", notify: [log] }
    forward: false
`,
  );
  const loads = [25, 15, 5];
  const { points, alerts } = runAll(
    plan,
    loads.map((load, i) => message(i * 60, { load })),
  );
  assert.deepEqual(points, []);
  assert.deepEqual(
    alerts.map(({ state, message: text, atMs, values }) => [state, text, atMs - startMs, values]),
    [
      ['firing', 'Bus 1: 25 aboard', 60_000, { most: 25 }],
      ['ok', 'Bus 1: 5 aboard', 180_000, { most: 5 }],
    ],
  );
});

test('a rule without window judges and forwards each reading; `for` also passes while nothing comes', async () => {
  const plan = await planOf(
    [bus],
    `rules:
  - name: crowded
    from: bus
    alert:
      - { when: load > 50, for: 30s, message: "{load}", notify: [log] }
    forward: { on_change: 5 }
`,
  );
  const { points, alerts, status } = runAll(
    plan,
    [10, 12, null, 16, 16, 60].map((load, i) => message(i, load === null ? {} : { load })),
    60,
  );
  assert.deepEqual(fieldsOf(points), [{ load: 10 }, { load: 16 }, { load: 60 }]);
  assert.deepEqual(
    alerts.map(({ atMs, message: text, values }) => [atMs - startMs, text, values.load]),
    [[35_000, '60', 60]],
  );
  assert.equal(status.alerts.length, 1);
});

test('silence is an alert of its own, and the next reading clears it', async () => {
  const plan = await planOf(
    [`${bus}silent_after: 2m\n`],
    `rules:
  - name: bus-gone
    from: bus
    silent: true
    forward: false
`,
  );
  const { alerts } = runAll(plan, [message(0, {}), message(10, {}, '2'), message(200, {}, '2')], 200, false);
  assert.deepEqual(
    alerts.map(({ key, state, atMs }) => [key.vehicle, state, (atMs - startMs) / 1000]),
    [
      ['2', 'firing', 130],
      ['2', 'ok', 200],
      ['1', 'firing', 120],
      ['2', 'firing', 320],
    ],
  );
});

test('the message about a silent key names its tags', async () => {
  const plan = await planOf(
    [`${bus}silent_after: 2m\n`],
    `rules:
  - name: bus-gone
    from: bus
    silent: { message: "{severity}: {{bus}} {vehicle} ({key}), see {rule}" }
`,
  );
  const { alerts } = runAll(plan, [message(0, {})], 200, false);
  assert.deepEqual(
    alerts.map(({ message: text }) => text),
    ['warning: {bus} 1 (1), see bus-gone'],
  );
});

test('a rule over two devices sees their readings in the order they arrived', async () => {
  const tram = bus.replace('device: bus', 'device: tram').replace('bus/{vehicle}', 'tram/{vehicle}');
  const plan = await planOf(
    [bus, tram],
    `rules:
  - name: both
    from: [bus, tram]
    window: { tumbling: 1m }
    compute: { n: count(), last: last(load) }
`,
  );
  const asTram = (frame: Frame): Frame => ({ ...frame, topic: frame.topic.replace('bus', 'tram') });
  const { points } = runAll(plan, [
    message(1, { load: 1 }),
    asTram(message(1, { load: 2 })),
    message(1, { load: 3 }, '1', 2),
    asTram(message(70, { load: 4 })),
    message(30, { load: 5 }, '1', 71),
  ]);
  assert.deepEqual(fieldsOf(points), [
    { n: 2, last: 2 },
    { n: 1, last: 4 },
  ]);
});

test('a copy counts once for as long as the slowest of a rule’s devices keeps its window open', async () => {
  const slow = bus
    .replace('device: bus', 'device: slow')
    .replace('bus/', 'slow/')
    .replace('lateness: 5s', 'lateness: 10m');
  const plan = await planOf(
    [bus, slow],
    'rules: [{ name: n, from: [bus, slow], window: { tumbling: 1m }, compute: { n: count() } }]\n',
  );
  const copy = message(1, { load: 1 }, '1', 302);
  const { points, status } = runAll(plan, [
    message(1, { load: 1 }),
    ...Array.from({ length: 30 }, (_, i) => message(10 * i + 2, { load: 1 })),
    copy,
  ]);
  assert.equal(status.fates.duplicates, 1);
  assert.deepEqual(points[0]!.fields, { n: 7 });
});

test('keys beyond the limit are counted, the others go on', async () => {
  const plan = await planOf(
    [bus],
    'rules: [{ name: n, from: bus, window: { tumbling: 1m }, compute: { n: count() } }]\n',
  );
  const frames = Array.from({ length: 150 }, (_, i) => message(1, {}, String(i)));
  const { points, status } = runAll(plan, frames);
  assert.equal(points.length, 100);
  assert.equal(status.rules[0]!.overLimit, 50);
});

const everything = `rules:
  - name: windowed
    from: bus
    window: { tumbling: 1m }
    compute: { n: count(), sum: sum(load), last: last(line), delta: delta(load), p: "percentile(load, 90)" }
    alert: [{ severity: critical, when: sum > 100, clear: sum < 50, for: 2m, notify: [log] },
      { severity: warning, when: sum > 50, notify: [log] }]
  - name: sliding
    from: bus
    by: []
    window: { sliding: 2m, every: 30s }
    compute: { n: count(), avg: avg(load), sd: stddev(load) }
  - name: early
    from: bus
    window: { sliding: 1m, every: 5s, emit: 10s }
    compute: { n: count(), sum: sum(load), sd: stddev(load), held: twa(load), p: median(load) }
    alert: [{ when: sum > 50, clear: sum < 20, for: 10s }]
  - name: revised
    from: bus
    window: { sliding: 1m, every: 5s, emit: 20s, late: revise, keep: 1m }
    compute: { n: count(), avg: avg(load), most: max(load) }
    alert: [{ when: most > 50 }]
  - name: for-all
    from: bus
    window: { tumbling: 30s, watermark: global, late: revise, keep: 2m }
    compute: { n: count(), sum: sum(load) }
    alert: [{ when: sum > 30 }]
  - name: runs
    from: bus
    window: { session: 15s, max: 1m, emit: 10s }
    compute: { n: count(), most: max(load), held: twa(load), last: last(line) }
    alert: [{ when: n > 2, message: "{n} {most}" }]
  - name: together
    from: bus
    by: []
    window: { session: 5s, watermark: global }
    compute: { n: count(), grown: delta(load) }
  - name: counted
    from: bus
    window: { count: 6, every: 4, emit: 10s }
    compute: { n: count(), sum: sum(load), p: median(load), held: twa(load) }
    alert: [{ when: sum > 50, for: 30s }]
  - name: each
    from: bus
    where: load > 10
    alert: [{ when: load > 30, clear: load < 20, for: 20s, notify: [log] }]
    forward: { on_change: 3 }
  - name: gone
    from: bus
    silent: { severity: info }
    forward: false
`;

const framesArbitrary = fc
  .array(
    fc.record({
      vehicle: fc.constantFrom('1', '2', '3'),
      load: fc.oneof({ weight: 5, arbitrary: fc.nat(60) }, fc.constant(null)),
      line: fc.constantFrom('520', '64', null),
      pause: fc.oneof({ weight: 5, arbitrary: fc.nat(20) }, fc.nat(200)),
      late: fc.oneof({ weight: 3, arbitrary: fc.nat(4) }, fc.nat(150)),
    }),
    { minLength: 1, maxLength: 50 },
  )
  .map((steps) => {
    let now = 0;
    return steps.map(({ vehicle, load, line, pause, late }) => {
      now += pause;
      return message(now - late, { load, line }, vehicle, now);
    });
  });

/** Of points that late readings rewrite the last version: how often they are written depends on the batches. */
function lastWritten(points: readonly Point[]): Point[] {
  const identity = ({ measurement, tags, timeMs }: Point): string =>
    JSON.stringify([measurement, tags, timeMs]);
  const isRewritten = ({ measurement }: Point): boolean => ['revised', 'for-all'].includes(measurement);
  const last = new Map(points.filter(isRewritten).map((point) => [identity(point), point]));
  return [...points.filter((point) => !isRewritten(point)), ...last.values()];
}

/** All that came out, in an order that does not depend on batches. */
function story({ points, alerts, setAside }: Told): unknown {
  const byText = (values: readonly unknown[]): string[] =>
    values.map((value) => JSON.stringify(value)).sort();
  return {
    points: byText(lastWritten(points)),
    alerts: byText(alerts),
    setAside: byText(setAside.map(({ detail }) => detail)),
  };
}

test('property: neither cutting batches elsewhere nor restoring a checkpoint changes anything', async () => {
  const plans = await Promise.all([0, 1, 2].map(() => planOf([`${bus}silent_after: 2m\n`], everything)));
  fc.assert(
    fc.property(framesArbitrary, fc.array(fc.nat(50), { maxLength: 8 }), (frames, cuts) => {
      const endMs = frames.at(-1)!.arrivalMs + 1;
      const whole = runAll(plans[0]!, frames, 0);
      const told: Told = { points: [], alerts: [], setAside: [] };
      let state = createState(plans[1]!);
      let from = 0;
      for (const [i, cut] of [...new Set(cuts), frames.length]
        .filter((c) => c <= frames.length)
        .sort((a, b) => a - b)
        .entries()) {
        const part = frames.slice(from, cut);
        from = cut;
        // The end of a batch is not after the next frame.
        const result = step(state, batchOf(part, from < frames.length ? frames[from]!.arrivalMs : endMs));
        told.points.push(...result.points);
        told.alerts.push(...result.alerts);
        told.setAside.push(...result.setAside);
        const bytes = encodeCheckpoint({
          batchEndMs: 0,
          position: { sequence: 0, frame: 0 },
          handshakes: [],
          state: save(result.state),
        });
        state = load(createState(plans[1 + (i % 2)]!), decodeCheckpoint(bytes)!.state).state;
      }
      const last = finish(state);
      told.points.push(...last.points);
      told.alerts.push(...last.alerts);
      told.setAside.push(...last.setAside);
      assert.deepEqual(story(told), story(whole));
    }),
    { numRuns: 200 },
  );
});

test('until it is no longer quiet, empty batches change nothing', async () => {
  const plan = await planOf([`${bus}silent_after: 2m\n`], everything);
  fc.assert(
    fc.property(framesArbitrary, (frames) => {
      const state = createState(plan);
      const now = frames.at(-1)!.arrivalMs + 1;
      step(state, batchOf(frames, now));
      const quietMs = Math.min(quietUntilMs(state), now + 1e6);
      const { points, alerts } = step(state, batchOf([], Math.max(now, quietMs - 1)));
      assert.deepEqual([points, alerts], [[], []]);
    }),
  );
});

test('time in which the gateway was down is not idle time, from its first batch on', async () => {
  const plan = (): Promise<Plan> =>
    planOf([bus], 'rules: [{ name: n, from: bus, window: { tumbling: 1m }, compute: { n: count() } }]\n');
  const before = createState(await plan());
  step(before, batchOf([message(1, {})], startMs + 2000));
  const { state } = load(createState(await plan()), structuredClone(save(before)));
  const downFor = 600;
  listenSince(state, startMs + downFor * 1000);
  // Sent before the gateway was down, it waited in a broker's session.
  const { points } = step(state, batchOf([message(2, {}, '1', downFor + 1)], startMs + (downFor + 2) * 1000));
  assert.deepEqual(points, []);
  assert.deepEqual(fieldsOf(finish(state).points), [{ n: 2 }]);
});

test('a plan that takes over keeps what untouched rules hold, and their counts', async () => {
  const rules = (length: string): string => `rules:
  - { name: a, from: bus, window: { tumbling: ${length} }, compute: { n: count() } }
  - { name: b, from: bus, window: { tumbling: 1m }, compute: { n: count() } }
`;
  const before = createState(await planOf([bus], rules('1m')));
  step(before, batchOf([message(1, {})], startMs + 2000));
  const { state, reset } = replan(before, await planOf([bus], rules('2m')));
  assert.deepEqual(reset, ['a']);
  step(state, batchOf([message(3, {})], startMs + 4000));
  const status = statusOf(state);
  assert.deepEqual([status.fates.frames, status.fates.readings, status.rules[1]!.readings], [2, 2, 2]);
  assert.deepEqual(
    finish(state).points.map(({ measurement, fields }) => [measurement, fields.n]),
    [
      ['a', 1],
      ['b', 2],
    ],
  );
});

test('an edited rule starts anew and says so; the others keep their state', async () => {
  const rules = (length: string): string => `rules:
  - { name: a, from: bus, window: { tumbling: ${length} }, compute: { n: count() } }
  - { name: b, from: bus, window: { tumbling: 1m }, compute: { n: count() } }
`;
  const before = createState(await planOf([bus], rules('1m')));
  step(before, batchOf([message(1, {})], startMs + 2000));
  const { state, reset } = load(createState(await planOf([bus], rules('2m'))), structuredClone(save(before)));
  assert.deepEqual(reset, ['a']);
  step(state, batchOf([message(3, {})], startMs + 4000));
  assert.deepEqual(
    finish(state).points.map(({ measurement, fields }) => [measurement, fields.n]),
    [
      ['a', 1],
      ['b', 2],
    ],
  );
});
