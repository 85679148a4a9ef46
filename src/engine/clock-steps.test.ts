import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ClockReading, FrameSpan } from '../core/frame.ts';
import { spanOf } from '../core/frame.ts';
import { compileText, deviceOf } from '../rules/testing.ts';
import { createState, type EngineState, load, save, step } from './engine.ts';
import { at, minutes } from './rule-testing.ts';

/** Timed by arrival. */
const meter = deviceOf(`device: meter
topic: meter/{name}
codec: json
fields: { t: { path: t } }
silent_after: 5m
`);
/** Says its own time. */
const logger = deviceOf(`device: logger
topic: logger/{name}
codec: json
time: { path: at, format: unix_ms }
fields: { t: { path: t } }
silent_after: 5m
lateness: 0s
`);

const startMs = at('2026-03-02T10:00:00Z');
const hour = 3_600_000;
const day = 24 * hour;

/** A gateway whose clock is stepped while time goes on. */
function gateway(rules: string) {
  const compiled = compileText(`rules:\n${rules}`, [meter, logger]);
  assert.deepEqual(compiled.problems, []);
  let state: EngineState = createState(compiled.plan!);
  let lineMs = startMs;
  let clock: ClockReading = { sinceMs: startMs, offsetMs: 0, isSure: true };
  const points: string[] = [];
  const alerts: string[] = [];
  const setAside: string[] = [];
  const text = (ms: number): string => new Date(Math.round(ms)).toISOString().slice(5, 19);

  function run(spans: readonly FrameSpan[], endMs: number): void {
    const result = step(state, { startMs: lineMs, endMs, spans });
    state = result.state;
    for (const { measurement, timeMs, fields, tags } of result.points)
      points.push(`${measurement} ${tags.name} ${text(timeMs)} ${JSON.stringify(fields)}`);
    for (const alert of result.alerts)
      alerts.push(
        `${alert.rule} ${alert.key.name} ${alert.state}${alert.reminder ? ' again' : ''} ${text(alert.atMs)}`,
      );
    for (const { reason } of result.setAside) setAside.push(reason);
    lineMs = endMs;
  }

  return {
    points,
    alerts,
    setAside,
    /** A frame now, and then nothing for a second. */
    send(topic: string, payload: object) {
      const frame = {
        source: 'mqtt',
        topic,
        payload: Buffer.from(JSON.stringify(payload)),
        arrivalMs: lineMs,
      };
      run([{ ...spanOf([frame]), clock }], lineMs + 1000);
    },
    pass(ms: number) {
      run([], lineMs + ms);
    },
    step(byMs: number, isSure = true) {
      clock = { sinceMs: lineMs, offsetMs: clock.offsetMs + byMs, isSure };
      run([{ ...spanOf([]), clock }], lineMs + 1);
    },
    restart() {
      state = load(createState(compiled.plan!), structuredClone(save(state))).state;
    },
    /** The time of day. */
    now: () => lineMs + clock.offsetMs,
    state: () => state,
  };
}

const perMinute = `  - name: r
    from: meter
    by: [name]
    window: { tumbling: 1m }
    compute: { n: count() }
    forward: true
`;

