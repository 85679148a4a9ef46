/**
 * Which rows must be looked at in step: what comes together in one rule shares a lane.
 *
 * Devices whose readings come to one rule, directly or by way of other rules, share a lane: only one of them may hold
 * rows that were not handed on, so a rule gets what it reads in the order it arrived.
 * Rules that others read find keys idle at whole ticks of arrival time, before any row of the lane that arrives then, so
 * what they give on does not depend on where batches are cut either.
 */

import { fromRule, ruleNamed } from '../config/from.ts';
import type { Plan, RulePlan } from '../rules/plan.ts';
import type { RunningRule } from './running-rule.ts';

export interface Lane<Device> {
  holder: Device | undefined;
  /** Rules of the lane that others read, each after those that it reads. */
  readonly read: readonly RunningRule[];
  /** Before a row that arrives then, time must pass for `read`; a lower bound, also with the rows that are held. */
  dueMs: number;
  /** The last tick until which it has passed. */
  passedMs: number;
}

const tickMs = 100;

/** By device of the plan; rules and devices are told apart by the names they have under `from`. */
export function lanesOf<Device>(plan: Plan, rules: readonly RunningRule[]): Map<string, Lane<Device>> {
  const rootOf = joined(plan.rules.flatMap(edgesOf));
  const isRead = new Set(plan.rules.flatMap(edgesOf).map(([from]) => from));
  const read = Map.groupBy(
    rules.filter((rule) => isRead.has(nodeOf(rule.plan))),
    (rule) => rootOf(nodeOf(rule.plan)),
  );
  const lanes = new Map<string, Lane<Device>>();
  return new Map(
    plan.devices.map(({ profile }) => {
      const root = rootOf(profile.device);
      const lane = lanes.get(root) ?? createLane(read.get(root) ?? []);
      lanes.set(root, lane);
      return [profile.device, lane];
    }),
  );
}

function createLane<Device>(read: readonly RunningRule[]): Lane<Device> {
  return { holder: undefined, read, dueMs: Number.POSITIVE_INFINITY, passedMs: Number.NEGATIVE_INFINITY };
}

/**
 * Of rules that read the same rows, those that must see each row before any of them sees the next one: what they make of
 * them comes together further down. The others may have the rows in chunks.
 */
export function inStepOf(plan: Plan): (readers: readonly RunningRule[]) => Set<RunningRule> {
  const ofRules = plan.rules.flatMap(edgesOf).filter(([from]) => ruleNamed(from) !== undefined);
  const rootOf = joined(ofRules);
  return (readers) => {
    const groups = Map.groupBy(readers, (rule) => rootOf(nodeOf(rule.plan)));
    return new Set([...groups.values()].filter((group) => group.length > 1).flat());
  };
}

/** A device begins to hold rows, the first of which arrives now. */
export function beginHolding<Device>(lane: Lane<Device>, device: Device, arrivalMs: number): void {
  lane.holder = device;
  for (const { plan } of lane.read) {
    lane.dueMs = Math.min(lane.dueMs, firstTickFrom(arrivalMs + plan.idleAfterMs));
  }
}

/** Lets time pass for the rules that are read, tick by tick as far as there is something to do. No rows may be held. */
export function passLane(lane: Lane<unknown>, untilMs: number): void {
  if (lane.read.length === 0) return;
  for (;;) {
    const quietMs = Math.min(...lane.read.map((rule) => rule.quietUntilMs()));
    lane.dueMs = Math.max(firstTickFrom(quietMs), lane.passedMs + tickMs);
    if (!(lane.dueMs <= untilMs)) return;
    for (const rule of lane.read) rule.pass(lane.dueMs);
    lane.passedMs = lane.dueMs;
  }
}

/** The end of a batch. */
export function endBatch(lane: Lane<unknown>, endMs: number): void {
  passLane(lane, endMs);
  const tick = Math.floor(endMs / tickMs) * tickMs;
  // Nothing is due: what rules give at the end of a batch, such as revised results, they give now.
  for (const rule of lane.read) rule.pass(tick);
  if (lane.read.length > 0) lane.passedMs = Math.max(lane.passedMs, tick);
}

/** Goes on from a saved state, in which time had passed until then. */
export function resumeLane(lane: Lane<unknown>, nowMs: number): void {
  if (lane.read.length === 0) return;
  lane.passedMs = Math.floor(nowMs / tickMs) * tickMs;
  lane.dueMs = Number.NEGATIVE_INFINITY;
}

function firstTickFrom(ms: number): number {
  return Math.ceil(ms / tickMs) * tickMs;
}

type Edge = readonly [from: string, to: string];

function nodeOf({ name }: RulePlan): string {
  return fromRule(name);
}

function edgesOf(rule: RulePlan): Edge[] {
  return rule.inputs.map(({ device }) => [device.profile.device, nodeOf(rule)]);
}

/** Union-find: gives one name for all that hang together. */
function joined(edges: readonly Edge[]): (node: string) => string {
  const above = new Map<string, string>();
  const rootOf = (node: string): string => {
    let root = node;
    for (let next = above.get(root); next !== undefined; next = above.get(root)) root = next;
    if (root !== node) above.set(node, root);
    return root;
  };
  for (const [a, b] of edges) {
    const [from, to] = [rootOf(a), rootOf(b)];
    if (from !== to) above.set(from, to);
  }
  return rootOf;
}
