/**
 * One rule → its plan.
 *
 * Flow: devices and key → lookup tables → each device's lets and `where` → aggregates → computed names → alerts.
 * Invariant: goes on after a mistake as far as it can, so that all of a rule's mistakes come at once.
 */

import type { LocatedRule } from '../config/located.ts';
import type { RuleConfig } from '../config/schema.ts';
import { closest } from '../core/suggest.ts';
import { compileAlerts, compileSilence } from './compile-alerts.ts';
import { type Computed, compileComputes, nothingComputed } from './compile-computes.ts';
import { compileReadings, type Readings } from './compile-readings.ts';
import { compileActive } from './compile-schedule.ts';
import { compileWindow } from './compile-window.ts';
import { examineRule } from './examine/examine.ts';
import type { NamedFacts } from './examine/known-values.ts';
import { leftRemedy, titleOf } from './layout.ts';
import { lookupsOf, type Tables } from './lookup-files.ts';
import { checkSameMemory, memoryPlansOf, readingMemoryOf, resultMemoryOf } from './memory/memory-plan.ts';
import { checkLookupNames } from './memory/memory-worlds.ts';
import { mergingOf } from './merges.ts';
import type { DevicePlan, RuleInput, RulePlan } from './plan.ts';
import type { Report } from './problem.ts';
import type { RuleContext } from './rule-context.ts';
import { stateHashOf } from './state-hash.ts';

export interface RuleSurroundings {
  readonly report: Report;
  /** Of devices and of the rules that others read, by their names under `from`. */
  readonly layouts: ReadonlyMap<string, DevicePlan>;
  /** Other rules read its results. */
  readonly isRead: boolean;
  /** What is known of the results of rules that others read: each adds its own. */
  readonly results: Map<string, NamedFacts>;
  readonly tables: Tables;
  readonly seriesLimit: number;
  readonly rulesFolder: string;
}

/** Compiles one rule; undefined when it is wrong, which the report then has, or a device of it is not there. */
export function compileRule(located: LocatedRule, surroundings: RuleSurroundings): RulePlan | undefined {
  const { rule } = located;
  const { report, layouts, isRead } = surroundings;
  const devices = rule.from.map((name) => layouts.get(name)).filter((device) => device !== undefined);
  if (devices.length < rule.from.length || devices.length === 0) return undefined;
  const by = rule.by ?? commonTags(devices);
  checkKey(by, devices, report);
  const context: RuleContext = {
    rule,
    report,
    devices,
    by,
    lookups: lookupsOf(located, devices, surroundings),
  };

  const readings = compileReadings(context);
  const computed = rule.window ? compileComputes(context, readings) : nothingComputed;
  if (!rule.window && (rule.forward !== false || isRead)) checkPointTypes(context, readings);
  checkWatermark(context);
  const window = compileWindow(context);
  const alerts = compileAlerts(context, readings, computed);
  const silent = compileSilence(context);
  const active = compileActive(context);
  const calls = readings.map(({ memory }) => memory);
  checkSameMemory(context, calls);
  checkLookupNames(context);
  if (rule.forward === false && alerts.length === 0 && !silent && !isRead) {
    report.value(
      ['name'],
      `rule ${rule.name} neither forwards nor alerts`,
      'remove `forward: false`, or add `alert`',
      'warning',
    );
  }
  if (report.problems.some(({ severity }) => severity === 'error')) return undefined;
  const known = examineRule(context, isRead, surroundings.results);
  if (isRead) surroundings.results.set(rule.name, known);

  return {
    name: rule.name,
    stateHash: stateHashOf(context, computed),
    source: { config: rule, lookups: context.lookups },
    inputs: devices.map((device, i) => inputOf(device, by, readings[i]!, computed, i)),
    by,
    latenessMs: Math.max(...devices.map(({ profile }) => profile.latenessMs)),
    idleAfterMs: Math.max(...devices.map(({ profile }) => profile.idleAfterMs)),
    seriesLimit: surroundings.seriesLimit,
    ...(window && { window }),
    aggregates: computed.aggregates,
    computes: computed.computes,
    ...(calls[0]!.found.length > 0 && { readingMemory: memoryPlansOf(calls[0]!) }),
    ...(computed.memory &&
      computed.memory.found.length > 0 && { resultMemory: resultMemoryOf(computed.memory) }),
    alerts,
    ...(silent && { silent }),
    ...(active && { active }),
    forward:
      rule.forward === false
        ? undefined
        : { measurement: rule.name, onChange: onChangeOf(rule), ...mergingOf(window, computed) },
  };
}