for (const [name, byMs] of [
  ['an hour', hour],
  ['thirty days', 30 * day],
] as const) {
  test(`a step back of ${name} ends what lies ahead, and time goes on from the new one`, () => {
    const site = gateway(perMinute);
    for (let s = 0; s < 90; s++) site.send('meter/a', { t: s });
    site.step(-byMs);
    site.restart();
    for (let s = 0; s < 120; s++) site.send('meter/a', { t: s });
    const back = (time: string): string => new Date(at(time) - byMs).toISOString().slice(5, 19);
    assert.deepEqual(site.points, [
      'r a 03-02T10:01:00 {"n":60}',
      // What was open when the clock was set.
      'r a 03-02T10:02:00 {"n":30}',
      `r a ${back('2026-03-02T10:02:00Z')} {"n":30}`,
      `r a ${back('2026-03-02T10:03:00Z')} {"n":60}`,
    ]);
    assert.deepEqual(site.setAside, []);
  });

  test(`a step forward of ${name} is not time that passed`, () => {
    const site = gateway(`${perMinute}    silent: { severity: warning, notify: [log] }
  - name: hot
    from: meter
    by: [name]
    alert:
      - { when: t > 50, for: 10m, repeat: 1h, severity: warning, message: hot, notify: [log] }
`);
    for (let s = 0; s < 90; s++) site.send('meter/a', { t: 60 });
    site.step(byMs);
    for (let s = 0; s < 90; s++) site.send('meter/a', { t: 60 });
    assert.equal(site.alerts.length, 0);
    for (let s = 0; s < 420; s++) site.send('meter/a', { t: 60 });
    const then = (time: string): string => new Date(at(time) + byMs).toISOString().slice(5, 19);
    assert.deepEqual(site.alerts, [`hot a firing ${then('2026-03-02T10:10:00Z')}`]);
    site.step(byMs);
    site.pass(minutes(1));
    assert.equal(site.alerts.length, 1, 'neither reminded nor silent');
    site.pass(minutes(4));
    assert.match(site.alerts[1]!, /^r a firing/, 'silent after five minutes that passed');
    site.pass(minutes(56));
    assert.deepEqual(
      site.alerts
        .filter((line) => line.startsWith('hot'))
        .map((line) => line.split(' ').slice(0, 4).join(' ').replace(/ \d.*/, '')),
      ['hot a firing', 'hot a firing again'],
    );
  });
}

test('a device that says its own time does not notice that the gateway is set', () => {
  for (const byMs of [hour, -hour, 30 * day]) {
    const rule = perMinute.replace('from: meter', 'from: logger');
    const run = (steps: boolean): string[] => {
      const site = gateway(rule);
      for (let s = 0; s < 300; s++) {
        if (steps && s === 100) site.step(byMs);
        if (steps && s === 200) site.step(-byMs);
        // The device knows the true time; the gateway is wrong for a while.
        site.send('logger/a', { t: s, at: startMs + s * 1000 });
      }
      return site.points;
    };
    // Behind by an hour, readings seem to be ahead of time: they are set aside, as from a device that is wrong.
    if (byMs > 0) assert.deepEqual(run(true), run(false), `${byMs}`);
    else assert.ok(run(true).length >= 2);
  }
});

test('while the time is a guess no reading is ahead of it, and what went ahead comes back when it is known', () => {
  const site = gateway(perMinute.replace('from: meter', 'from: logger'));
  site.step(-30 * day, false);
  for (let s = 0; s < 61; s++) site.send('logger/a', { t: s, at: startMs + s * 1000 });
  site.send('logger/far', { t: 1, at: at('2106-02-07T00:00:00Z') });
  assert.deepEqual(site.setAside, []);
  site.step(30 * day, true);
  for (let s = 0; s < 61; s++) site.send('logger/far', { t: s, at: site.now() });
  assert.deepEqual(site.setAside, []);
  assert.deepEqual(site.points.filter((line) => line.includes(' far ')).length, 2);
  assert.ok(site.points.includes('r a 03-02T10:01:00 {"n":60}'));
});

test('a step within a day leaves the day one window', () => {
  const site = gateway(perMinute.replace('{ tumbling: 1m }', '{ calendar: "0 0 * * *", zone: UTC }'));
  for (let s = 0; s < 100; s++) site.send('meter/a', { t: s });
  site.step(-hour);
  for (let s = 0; s < 100; s++) site.send('meter/a', { t: s });
  site.step(hour);
  site.pass(14 * hour - 200_000);
  for (let s = 0; s < 10; s++) site.send('meter/a', { t: s });
  assert.deepEqual(site.points, ['r a 03-03T00:00:00 {"n":200}']);
});

