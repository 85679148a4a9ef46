/**
 * One rule at work: rows of its devices in, points and alerts out.
 *
 * Flow: lets → where → key of each row → window (panes, aggregates, closed windows as result rows) or the reading
 * itself → alerts and points → the rules that read it.
 * Invariant: everything kept between calls is in `save()`.
 * What a rule is made of has methods and no getters: V8 keeps each object that was made with a getter as a hash table
 * of its own, and there may be thousands of rules.
 */

import type { Alert } from '../core/types.ts';
import type { Rows } from '../expression/rows.ts';
import { lagMsOf } from '../rules/layout.ts';
import type { RulePlan, WindowPlan } from '../rules/plan.ts';
import { aggregates as registry } from './aggregates/index.ts';
import { createJudgingHours } from './alerts/active.ts';
import { createSilence } from './alerts/silence.ts';
import { keepLast, lastRowsOf } from './explain/last-rows.ts';
import { createForwarding } from './forwarding.ts';
import { createLateReadings } from './late-readings.ts';
import { createReadingMemory } from './memory/reading-memory.ts';
import { createResultMemory } from './memory/result-memory.ts';
import type { Output } from './output.ts';
import { createProgress, linksTo } from './progress.ts';
import { createReaders, type Readers } from './readers.ts';
import { createResults, type ResultRoom } from './results.ts';
import { createInput, type RunningInput } from './rule-input.ts';
import type { RunningRule } from './running-rule.ts';
import { createSeriesIndex, tagsOf } from './series.ts';
import { tallyOf } from './tally.ts';
import { timingOf } from './time-of-day.ts';
import { createJudge } from './verdict.ts';
import { createWindows } from './windows/window-kinds.ts';
import type { HeldReadings, Windows } from './windows/windows.ts';

