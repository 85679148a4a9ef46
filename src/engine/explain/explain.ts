/**
 * Why a rule did or did not fire: what it has heard, what it waits for, what its conditions say.
 *
 * Invariant: pure; looks at the state between two batches and changes nothing.
 * Not here: wording, and what only the gateway knows (sources, silences, acknowledgements).
 */

import { ruleNamed } from '../../config/from.ts';
import type { ExplainedInput, ExplainedRule, ExplainedShape, KeyLine } from '../../core/explained.ts';
import type { RulePlan, WindowPlan } from '../../rules/plan.ts';
import { type EngineState, timeOfDayAt } from '../engine.ts';
import { knownMs } from '../known-ms.ts';
import type { RunningRule } from '../running-rule.ts';
import { explainKey } from './explain-key.ts';
import { heardBefore, lastReadings } from './explain-reading.ts';

/** Keys in a table. */
export const shownKeys = 20;

export function ruleOf(state: EngineState, name: string): RunningRule | undefined {
  return state.rules.find(({ plan }) => plan.name === name);
}

/** The rule, and one of its keys or those of `keys` that were heard last; `nowMs` is an arrival that could be now. */
export function explainRule(
  state: EngineState,
  rule: RunningRule,
  keys: readonly number[],
  nowMs: number,
): ExplainedRule {
  const { plan } = rule;
  const { where } = plan.source.config;
  const { hours } = rule.parts();
  const dayMs = timeOfDayAt(state, nowMs);
  const isActive = hours?.isActive(dayMs) ?? true;
  return {
    ...{
      rule: plan.name,
      nowMs: dayMs,
      by: plan.by,
      latenessMs: plan.latenessMs,
      keyLimit: plan.seriesLimit,
    },
    inputs: plan.inputs.map(({ device }) => explainInput(state, device.profile.device)),
    ...(where !== undefined && { where }),
    ...(plan.window && { window: shapeOf(plan.window, plan) }),
    counts: rule.status(),
    ...(hours && { active: { isActive, ...(isActive ? {} : knownMs('nextMs', hours.next(dayMs))) } }),
    ...(keys.length === 1 && { key: explainKey(state, rule, keys[0]!, nowMs) }),
    ...(keys.length > 1 && { keys: listKeys(state, rule, keys) }),
  };
}

function shapeOf(window: WindowPlan, { source }: RulePlan): ExplainedShape {
  switch (window.kind) {
    case 'time':
      return { kind: 'time', lengthMs: window.lengthMs, everyMs: window.everyMs };
    case 'calendar': {
      const { cron, zone } = source.config.window as { cron: string; zone: string };
      return { kind: 'calendar', cron, zone };
    }
    case 'session':
      return { kind: 'session', gapMs: window.gapMs, ...knownMs('maxMs', window.maxMs) };
    case 'count':
      return { kind: 'count', size: window.size, every: window.every };
  }
}

function explainInput(state: EngineState, name: string): ExplainedInput {
  const read = ruleNamed(name);
  if (read !== undefined) {
    const inputs = ruleOf(state, read)?.plan.inputs ?? [];
    return { name, reads: inputs.map(({ device }) => explainInput(state, device.profile.device)) };
  }
  const decoder = state.devices.find(({ decoder: { plan } }) => plan.profile.device === name)!.decoder;
  const { readings, duplicates, reasons = {}, lastArrivalMs, ...counts } = decoder.status();
  const setAside = counts.setAside + counts.valuesSetAside;
  const { source } = decoder.plan.profile;
  return {
    ...{ name, readings, setAside, duplicates, reasons },
    ...knownMs('lastArrivalMs', lastArrivalMs),
    ...(source !== undefined && { source }),
  };
}

function listKeys(
  state: EngineState,
  rule: RunningRule,
  keys: readonly number[],
): NonNullable<ExplainedRule['keys']> {
  const readings = lastReadings(state, rule);
  const heardMs = (key: number): number =>
    Math.max(readings.get(key)?.arrivalMs ?? 0, heardBefore(rule, key));
  const shown = keys
    .map((key) => ({ key, heard: heardMs(key) }))
    .sort((a, b) => b.heard - a.heard)
    .slice(0, shownKeys);
  return {
    shown: shown.map(({ key, heard }) => lineOf(rule, key, heard > 0 ? timeOfDayAt(state, heard) : 0)),
    more: keys.length - shown.length,
  };
}

function lineOf(rule: RunningRule, key: number, heardMs: number): KeyLine {
  const { states, silence } = rule.parts();
  const alert = states?.of(key);
  const level = alert?.episode?.level ?? alert?.levels.findIndex(({ phase }) => phase === 'pending') ?? -1;
  const isSilent = silence?.alerts.of(key)?.episode !== undefined;
  const state = alert?.episode ? 'firing' : isSilent ? 'silent' : level >= 0 ? 'pending' : 'ok';
  const severity =
    isSilent && state === 'silent' ? rule.plan.silent!.severity : rule.plan.alerts[level]?.severity;
  return {
    ...{ key: rule.tagsOf(key), state },
    ...(severity !== undefined && { severity }),
    ...(heardMs > 0 && { lastArrivalMs: heardMs }),
  };
}