test('a day that had just ended is not begun anew by a few minutes', () => {
  const site = gateway(perMinute.replace('{ tumbling: 1m }', '{ calendar: "0 0 * * *", zone: UTC }'));
  for (let s = 0; s < 100; s++) site.send('meter/a', { t: s });
  site.pass(14 * hour - 100_000);
  site.send('meter/a', { t: 0 });
  site.step(-minutes(10));
  for (let s = 0; s < 100; s++) site.send('meter/a', { t: s });
  // The one reading of the next day is told of as it is; that day is yet to come.
  assert.deepEqual(site.points, ['r a 03-03T00:00:00 {"n":100}', 'r a 03-04T00:00:00 {"n":1}']);
  assert.equal(site.setAside.length, 100, 'late for the day, and counted');
});

test('sessions, counts, sliding and global windows come back from the future too', () => {
  const kinds = [
    '{ session: 10s }',
    '{ count: 7 }',
    '{ sliding: 10m, every: 1m }',
    '{ sliding: 1h, every: 1m }',
  ];
  for (const kind of kinds) {
    for (const extra of ['', ', watermark: global']) {
      if (kind.includes('count') && extra !== '') continue;
      const site = gateway(perMinute.replace('{ tumbling: 1m }', kind.replace(' }', `${extra} }`)));
      for (let s = 0; s < 90; s++) site.send('meter/a', { t: s });
      const before = site.points.length;
      site.step(-30 * day);
      const at = site.points.length;
      site.restart();
      for (let s = 0; s < 200; s++) {
        site.send('meter/a', { t: s });
        if (s % 50 === 49) site.pass(minutes(2));
      }
      const after = site.points.slice(at);
      assert.ok(after.length > 0, `${kind}: nothing after the step`);
      for (const line of after) assert.match(line, / 01-31T/, `${kind} ${extra}: ${line}`);
      assert.ok(at >= before);
    }
  }
});

test('rules that read rules go on after a step back', () => {
  const site = gateway(`${perMinute}  - name: total
    from: rule:r
    window: { tumbling: 2m }
    compute: { sum: sum(n) }
    forward: true
`);
  for (let s = 0; s < 150; s++) site.send('meter/a', { t: s });
  site.step(-30 * day);
  const at = site.points.length;
  for (let s = 0; s < 400; s++) site.send('meter/a', { t: s });
  const sums = site.points.slice(at).filter((line) => line.startsWith('total'));
  assert.ok(sums.length >= 2, site.points.join('\n'));
  for (const line of sums) assert.match(line, / 01-31T/);
});

test('what was learnt over time outlives a step', () => {
  for (const byMs of [-30 * day, -hour, hour, 30 * day]) {
    const site = gateway(`  - name: odd
    from: meter
    by: [name]
    alert:
      - { when: "stuck(t, 2m)", severity: warning, message: stuck, notify: [log] }
`);
    for (let s = 0; s < 60; s++) site.send('meter/a', { t: 5 });
    site.step(byMs);
    for (let s = 0; s < 55; s++) site.send('meter/a', { t: 5 });
    assert.deepEqual(site.alerts, [], `${byMs}: stuck too early`);
    for (let s = 0; s < 10; s++) site.send('meter/a', { t: 5 });
    assert.equal(site.alerts.length, 1, `${byMs}: not stuck after two minutes`);
  }
});

test('property: readings ahead of time change nothing but their count', () => {
  const rule = `${perMinute.replace('from: meter', 'from: logger')}    silent: { severity: warning, notify: [log] }
`;
  const run = (ahead: readonly (readonly [number, number])[]) => {
    const site = gateway(rule);
    for (let s = 0; s < 200; s++) {
      for (const [second, byMs] of ahead)
        if (second === s) site.send('logger/a', { t: 9, at: site.now() + 11_000 + byMs });
        else if (second === s + 1000) break;
      site.send('logger/a', { t: s, at: startMs + s * 1000 });
    }
    return { points: site.points, setAside: site.setAside.length };
  };
  const { points } = run([]);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(199), fc.nat(2 ** 40)), { maxLength: 20 }), (ahead) => {
      const found = run(ahead);
      assert.deepEqual(found.points, points);
      assert.equal(found.setAside, ahead.length);
    }),
    { numRuns: 30 },
  );
});