/** `rules` are those made before, by name: those that this one reads are among them. */
export function createRule(
  plan: RulePlan,
  gateway: string,
  output: Output,
  rules: ReadonlyMap<string, RunningRule> = new Map(),
): RunningRule {
  const keys = createSeriesIndex(plan.by.length, plan.seriesLimit);
  const counts = {
    ...{ readings: 0, filtered: 0, late: 0, overLimit: 0, inResults: 0, forgotten: 0 },
    ...{ windowsClosed: 0, revised: 0, points: 0, unchanged: 0, withoutValue: 0, fired: 0, cleared: 0 },
  };
  const tagsOfKey = (key: number): Tags => tagsOf(keys, plan.by, key);
  const tagsOfPoint = remembered((key) => ({ gateway, ...tagsOfKey(key) }));

  const give = (alert: Alert): void => {
    output.alerts.push(alert);
    if (alert.state === 'ok') counts.cleared += 1;
    else if (isFirst(alert)) counts.fired += 1;
  };
  const common = {
    rule: plan.name,
    tagsOf: tagsOfKey,
    give,
    hours: plan.active && createJudgingHours(plan.active),
    clock: output.clock,
  };
  const timing = timingOf(plan, rules);
  /** From times to arrivals: what is learnt over time must not take a step of the clock for time. */
  const lagMs = (): number => (timing.followsClock ? output.clock.offsetMs : 0);
  const inputs = plan.inputs.map((input) => createInput(input));
  const judge = createJudge({
    ...common,
    alerts: plan.alerts,
    firesByTime: plan.window === undefined,
  });
  const silence = plan.silent && createSilence(plan.silent, common);
  const forwarding = plan.forward && createForwarding(plan.forward, tagsOfPoint, output, counts);
  const readingMemory = createReadingMemory(plan, lagMs);
  const resultMemory = createResultMemory(plan.resultMemory, lagMs);
  const results = createResults(plan, keys, resultMemory);
  const upstreams = plan.inputs.map(({ device }) => device.rule && rules.get(device.rule.name)!);
  const latenessMs = plan.inputs.map(({ device }) => plan.latenessMs - lagMsOf(device));
  const progress = upstreams.some(Boolean)
    ? createProgress(linksTo(upstreams, plan, latenessMs, keys))
    : undefined;
  let readers: Readers | undefined;
  const aggregates = plan.aggregates.map((aggregate) => registry[aggregate.fn]!(aggregate));
  const windows = plan.window && createRuleWindows(plan.window);
  const held = (): HeldReadings => windows?.held() ?? nothingHeld;
  const late = createLateReadings(plan.name, tagsOfKey, output);
  const last = plan.alerts.length > 0 ? lastRowsOf(plan) : undefined;

  function createRuleWindows(window: WindowPlan): Windows {
    const tally = tallyOf(plan, aggregates);
    return createWindows({
      window,
      // Each input holds one watermark for all back by its own.
      latenessMs:
        window.watermark === 'global'
          ? plan.inputs.map(({ device }) => device.profile.latenessMs)
          : latenessMs,
      idleDelayMs: plan.latenessMs,
      idleAfterMs: plan.idleAfterMs,
      aggregates: tally.all,
      readingsIn: tally.readingsIn,
      left(readings) {
        counts.inResults += readings;
      },
      clock: output.clock,
      give(result) {
        if (result.stage === 'final') counts.windowsClosed += 1;
        else if (result.stage === 'revised') counts.revised += 1;
        // Readers go on by what this rule is through with: they need each result before the next window closes.
        if (results.add(result, aggregates) || readers !== undefined) takeResults();
      },
      hold: progress,
      closed: (key, arrivalMs) => readers?.closed(key, arrivalMs),
      late(rows, i, key, watermarkMs) {
        counts.late += 1;
        late.setAside(rows, i, key, watermarkMs);
      },
    });
  }

  /** Closed windows become alerts and points. */
  function takeResults(): void {
    results.take(useResults);
  }

  function useResults(rows: Rows, { keys: rowKeys, stages, sinceMs, atMs, weights }: ResultRoom): void {
    const { slots, areEnds } = results;
    for (let row = 0; last !== undefined && row < rows.n; row++) {
      // Revised results are not judged.
      if (!Number.isNaN(atMs[row]!)) keepLast(last[0]!, rowKeys[row]!, rows, row, stages[row] === 'early');
    }
    judge?.judge(rows, rowKeys, 0, slots, { sinceMs, atMs, areEnds, stages });
    forwarding?.forward(rows, rowKeys, slots, weights);
    readers?.give(rows, { keys: rowKeys, slots, stages, areEnds });
  }

  function keepReadings(rows: Rows, rowKeys: Int32Array, input: number): void {
    for (let row = 0; row < rows.n; row++) {
      if (rowKeys[row]! >= 0) keepLast(last![input]!, rowKeys[row]!, rows, row);
    }
  }

  /** A key of a rule that is read has closed windows: those of its key here may close now. */
  function follow(index: number, upstreamKey: number, arrivalMs: number): void {
    const key = progress!.follow(index, upstreamKey);
    if (key < 0) return;
    windows?.advance(key, progress!.reachedMs(key), arrivalMs);
    takeResults();
    readers?.closed(key, arrivalMs);
  }

  /** Gives each row its key; filtered rows and rows of keys beyond the limit get a negative one. */
  function assignKeys(input: RunningInput, rows: Rows): void {
    const passes = input.plan.where?.(rows);
    const rowKeys = input.keys();
    for (let i = 0; i < rows.n; i++) {
      const key = input.keyOf(rows.series[i]!, rows, keys.idOf);
      rowKeys[i] = key;
      if (key < 0) {
        counts.overLimit += 1;
        continue;
      }
      silence?.heard(key, rows.arrivalMs[i]!);
      if (passes === undefined || passes[i] === 1) continue;
      counts.filtered += 1;
      rowKeys[i] = -1;
    }
  }

  const rule: RunningRule = {
    plan,
    tagsOf: tagsOfKey,
    alertStates: [judge?.states, silence?.alerts].filter((states) => states !== undefined),
    table: keys,
    keyCount() {
      progress?.meetKeys();
      return keys.size;
    },
    run(index, device, areEnds = false) {
      const input = inputs[index]!;
      const rows = input.view(device);
      counts.readings += rows.n;
      assignKeys(input, rows);
      if (readingMemory) counts.filtered += readingMemory.run(index, rows, input.keys());
      if (windows === undefined) {
        counts.inResults += countOf(input.keys(), rows.n);
        if (last !== undefined) keepReadings(rows, input.keys(), index);
        judge?.judge(rows, input.keys(), index, input.slots(), {
          sinceMs: rows.eventMs,
          atMs: rows.eventMs,
          areEnds,
        });
        forwarding?.forward(rows, input.keys(), input.slots());
        readers?.give(rows, { keys: input.keys(), slots: input.slots(), areEnds });
      } else {
        windows.fold(rows, input.keys(), input.argumentColumns(rows), index);
        takeResults();
      }
    },
    addReader(device, reader) {
      readers ??= createReaders(device, keys);
      readers.add(reader);
    },
    openFromMs: (key) =>
      Math.min(
        windows?.openFromMs(key) ?? Number.POSITIVE_INFINITY,
        progress?.heldMs(key) ?? Number.POSITIVE_INFINITY,
      ),
    watermarkMs: (key) => windows?.watermarkMs(key) ?? progress?.reachedMs(key) ?? Number.NEGATIVE_INFINITY,
    listenSince(ms) {
      windows?.listenSince(ms);
      judge?.states.listenSince(ms);
      silence?.listenSince(ms);
    },
    pass(nowMs) {
      windows?.pass(nowMs);
      takeResults();
      judge?.states.pass(nowMs);
      silence?.pass(nowMs);
    },
    leaveFuture(step) {
      const fromMs = step.toMs + timing.aheadMs;
      windows?.leaveFuture(fromMs, step);
      takeResults();
      progress?.leaveFuture(fromMs, step.toMs - plan.latenessMs);
    },
    clockStepped(step) {
      if (timing.followsClock) judge?.states.clockStepped(step);
      else judge?.states.clockStepped({ ...step, byMs: 0 });
      silence?.clockStepped(step);
    },
    timing,
    closeAll(nowMs) {
      windows?.closeAll(nowMs);
      takeResults();
    },
    quietUntilMs() {
      const parts = [windows, judge?.states, silence];
      return Math.min(...parts.map((part) => part?.quietUntilMs() ?? Number.POSITIVE_INFINITY));
    },
    counts: () => ({ ...counts }),
    held,
    countOn(from) {
      for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += from[name];
    },
    status() {
      const { open, closed } = held();
      return {
        name: plan.name,
        ...counts,
        inResults: counts.inResults + closed,
        inWindows: open,
        keys: keys.size,
        openWindows: windows?.openPanes() ?? 0,
      };
    },
    parts: () => ({
      ...{ windows, aggregates, last, upstreams, silence },
      late: late.byTable(),
      states: judge?.states,
      hours: common.hours,
      clock: output.clock,
    }),
    save: () => ({
      tags: keys.tags,
      keys: keys.size,
      windows: windows?.save(),
      alerts: judge?.states.save(),
      silence: silence?.save(),
      forwarded: forwarding?.save(),
      progress: progress?.save(),
      readingMemory: readingMemory?.save(keys.size),
      resultMemory: resultMemory?.save(keys.size),
    }),
    load(saved) {
      keys.restore(saved.tags, saved.keys);
      if (saved.windows !== undefined) windows?.load(saved.windows);
      if (saved.alerts) judge?.states.load(saved.alerts);
      if (saved.silence) silence?.load(saved.silence);
      if (saved.forwarded) forwarding?.load(saved.forwarded);
      if (saved.progress) progress?.load(saved.progress);
      if (saved.readingMemory) readingMemory?.load(saved.readingMemory, saved.keys);
      if (saved.resultMemory) resultMemory?.load(saved.resultMemory, saved.keys);
    },
  };
  readFrom(upstreams, rule, follow);
  return rule;
}

