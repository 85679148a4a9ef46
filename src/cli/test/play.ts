/**
 * One test on virtual time: its feeds through the engine, in batches cut as a gateway cuts them.
 *
 * A reading arrives at its event time. After the last one time passes until everything that is expected can be known:
 * keys are found idle, their windows close, pending and silent keys fire. Nothing is closed before its time.
 */

import { columnsOf, type FeedColumns } from '../../config/feed-columns.ts';
import type { DeviceProfile } from '../../config/schema.ts';
import type { Feed, RuleTest } from '../../config/test-schema.ts';
import type { Alert, Point, SetAside } from '../../core/types.ts';
import { createState, quietUntilMs, statusOf, step } from '../../engine/engine.ts';
import type { Plan, RulePlan } from '../../rules/plan.ts';
import { type Block, createBlock } from '../replay/block.ts';
import { createCutter } from '../replay/cut.ts';
import { payloadOf, routeOf } from './twin.ts';

/** What came of a test, in the order it was given out. */
export interface Played {
  readonly points: readonly Point[];
  readonly alerts: readonly Alert[];
  readonly setAside: readonly SetAside[];
  /** Readings that came twice. */
  readonly duplicates: number;
}

/** What the tests of one rule file run on. */
export interface Stage {
  /** Compiled for the twins of the devices. */
  readonly plan: Plan;
  /** The devices themselves, by name. */
  readonly devices: ReadonlyMap<string, DeviceProfile>;
  readonly batchMs: number;
}

/** Plays a test in which nothing is wrong. */
export function play(test: RuleTest, { plan, devices, batchMs }: Stage): Played {
  const points: Point[] = [];
  const alerts: Alert[] = [];
  const setAside: SetAside[] = [];
  let state = createState(plan);
  const cutter = createCutter(batchMs, () => quietUntilMs(state));
  const block = blockOf(test, devices);
  addLastMoment(block, lastMomentOf(test, block, plan));
  for (const batches of [cutter.add(block), cutter.end()]) {
    for (const batch of batches) {
      const result = step(state, batch);
      state = result.state;
      points.push(...result.points);
      alerts.push(...result.alerts);
      setAside.push(...result.setAside);
    }
  }
  return { points, alerts, setAside, duplicates: statusOf(state).fates.duplicates };
}

interface Reading {
  readonly feed: Feed;
  readonly columns: FeedColumns;
  readonly index: number;
  readonly timeMs: number;
}

/** The readings of all feeds in the order of their times; of one time in the order of the feeds. */
function readingsOf(test: RuleTest, devices: Stage['devices']): Reading[] {
  const all = test.feed.flatMap((feed) => {
    const columns = columnsOf(feed, devices.get(feed.device)!);
    return Array.from({ length: columns.readings }, (_, index) => ({
      ...{ feed, columns, index },
      timeMs: test.startMs + feed.afterMs + index * feed.everyMs,
    }));
  });
  return all.sort((a, b) => a.timeMs - b.timeMs);
}

function blockOf(test: RuleTest, devices: Stage['devices']): Block {
  const payloads: Buffer[] = [];
  const names = [...new Set(test.feed.map(({ device }) => device))];
  const block = createBlock(test.name, Buffer.alloc(0));
  let bytes = 0;
  for (const { feed, columns, index, timeMs } of readingsOf(test, devices)) {
    const fields = fieldsOf(columns, index);
    if (fields === undefined) continue;
    const payload = Buffer.from(payloadOf(feed, fields, timeMs));
    payloads.push(payload);
    block.route.push(names.indexOf(feed.device));
    block.start.push(bytes);
    bytes += payload.length;
    block.end.push(bytes);
    block.arrivalMs.push(timeMs);
    block.line.push(1);
  }
  block.routes.push(...names.map(routeOf));
  return { ...block, buffer: Buffer.concat(payloads) };
}

/** Undefined for a reading without any value: the device sent nothing. */
function fieldsOf({ columns }: FeedColumns, index: number): Readonly<Record<string, unknown>> | undefined {
  const values = columns
    .map(({ name, valueAt }) => [name, valueAt(index)] as const)
    .filter(([, value]) => value !== null);
  return values.length === 0 ? undefined : Object.fromEntries(values);
}

/** When the last expectation can be judged: a window closes at the latest when its key is idle, a session after its gap. */
function lastMomentOf(test: RuleTest, { arrivalMs }: Block, { rules }: Plan): number {
  const expected = test.expect.map(({ atMs }) => test.startMs + atMs);
  return Math.max(...expected, arrivalMs.at(-1) ?? test.startMs) + settlingMs(rules);
}

/** How long after the last reading results may come: a rule that reads rules is through after those are. */
function settlingMs(rules: Plan['rules']): number {
  const gapMs = ({ window }: RulePlan): number => (window?.kind === 'session' ? window.gapMs : 0);
  const byName = new Map<string, number>();
  for (const rule of rules) {
    const before = rule.inputs.map(({ device }) => (device.rule ? byName.get(device.rule.name)! : 0));
    byName.set(rule.name, Math.max(...before) + rule.idleAfterMs + rule.latenessMs + gapMs(rule));
  }
  return Math.max(...byName.values());
}

/** A frame that no device wants lets time pass until it arrives. */
function addLastMoment(block: Block, atMs: number): void {
  block.route.push(block.routes.push({ source: 'end of the test', topic: '' }) - 1);
  block.start.push(0);
  block.end.push(0);
  block.arrivalMs.push(atMs);
  block.line.push(1);
}