test('property: what a step does depends neither on where batches are cut nor on restarts', () => {
  const rules = `  - { name: tumbling, from: meter, by: [name], window: { tumbling: 1m }, compute: { n: count() }, silent: { severity: warning, notify: [log] } }
  - { name: sliding, from: [meter, logger], by: [name], window: { sliding: 10m, every: 1m }, compute: { n: count() } }
  - { name: session, from: meter, by: [name], window: { session: 90s }, compute: { n: count() } }
  - { name: few, from: meter, by: [name], window: { count: 3 }, compute: { n: count() } }
  - { name: all, from: [meter, logger], window: { tumbling: 5m, watermark: global }, compute: { n: count() } }
  - { name: shift, from: logger, by: [name], window: { calendar: "0 6,14,22 * * *" }, compute: { n: count() } }
  - { name: total, from: rule:tumbling, window: { tumbling: 5m }, compute: { n: sum(n) } }
  - name: hot
    from: meter
    by: [name]
    active: { cron: "* 6-17 * * *" }
    alert: [{ when: t > 4, for: 2m, repeat: 10m, severity: warning, message: "{t}", notify: [log] }]
  - name: odd
    from: meter
    by: [name]
    alert: [{ when: "abs(t - ewma(t, 10m)) > 3 || stuck(t, 5m)", severity: info, message: odd, notify: [log] }]
`;
  const { plan, problems } = compileText(`rules:\n${rules}`, [meter, logger]);
  assert.deepEqual(problems, []);
  const gap = fc.oneof(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 900_000 }));
  const byMs = fc.oneof(
    fc.constantFrom(hour, -hour, 30 * day, -30 * day, minutes(7), -minutes(7)),
    fc.integer({ min: -1e8, max: 1e8 }),
  );
  const event = fc.record({
    gapMs: gap,
    what: fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          device: fc.constantFrom('meter', 'logger'),
          name: fc.constantFrom('a', 'b'),
          t: fc.nat(9),
        }),
      },
      { weight: 1, arbitrary: byMs },
    ),
  });
  const cuts = fc.record({
    restarts: fc.array(fc.nat(60), { maxLength: 3 }),
    ends: fc.uniqueArray(fc.nat(60)),
  });
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 60 }), cuts, (events, { restarts, ends }) => {
      let lineMs = startMs;
      let clock: ClockReading = { sinceMs: startMs, offsetMs: 0, isSure: true };
      const spans = events.map(({ gapMs, what }) => {
        lineMs += gapMs;
        if (typeof what === 'number') {
          clock = { sinceMs: lineMs, offsetMs: clock.offsetMs + what, isSure: true };
          return { ms: lineMs, span: { ...spanOf([]), clock } };
        }
        const { device, name, t } = what;
        const payload = Buffer.from(
          JSON.stringify({ t, at: startMs + Math.floor((lineMs - startMs) / 1000) * 1000 }),
        );
        const frame = { source: 'mqtt', topic: `${device}/${name}`, payload, arrivalMs: lineMs };
        return { ms: lineMs, span: { ...spanOf([frame]), clock } };
      });
      const run = (isEnd: (i: number) => boolean, isRestart: (i: number) => boolean) => {
        let state = createState(plan!);
        const told: string[] = [];
        let held: FrameSpan[] = [];
        for (const [i, { ms, span }] of spans.entries()) {
          held.push(span);
          if (!isEnd(i) && i < spans.length - 1) continue;
          const endMs = i < spans.length - 1 ? ms + 0.001 : ms + minutes(30);
          const result = step(state, { startMs: ms, endMs, spans: held });
          state = result.state;
          held = [];
          for (const point of result.points) told.push(JSON.stringify(point));
          for (const { message: _, values: __, ...alert } of result.alerts) told.push(JSON.stringify(alert));
          if (isRestart(i)) state = load(createState(plan!), structuredClone(save(state))).state;
        }
        return told.sort();
      };
      const whole = run(
        () => true,
        () => false,
      );
      const cut = run(
        (i) => ends.includes(i),
        (i) => restarts.includes(i),
      );
      assert.deepEqual(cut, whole);
    }),
    { numRuns: 60 },
  );
});