/** Has the rules that are read hand on to this one. */
function readFrom(
  upstreams: readonly (RunningRule | undefined)[],
  { plan, run }: RunningRule,
  follow: (index: number, upstreamKey: number, arrivalMs: number) => void,
): void {
  for (const [index, upstream] of upstreams.entries()) {
    upstream?.addReader(plan.inputs[index]!.device, {
      takesEndsBefore: plan.window?.kind === 'time' || plan.window?.kind === 'calendar',
      run: (rows, areEnds) => run(index, rows, areEnds),
      closed: (key, arrivalMs) => follow(index, key, arrivalMs),
    });
  }
}

const nothingHeld: HeldReadings = { open: 0, closed: 0 };

/** Rows that count. */
function countOf(keys: Int32Array, n: number): number {
  let count = 0;
  for (let i = 0; i < n; i++) if (keys[i]! >= 0) count += 1;
  return count;
}

/** The first change of an episode, of the several that severities may make. */
function isFirst({ id, episode }: Alert): boolean {
  return id === `${episode}-0`;
}

type Tags = Readonly<Record<string, string>>;

/** Makes the tags of a key once. */
function remembered(make: (key: number) => Tags): (key: number) => Tags {
  const known: Tags[] = [];
  return (key) => {
    known[key] ??= make(key);
    return known[key];
  };
}
