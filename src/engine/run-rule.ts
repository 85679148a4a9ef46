/**
 * One rule at work: rows of its devices in, points and alerts out.
 *
 * Flow: lets → where → key of each row → window (panes, aggregates, closed windows as result rows) or the reading
 * itself → alerts and points.
 * Invariant: everything kept between calls is in `save()`; a rule knows no other rule.
 * What a rule is made of has methods and no getters: V8 keeps each object that was made with a getter as a hash table
 * of its own, and there may be thousands of rules.
 */

import type { RuleLine } from '../core/status.ts';
import type { Alert } from '../core/types.ts';
import type { Rows } from '../expression/rows.ts';
import type { RulePlan, WindowPlan } from '../rules/plan.ts';
import { judgingHoursOf } from './active.ts';
import { aggregates as registry } from './aggregates/index.ts';
import type { AlertStates } from './alert-state.ts';
import { createForwarding, type SavedForwarding } from './forwarding.ts';
import type { SavedMemories } from './memory.ts';
import { type Output, setAside } from './output.ts';
import { createReadingMemory } from './reading-memory.ts';
import { createResultMemory } from './result-memory.ts';
import { createResults } from './results.ts';
import { createInput, type RunningInput } from './rule-input.ts';
import { createSeriesIndex, tagsOf } from './series.ts';
import { createSilence, type Silence } from './silence.ts';
import { createJudge } from './verdict.ts';
import { createWindows } from './window-kinds.ts';
import type { Windows } from './windows.ts';

export interface RunningRule {
  readonly plan: RulePlan;
  /** Rows of one device, in arrival order; `input` is the device's place in `RulePlan.inputs`. */
  run(input: number, rows: Rows): void;
  /** Time before counts for nobody's idleness or silence. */
  listenSince(ms: number): void;
  /** Lets arrival time pass. */
  pass(nowMs: number): void;
  closeAll(nowMs: number): void;
  quietUntilMs(): number;
  status(): RuleLine;
  /** Goes on counting from what the rule had counted before it was edited. */
  countOn(from: RuleLine): void;
  readonly alertStates: readonly AlertStates[];
  tagsOf(key: number): Readonly<Record<string, string>>;
  save(): SavedRule;
  load(saved: SavedRule): void;
}

export interface SavedRule {
  readonly tags: readonly (readonly string[])[];
  readonly keys: number;
  /** Of the kind of window the plan has: its state hash says so. */
  readonly windows: unknown;
  readonly alerts: ReturnType<AlertStates['save']> | undefined;
  readonly silence: ReturnType<Silence['save']> | undefined;
  readonly forwarded: SavedForwarding | undefined;
  /** What functions with memory have learnt. */
  readonly readingMemory: SavedMemories | undefined;
  readonly resultMemory: SavedMemories | undefined;
}

