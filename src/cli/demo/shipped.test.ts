/** The shipped files over the simulated depot, without real time: what the demo promises to show. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { spanOf } from '../../core/frame.ts';
import type { Alert, Frame, Point, SetAside } from '../../core/types.ts';
import { createState, step } from '../../engine/engine.ts';
import { loadSetup, type Setup } from '../setup.ts';
import { packageFolder } from '../version.ts';
import type { Depot } from './bus.ts';
import { linesBetween, messagesBetween } from './depot.ts';

const midnightMs = Date.UTC(2026, 0, 5);
const hourMs = 3_600_000;
const shipped = ['bearing-drift', 'bus-delay', 'bus-fleet', 'bus-load', 'bus-silent', 'probe-level'];
let setup: Setup;
before(async () => {
  setup = await loadSetup(join(packageFolder(), 'headgate.yaml'));
});

/** The depot's frames in batches of a second, arriving `delayMs` after they were sent. */
function live(depot: Depot, minutes: number, delayMs: number) {
  const results: { points: Point[]; alerts: Alert[]; setAside: SetAside[] } = {
    points: [],
    alerts: [],
    setAside: [],
  };
  let state = createState(setup.plan);
  const endMs = depot.startMs + minutes * 60_000;
  for (let startMs = depot.startMs; startMs < endMs; startMs += 1000) {
    const arrivalMs = startMs + delayMs;
    const mqtt = messagesBetween(depot, startMs, startMs + 1000).map(
      ({ topic, payload }): Frame => ({ source: 'mqtt', topic, payload: Buffer.from(payload), arrivalMs }),
    );
    const serial = linesBetween(depot, startMs, startMs + 1000).map(
      (line): Frame => ({ source: 'probe', topic: '', payload: Buffer.from(line.trimEnd()), arrivalMs }),
    );
    const batch = { startMs: arrivalMs, endMs: arrivalMs + 1000, spans: [spanOf([...mqtt, ...serial])] };
    const result = step(state, batch);
    state = result.state;
    results.points.push(...result.points);
    results.alerts.push(...result.alerts);
    results.setAside.push(...result.setAside);
  }
  return results;
}

for (const hour of [6.75, 15.25]) {
  test(`from ${hour} h on, each shipped rule fires and clears within 80 simulated minutes`, () => {
    const { alerts, points, setAside } = live(
      { seed: 7, midnightMs, startMs: midnightMs + hour * hourMs },
      80,
      1000,
    );
    assert.deepEqual(setup.plan.rules.map(({ name }) => name).toSorted(), shipped);
    for (const rule of shipped) {
      const own = alerts.filter((alert) => alert.rule === rule);
      const fired = own.find(({ state }) => state === 'firing');
      assert.ok(fired, `${rule} fired`);
      assert.ok(
        own.some(({ state, episode }) => state === 'ok' && episode === fired.episode),
        `${rule} cleared`,
      );
    }
    assert.deepEqual(setAside, []);
    const measured = new Set(points.map(({ measurement }) => measurement));
    assert.deepEqual(
      [...measured].toSorted(),
      shipped.filter((rule) => rule !== 'bus-silent'),
    );
  });
}

test('messages are sentences with their values', () => {
  const { alerts } = live({ seed: 7, midnightMs, startMs: midnightMs + 6.75 * hourMs }, 60, 1000);
  const said = (rule: string, severity: string): string =>
    alerts.find((alert) => alert.rule === rule && alert.severity === severity && alert.state === 'firing')!
      .message;
  assert.match(said('bus-load', 'critical'), /^Bus 070\d\d: \d+ aboard, 1\d\d% of capacity$/);
  assert.match(said('bus-delay', 'warning'), /^Bus 070\d\d, line \d+: 3\.\d min behind its timetable$/);
  assert.match(said('bus-silent', 'critical'), /^Bus 07009 of operator 0070 has gone silent$/);
  assert.match(said('probe-level', 'warning'), /^wash-pit: water at 7\d of 120 cm$/);
  assert.match(
    said('bearing-drift', 'critical'),
    /^press-2: bearing at 7\d\.\d °C, 6\.\d K off its last hour$/,
  );
});
