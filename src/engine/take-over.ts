/**
 * What is no state but would be missed after a reload: the last rows of keys that go on as they were.
 *
 * Invariant: a row is taken over only under the layout it was made in, and to keys that mean the same.
 */

import type { RuleInput, RulePlan } from '../rules/plan.ts';
import { takeOverLast } from './explain/last-rows.ts';
import type { RunningDevice } from './running-devices.ts';
import type { RunningRule } from './running-rule.ts';

interface Running {
  readonly devices: readonly RunningDevice[];
  readonly rules: readonly RunningRule[];
}

export function takeOverLastRows(next: Running, before: Running): void {
  for (const { decoder } of next.devices) {
    const old = before.devices.find((one) => nameOf(one) === decoder.plan.profile.device)?.decoder;
    if (old !== undefined && isAlike(old.plan, decoder.plan))
      takeOverLast(decoder.last, old.last, decoder.rows.table);
  }
  for (const rule of next.rules) {
    const old = before.rules.find(({ plan }) => plan.name === rule.plan.name);
    if (old === undefined || old.plan.stateHash !== rule.plan.stateHash) continue;
    if (rule.plan.window === undefined) takeOverReadings(rule, old, next.devices);
    else if (columnsOf(rule.plan) === columnsOf(old.plan)) {
      const [last] = old.parts().last ?? [];
      const [own] = rule.parts().last ?? [];
      if (last !== undefined && own !== undefined) takeOverLast(own, last, rule.table);
    }
  }
}

/** Readings have the series of their devices; those of rules are left, for their series may be others now. */
function takeOverReadings(rule: RunningRule, old: RunningRule, devices: readonly RunningDevice[]): void {
  const [own, last] = [rule.parts().last ?? [], old.parts().last ?? []];
  for (const [i, input] of rule.plan.inputs.entries()) {
    const device = devices.find((one) => nameOf(one) === input.device.profile.device);
    const before = old.plan.inputs.findIndex(
      (one) => one.device.profile.device === input.device.profile.device,
    );
    if (device === undefined || !own[i] || !last[before]) continue;
    if (readingColumnsOf(rule.plan, input) !== readingColumnsOf(old.plan, old.plan.inputs[before]!)) continue;
    takeOverLast(own[i], last[before], device.decoder.rows.table);
  }
}

function readingColumnsOf({ readingMemory = [] }: RulePlan, { device, lets }: RuleInput): string {
  const names = lets.map(({ name, compiled: { type } }) => [name, type]);
  return JSON.stringify([device.fields, device.tags, names, readingMemory.map(({ identity }) => identity)]);
}

function nameOf({ decoder }: RunningDevice): string {
  return decoder.plan.profile.device;
}

type Layout = RunningDevice['decoder']['plan'];

function isAlike(a: Layout, b: Layout): boolean {
  return JSON.stringify([a.fields, a.tags]) === JSON.stringify([b.fields, b.tags]);
}

function columnsOf({ computes, aggregates, resultMemory }: RulePlan): string {
  const names = computes.map(({ name, compiled: { type } }) => [name, type]);
  return JSON.stringify([names, aggregates.length, resultMemory?.memories.map(({ identity }) => identity)]);
}
