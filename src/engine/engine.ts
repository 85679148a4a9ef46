/**
 * The engine: batches in; points, alerts and what was set aside out.
 *
 * Invariant: `step` is pure: no timer, no clock, no I/O. What it gives follows from the plan, the state and the batch
 * alone, and does not depend on where batches are cut. The state is handed over: hold on to the one returned.
 * Not here: where frames come from and where points go.
 */

import type { Batch, ClockReading, FrameSpan, Route } from '../core/frame.ts';
import type { DeviceLine, Fates, FiringAlert, RuleCounts, RuleLine } from '../core/status.ts';
import { type Alert, type Point, type SetAside, severities } from '../core/types.ts';
import type { Plan } from '../rules/plan.ts';
import type { SavedDevice } from './decode.ts';
import { beginHolding, endBatch, type Lane, passLane, resumeLane } from './lanes.ts';
import { createOutput, type Output, takeSetAside } from './output.ts';
import { createRule } from './run-rule.ts';
import { createDevices, handOn, type RunningDevice } from './running-devices.ts';
import type { RunningRule, SavedRule } from './running-rule.ts';
import { takeOverLastRows } from './take-over.ts';
import type { TimeOfDay } from './time-of-day.ts';
import { createUnroutedTopics, type UnroutedTopics } from './unrouted.ts';
import type { HeldReadings } from './windows/windows.ts';

export interface EngineState {
  readonly plan: Plan;
  readonly devices: readonly RunningDevice[];
  /** Each after those that it reads. */
  readonly rules: readonly RunningRule[];
  readonly lanes: readonly Lane<RunningDevice>[];
  /** Rules that no other reads. */
  readonly unread: readonly RunningRule[];
  readonly output: Output;
  readonly routes: RouteTable;
  /** Topics that no device wants. */
  readonly unrouted: UnroutedTopics;
  readonly counts: { frames: number; unrouted: number; points: number; noted: number };
  /** Since when the gateway has been listening without a gap: silence before it is nobody's. */
  listeningSinceMs: number;
  nowMs: number;
}

export interface StepResult {
  readonly state: EngineState;
  readonly points: readonly Point[];
  readonly alerts: readonly Alert[];
  readonly setAside: readonly SetAside[];
}

export interface SavedState {
  readonly nowMs: number;
  readonly listeningSinceMs: number;
  readonly counts: EngineState['counts'];
  readonly clock: TimeOfDay;
  readonly devices: Readonly<Record<string, SavedDevice>>;
  readonly rules: Readonly<Record<string, SavedRuleOfHash>>;
}

interface SavedRuleOfHash {
  readonly stateHash: string;
  readonly counts: RuleCounts;
  /** What becomes of these when the rule begins anew is counted. */
  readonly held: HeldReadings;
  readonly state: SavedRule;
}

/** Which devices want a source's topic; for each its topic's tags. */
type Recipients = readonly { readonly device: RunningDevice; readonly topicTags: readonly string[] }[];
type RouteTable = Map<string, Map<string, Recipients>>;

/** Topics remembered of one source; a flood of new ones must not fill the memory. */
const rememberedTopics = 100_000;
/** In characters. Longer ones, up to 64 KB in MQTT, are looked up each time. */
const longestRemembered = 512;

export function createState(plan: Plan): EngineState {
  const output = createOutput();
  const byName = new Map<string, RunningRule>();
  for (const rule of plan.rules) byName.set(rule.name, createRule(rule, plan.gateway, output, byName));
  const rules = [...byName.values()];
  const devices = createDevices(plan, rules, output);
  const lanes = [...new Set(devices.map(({ lane }) => lane))];
  const read = new Set(lanes.flatMap((lane) => lane.read));
  return {
    plan,
    devices,
    rules,
    lanes,
    unread: rules.filter((rule) => !read.has(rule)),
    output,
    routes: new Map(),
    unrouted: createUnroutedTopics(),
    counts: { frames: 0, unrouted: 0, points: 0, noted: 0 },
    listeningSinceMs: Number.NEGATIVE_INFINITY,
    nowMs: Number.NEGATIVE_INFINITY,
  };
}

function recipientsOf(state: EngineState, route: Route): Recipients {
  let topics = state.routes.get(route.source);
  if (topics === undefined || topics.size > rememberedTopics) {
    topics = new Map();
    state.routes.set(route.source, topics);
  }
  let recipients = topics.get(route.topic);
  if (recipients === undefined) {
    recipients = state.devices.flatMap((device) => {
      const topicTags = device.decoder.match(route);
      return topicTags === undefined ? [] : [{ device, topicTags }];
    });
    if (route.topic.length <= longestRemembered) topics.set(route.topic, recipients);
  }
  return recipients;
}

