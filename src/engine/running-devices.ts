/**
 * The devices of a plan at work: their rows, and the rules that get them.
 *
 * Invariant: of the devices of a lane at most one holds rows that were not handed on.
 * Not here: how frames become rows (decode.ts), and what rules make of them.
 */

import type { DevicePlan, Plan, RulePlan, WindowPlan } from '../rules/plan.ts';
import { createDecoder, type DeviceDecoder } from './decode.ts';
import { inStepOf, type Lane, lanesOf } from './lanes.ts';
import { type Output, setAside } from './output.ts';
import { createReaders, type Readers } from './readers.ts';
import type { RunningRule } from './running-rule.ts';
import type { NamedSlot } from './verdict.ts';

export interface RunningDevice {
  readonly decoder: DeviceDecoder;
  readonly output: Output;
  readonly lane: Lane<RunningDevice>;
  readonly readers: readonly DeviceReader[];
  /** Those of its rules that must see its rows in step; they are not among `readers`. */
  readonly inStep: Readers | undefined;
  readonly slots: readonly NamedSlot[];
}

interface DeviceReader {
  readonly rule: RunningRule;
  /** Place of the device in `RulePlan.inputs`. */
  readonly input: number;
}

/** In the order of the plan; `rules` too. */
export function createDevices(plan: Plan, rules: readonly RunningRule[], output: Output): RunningDevice[] {
  const lanes = lanesOf<RunningDevice>(plan, rules);
  const inStep = inStepOf(plan);
  const longestMs = longestWindows(plan);
  return plan.devices.map((device) => {
    const readers = readersOf(device, rules);
    const together = inStep(readers.map(({ rule }) => rule));
    return createDevice(device, {
      output,
      lane: lanes.get(device.profile.device)!,
      readers: readers.filter(({ rule }) => !together.has(rule)),
      inStep: readers.filter(({ rule }) => together.has(rule)),
      // A rule over several devices waits as long as the latest of them may be.
      openMs: Math.max(
        device.profile.latenessMs,
        ...readers.map(({ rule }) => rule.plan.latenessMs + longestMs.get(rule.plan.name)!),
      ),
    });
  });
}

function readersOf({ profile }: DevicePlan, rules: readonly RunningRule[]): DeviceReader[] {
  return rules.flatMap((rule) => {
    const input = rule.plan.inputs.findIndex(({ device }) => device.profile.device === profile.device);
    return input < 0 ? [] : [{ rule, input }];
  });
}

interface DeviceSettings {
  readonly output: Output;
  readonly lane: Lane<RunningDevice>;
  readonly readers: readonly DeviceReader[];
  readonly inStep: readonly DeviceReader[];
  /** How far behind the device's latest reading a window may be open. */
  readonly openMs: number;
}

function createDevice(plan: DevicePlan, settings: DeviceSettings): RunningDevice {
  const { output, lane, readers, inStep, openMs } = settings;
  const limits = [...readers, ...inStep].map(({ rule }) => rule.plan.seriesLimit);
  const decoder = createDecoder(plan, {
    seriesLimit: 10 * Math.max(10_000, ...limits),
    duplicatesMs: openMs,
    clock: output.clock,
    setAside: (reason, entry) => setAside(output, reason, entry),
    full: () => {
      handOn(device);
      lane.holder = device;
    },
  });
  const device: RunningDevice = {
    ...{ decoder, output, lane, readers },
    inStep: inStep.length > 0 ? readersInStep(plan, decoder, inStep) : undefined,
    slots: plan.fields.map(({ name, type }, slot) => ({ name, type, slot })),
  };
  return device;
}

function readersInStep(plan: DevicePlan, { rows }: DeviceDecoder, all: readonly DeviceReader[]): Readers {
  const readers = createReaders(plan, rows.table);
  for (const { rule, input } of all) {
    readers.add({ takesEndsBefore: false, run: (row) => rule.run(input, row), closed: () => {} });
  }
  return readers;
}

/** Gives a device's rows to the rules that read it. */
export function handOn(device: RunningDevice): void {
  const { decoder, inStep, slots } = device;
  const { rows } = decoder;
  if (rows.n > 0) {
    device.output.watch?.(decoder.plan, rows, device.output.clock.offsetMs);
    for (const { rule, input } of device.readers) rule.run(input, rows);
    inStep?.give(rows, { keys: rows.series, slots, areEnds: false });
  }
  rows.n = 0;
  device.lane.holder = undefined;
}

/** By the name of a rule, how far back a reading that comes a second time could be counted twice. */
function longestWindows({ rules }: Plan): Map<string, number> {
  const longest = new Map<string, number>();
  /** Of those that read a rule. */
  const below = new Map<string, number>();
  for (const rule of rules.toReversed()) {
    const ms = rule.window ? lengthOf(rule.window) : (below.get(rule.name) ?? 0);
    longest.set(rule.name, ms);
    for (const name of rulesReadBy(rule)) below.set(name, Math.max(ms, below.get(name) ?? 0));
  }
  return longest;
}

function rulesReadBy({ inputs }: RulePlan): string[] {
  return inputs.flatMap(({ device }) => device.rule?.name ?? []);
}

function lengthOf(window: WindowPlan): number {
  if (window.kind === 'time') return window.lengthMs + (window.keepMs ?? 0);
  if (window.kind === 'calendar') return window.schedule.longestMs() + (window.keepMs ?? 0);
  return window.kind === 'session' ? window.gapMs : 0;
}