export function createRule(plan: RulePlan, gateway: string, output: Output): RunningRule {
  const keys = createSeriesIndex(plan.by.length, plan.seriesLimit);
  const counts = {
    ...{ readings: 0, filtered: 0, overLimit: 0, late: 0 },
    ...{ windowsClosed: 0, revised: 0, fired: 0, cleared: 0 },
  };
  let pointsBefore = 0;
  const tagsOfKey = remembered((key) => tagsOf(keys, plan.by, key));
  const tagsOfPoint = remembered((key) => ({ gateway, ...tagsOfKey(key) }));

  const give = (alert: Alert): void => {
    output.alerts.push(alert);
    if (alert.state === 'ok') counts.cleared += 1;
    else if (isFirst(alert)) counts.fired += 1;
  };
  const common = { rule: plan.name, tagsOf: tagsOfKey, give };
  const inputs = plan.inputs.map((input) => createInput(input));
  const judge = createJudge({
    ...common,
    alerts: plan.alerts,
    firesByTime: plan.window === undefined,
    hours: judgingHoursOf(plan),
  });
  const silence = plan.silent && createSilence(plan.silent, common, plan.active);
  const forwarding = plan.forward && createForwarding(plan.forward, tagsOfPoint, output);
  const readingMemory = createReadingMemory(plan);
  const resultMemory = createResultMemory(plan.resultMemory);
  const results = createResults(plan, keys, resultMemory);
  const windows = plan.window && createRuleWindows(plan.window);

  function createRuleWindows(window: WindowPlan): Windows {
    const aggregates = plan.aggregates.map((aggregate) => registry[aggregate.fn]!(aggregate));
    return createWindows({
      window,
      // Each input holds one watermark for all back by its own.
      latenessMs:
        window.watermark === 'global'
          ? plan.inputs.map(({ device }) => device.profile.latenessMs)
          : plan.inputs.map(() => plan.latenessMs),
      idleDelayMs: plan.latenessMs,
      idleAfterMs: plan.idleAfterMs,
      aggregates,
      give(result) {
        if (result.stage === 'final') counts.windowsClosed += 1;
        else if (result.stage === 'revised') counts.revised += 1;
        if (results.add(result, aggregates)) takeResults();
      },
      late: setLateAside,
    });
  }

  function setLateAside(rows: Rows, i: number, key: number, watermarkMs: number): void {
    counts.late += 1;
    setAside(output, 'late', () => ({
      detail: `its window had closed; the watermark of the key is ${new Date(watermarkMs).toISOString()}`,
      rule: plan.name,
      key: tagsOfKey(key),
      eventMs: rows.eventMs[i]!,
      arrivalMs: rows.arrivalMs[i]!,
    }));
  }

  /** Closed windows become alerts and points. */
  function takeResults(): void {
    const { rows, keys: rowKeys, slots } = results;
    if (rows.n === 0) return;
    results.compute();
    judge?.judge(rows, rowKeys, 0, slots, results);
    forwarding?.forward(rows, rowKeys, slots);
    rows.n = 0;
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

  return {
    plan,
    tagsOf: tagsOfKey,
    alertStates: [judge?.states, silence?.alerts].filter((states) => states !== undefined),
    run(index, device) {
      const input = inputs[index]!;
      const rows = input.view(device);
      counts.readings += rows.n;
      assignKeys(input, rows);
      if (readingMemory) counts.filtered += readingMemory.run(index, rows, input.keys());
      if (windows === undefined) {
        judge?.judge(rows, input.keys(), index, input.slots, { sinceMs: rows.eventMs, atMs: rows.eventMs });
        forwarding?.forward(rows, input.keys(), input.slots);
      } else {
        windows.fold(rows, input.keys(), input.argumentColumns(rows), index);
        takeResults();
      }
    },
    listenSince(ms) {
      windows?.listenSince(ms);
      silence?.listenSince(ms);
    },
    pass(nowMs) {
      if (windows === undefined) judge?.states.pass(nowMs);
      windows?.pass(nowMs);
      takeResults();
      silence?.pass(nowMs);
    },
    closeAll(nowMs) {
      windows?.closeAll(nowMs);
      takeResults();
    },
    quietUntilMs() {
      const timed = windows === undefined ? judge?.states.quietUntilMs() : windows.quietUntilMs();
      return Math.min(timed ?? Number.POSITIVE_INFINITY, silence?.quietUntilMs() ?? Number.POSITIVE_INFINITY);
    },
    countOn(from) {
      for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += from[name];
      pointsBefore += from.points;
    },
    status: () => ({
      name: plan.name,
      ...counts,
      points: pointsBefore + (forwarding?.points() ?? 0),
      keys: keys.size,
      openWindows: windows?.openPanes() ?? 0,
    }),
    save: () => ({
      tags: keys.tags,
      keys: keys.size,
      windows: windows?.save(),
      alerts: judge?.states.save(),
      silence: silence?.save(),
      forwarded: forwarding?.save(),
      readingMemory: readingMemory?.save(keys.size),
      resultMemory: resultMemory?.save(keys.size),
    }),
    load(saved) {
      keys.restore(saved.tags, saved.keys);
      if (saved.windows !== undefined) windows?.load(saved.windows);
      if (saved.alerts) judge?.states.load(saved.alerts);
      if (saved.silence) silence?.load(saved.silence);
      if (saved.forwarded) forwarding?.load(saved.forwarded);
      if (saved.readingMemory) readingMemory?.load(saved.readingMemory, saved.keys);
      if (saved.resultMemory) resultMemory?.load(saved.resultMemory, saved.keys);
    },
  };
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