function onChangeOf({ forward }: RuleConfig): number | undefined {
  return typeof forward === 'object' ? forward.onChange : undefined;
}

function inputOf(
  device: DevicePlan,
  by: readonly string[],
  { lets, where, memory: calls }: Readings,
  computed: Computed,
  index: number,
): RuleInput {
  const memory = calls.found.length > 0 ? readingMemoryOf(calls, where, device.fields.length) : undefined;
  return {
    device,
    keyTags: by.map((name) => device.tags.indexOf(name)),
    ...(where && !memory?.where && { where: where.kernel }),
    lets,
    ...(memory && { memory }),
    arguments: computed.arguments[index] ?? [],
  };
}

function commonTags(devices: readonly DevicePlan[]): string[] {
  return devices[0]!.tags.filter((name) => devices.every(({ tags }) => tags.includes(name)));
}

function checkKey(by: readonly string[], devices: readonly DevicePlan[], report: Report): void {
  for (const [i, name] of by.entries()) {
    for (const device of devices) {
      if (device.tags.includes(name)) continue;
      const message = `\`${name}\` is not a tag of ${titleOf(device)}`;
      report.value(['by', i], message, keyRemedy(name, device));
    }
  }
}

function keyRemedy(name: string, device: DevicePlan): string {
  const { fields, tags, rule } = device;
  const near = closest(name, tags);
  if (fields.some((field) => field.name === name)) {
    return rule
      ? `it is a value: a key is made of tags, of those in \`by\` of rule ${rule.name}`
      : 'it is a field: a key is made of tags; make it one in the device profile';
  }
  const left = leftRemedy(device, name);
  if (left) return left;
  if (near) return `did you mean \`${near}\`?`;
  return rule
    ? `its tags are its key: ${tags.join(', ') || 'none'}`
    : `its tags: ${tags.join(', ') || 'none'}${topicHint(name, device)}`;
}

/** Levels that a topic passes over may be what is missing. */
function topicHint(name: string, { profile: { topic } }: DevicePlan): string {
  const isOpen = topic !== undefined && /(^|\/)[+](\/|$)/.test(topic);
  return isOpen ? `; write {${name}} in its topic in place of the + that stands for it` : '';
}

/** What one key of a rule is through with says nothing of the others. */
function checkWatermark({ rule, devices, report }: RuleContext): void {
  const read = devices.find((device) => device.rule);
  if (!read || rule.window?.watermark !== 'global') return;
  const message = `\`watermark: global\` is for rules that read devices only; this one reads ${titleOf(read)}`;
  report.value(['window', 'watermark'], message, 'remove it: windows wait for the results they are made of');
}

/** The points of all devices are one measurement: a name has one type there, or the database refuses the second. */
function checkPointTypes({ devices, report }: RuleContext, readings: readonly Readings[]): void {
  const types = new Map<string, { type: string; device: string }>();
  for (const [i, { fields, profile }] of devices.entries()) {
    for (const { name, type } of [...fields, ...readings[i]!.names]) {
      const first = types.get(name);
      if (type === undefined) continue;
      if (!first) types.set(name, { type, device: profile.device });
      else if (first.type !== type) {
        const message = `\`${name}\` is a ${first.type} in ${first.device}, a ${type} in ${profile.device}: one measurement has one type for it`;
        report.value(['from'], message, 'split the rule, or give one of the fields another name');
      }
    }
  }
}