/** Processes one batch. Consumes `state`. */
export function step(state: EngineState, batch: Batch): StepResult {
  for (const span of batch.spans) takeSpan(state, span);
  return endStep(state, batch.endMs);
}

/**
 * The same as `step`, and the same results, with a rest between two spans wherever `rest` gives something to wait for.
 * Meanwhile every reading taken is with the rules that want it, so what the state tells of itself adds up.
 */
export async function stepInTurns(
  state: EngineState,
  batch: Batch,
  rest: () => Promise<void> | undefined,
): Promise<StepResult> {
  for (const span of batch.spans) {
    takeSpan(state, span);
    const resting = rest();
    if (resting === undefined) continue;
    for (const device of state.devices) handOn(device);
    await resting;
  }
  return endStep(state, batch.endMs);
}

function takeSpan(state: EngineState, span: FrameSpan): void {
  if (span.clock !== undefined) takeClock(state, span.clock);
  const { clock } = state.output;
  const recipients: Recipients[] = [];
  span.visit((r, buffer, start, end, arrivalMs) => {
    recipients[r] ??= recipientsOf(state, span.routes[r]!);
    state.counts.frames += 1;
    if (recipients[r].length === 0) {
      state.counts.unrouted += 1;
      state.unrouted.note(span.routes[r]!, arrivalMs + clock.offsetMs);
    }
    for (const { device, topicTags } of recipients[r]) {
      const { lane } = device;
      if (lane.holder !== device || arrivalMs >= lane.dueMs) {
        if (lane.holder !== undefined) handOn(lane.holder);
        if (arrivalMs >= lane.dueMs) passLane(lane, arrivalMs);
        beginHolding(lane, device, arrivalMs);
      }
      device.decoder.decode(topicTags, span.routes[r]!, buffer, start, end, arrivalMs);
    }
  });
}

function endStep(state: EngineState, endMs: number): StepResult {
  passUntil(state, endMs);
  state.nowMs = endMs;
  return takeOutput(state);
}

function passUntil(state: EngineState, ms: number): void {
  for (const device of state.devices) handOn(device);
  for (const lane of state.lanes) endBatch(lane, ms);
  for (const rule of state.unread) rule.pass(ms);
}

/** The clock shows another time of day from here on. What came before has been judged by the one before. */
function takeClock(state: EngineState, { sinceMs, offsetMs, isSure }: ClockReading): void {
  const { clock } = state.output;
  const byMs = offsetMs - clock.offsetMs;
  if (byMs !== 0) {
    passUntil(state, sinceMs);
    const clockStep = { byMs, toMs: sinceMs + offsetMs, arrivalMs: sinceMs };
    for (const rule of state.rules) rule.leaveFuture(clockStep);
    clock.offsetMs = offsetMs;
    for (const rule of state.rules) rule.clockStepped(clockStep);
  } else if (isSure !== clock.isSure) {
    for (const device of state.devices) handOn(device);
  }
  clock.isSure = isSure;
}

/** The time of day at an arrival, by the clock as it is now. */
export function timeOfDayAt({ output }: EngineState, arrivalMs: number): number {
  return arrivalMs + output.clock.offsetMs;
}

/** Closes every window, as at the end of recorded input. Consumes `state`. */
export function finish(state: EngineState): StepResult {
  for (const rule of state.rules) rule.closeAll(state.nowMs);
  return takeOutput(state);
}

function takeOutput(state: EngineState): StepResult {
  const { points, alerts } = state.output;
  state.counts.points += points.length;
  state.counts.noted += state.output.setAsideCount;
  return { state, points: points.splice(0), alerts: alerts.splice(0), setAside: takeSetAside(state.output) };
}

/** The gateway begins to listen: nobody was silent or idle before `ms`. */
export function listenSince(state: EngineState, ms: number): EngineState {
  state.listeningSinceMs = ms;
  for (const rule of state.rules) rule.listenSince(ms);
  return state;
}

/**
 * Shows every chunk of a device's readings from now on, before the rules see them; undefined ends it. The rows are valid
 * until the call returns. Watching changes nothing.
 */
export function watchReadings(state: EngineState, watch: Output['watch']): void {
  state.output.watch = watch;
}

/** Until this arrival time an empty batch changes nothing. */
export function quietUntilMs(state: EngineState): number {
  let until = Number.POSITIVE_INFINITY;
  for (const { dueMs } of state.lanes) until = Math.min(until, dueMs);
  for (const rule of state.unread) until = Math.min(until, rule.quietUntilMs());
  return until;
}

/** Everything that must outlive the process, as plain data that shares nothing with the running state once copied. */
export function save(state: EngineState): SavedState {
  return {
    nowMs: state.nowMs,
    listeningSinceMs: state.listeningSinceMs,
    counts: { ...state.counts },
    clock: { ...state.output.clock },
    devices: Object.fromEntries(
      state.devices.map(({ decoder }) => [decoder.plan.profile.device, decoder.save()]),
    ),
    rules: Object.fromEntries(state.rules.map((rule) => [rule.plan.name, saveRule(rule)])),
  };
}

function saveRule(rule: RunningRule): SavedRuleOfHash {
  return {
    stateHash: rule.plan.stateHash,
    counts: rule.counts(),
    held: rule.held(),
    state: rule.save(),
  };
}

/** Counting goes on also where the state begins anew: what its windows held is then forgotten, but for what was given. */
function loadRule(
  rule: RunningRule,
  { stateHash, counts, held, state }: SavedRuleOfHash,
): 'loaded' | 'reset' {
  if (stateHash === rule.plan.stateHash) {
    rule.countOn(counts);
    rule.load(state);
    return 'loaded';
  }
  const inResults = counts.inResults + held.closed;
  rule.countOn({ ...counts, inResults, forgotten: counts.forgotten + held.open });
  return 'reset';
}

/** A device or rule may be named as what every object has: constructor. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/**
 * Takes up a saved state under a plan that may have changed since. Gives the names of the rules whose state was reset
 * because what shapes it (devices, key, window, aggregates) was edited.
 */
export function load(state: EngineState, saved: SavedState): { state: EngineState; reset: string[] } {
  const reset: string[] = [];
  Object.assign(state.output.clock, saved.clock);
  for (const { decoder } of state.devices) {
    const device = own(saved.devices, decoder.plan.profile.device);
    if (device !== undefined) decoder.load(device);
  }
  for (const rule of state.rules) {
    const held = own(saved.rules, rule.plan.name);
    if (held !== undefined && loadRule(rule, held) === 'reset') reset.push(rule.plan.name);
  }
  Object.assign(state.counts, saved.counts);
  for (const lane of state.lanes) resumeLane(lane, saved.nowMs);
  state.nowMs = saved.nowMs;
  return { state: listenSince(state, saved.listeningSinceMs), reset };
}

/**
 * The same state under another plan, between two batches. Rules that were not edited in what shapes their state go on
 * as they were; gives the names of those that begin anew. Consumes `state`.
 */
export function replan(state: EngineState, plan: Plan): { state: EngineState; reset: string[] } {
  const { state: next, reset } = load(createState(plan), save(state));
  for (const { decoder } of next.devices) {
    const before = state.devices.find(
      (other) => other.decoder.plan.profile.device === decoder.plan.profile.device,
    );
    decoder.heard(before?.decoder.status().lastArrivalMs);
  }
  takeOverLastRows(next, state);
  next.unrouted.takeOver(state.unrouted, (route) => recipientsOf(next, route).length > 0);
  watchReadings(next, state.output.watch);
  return { state: next, reset };
}

export interface EngineStatus {
  readonly fates: Fates;
  readonly devices: readonly DeviceLine[];
  readonly rules: readonly RuleLine[];
  readonly alerts: readonly FiringAlert[];
}

export function statusOf(state: EngineState): EngineStatus {
  const devices = state.devices.map(({ decoder }) => decoder.status());
  const sum = (pick: (device: DeviceLine) => number): number =>
    devices.reduce((total, d) => total + pick(d), 0);
  return {
    fates: {
      ...state.counts,
      received: sum((device) => device.received),
      readings: sum((device) => device.readings),
      setAside: sum((device) => device.setAside),
      duplicates: sum((device) => device.duplicates),
      valuesSetAside: sum((device) => device.valuesSetAside),
    },
    devices,
    rules: state.rules.map((rule) => rule.status()),
    alerts: state.rules.flatMap(firingOf).sort(bySeverity),
  };
}

function firingOf(rule: RunningRule): FiringAlert[] {
  return rule.alertStates.flatMap((states) =>
    [...states.firing()].map(({ key, ...alert }) => ({
      rule: rule.plan.name,
      key: rule.tagsOf(key),
      ...alert,
    })),
  );
}

function bySeverity(a: FiringAlert, b: FiringAlert): number {
  return severities.indexOf(b.severity) - severities.indexOf(a.severity) || a.firedAtMs - b.firedAtMs;
}
