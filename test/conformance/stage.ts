/**
 * A device profile and a rule, as a user writes them, with batches of readings played through the engine.
 *
 * Invariant: only the clock of the story moves the engine; keys are never idle, so windows close by watermark, or at the
 * end. A batch is one frame for each stream, holding the batch's readings in order.
 */

import assert from 'node:assert/strict';
import { readYaml } from '../../src/config/document.ts';
import { ruleFileSchema } from '../../src/config/rule-schema.ts';
import { validate } from '../../src/config/validate.ts';
import { spanOf } from '../../src/core/frame.ts';
import type { Frame, Point, SetAside } from '../../src/core/types.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/engine/checkpoint.ts';
import {
  createState,
  type EngineState,
  finish,
  load,
  type StepResult,
  save,
  statusOf,
  step,
} from '../../src/engine/engine.ts';
import type { Plan } from '../../src/rules/plan.ts';
import { compileText, deviceOf } from '../../src/rules/testing.ts';

/** A reading as it is sent: `t` is its event time in ms. */
export interface Reading {
  readonly t: number | null;
  readonly [name: string]: unknown;
}

/** Readings of one batch, by the stream (MQTT topic) they arrive on. */
export type Batch = Readonly<Record<string, readonly Reading[]>>;

/** What a device named as its stream sends: tags `k` and `member`, a number `x` and a text `s`. `more` overrides. */
export function deviceText(stream: string, more = ''): string {
  return `device: ${stream}
topic: ${stream}
codec: json
each: $[*]
time: { path: t, format: unix_ms }
tags: { k: k, member: member }
fields:
  x: {}
  s: { type: string }
max_ahead: 1000d
idle_after: 1000d
${more}`;
}

/** A rule file of one rule, and of a second one, `next`, over the results of the first. */
export function ruleText(body: string, next?: string): string {
  const rule = (name: string, text: string): string =>
    `  - name: ${name}\n${text.trim().replace(/^/gm, '    ')}\n`;
  return `rules:\n${rule('r', body)}${next === undefined ? '' : rule('next', `from: rule:r\n${next}`)}`;
}

export function planOf(devices: readonly string[], rules: string): Plan {
  const { plan, problems } = compileText(rules, devices.map(deviceOf));
  assert.deepEqual(problems, []);
  return plan!;
}

/** What `headgate check` says of a rule file that it refuses. */
export function mistakesOf(rules: string): string[] {
  const file = readYaml('rules/test.yaml', '/site/rules/test.yaml', rules);
  const { diagnostics } = validate('rules', ruleFileSchema, file);
  return [...file.diagnostics, ...diagnostics].map(({ message }) => message);
}

/** What one batch gave; counts are of this batch alone. */
export interface Told {
  readonly points: readonly Point[];
  readonly setAside: readonly SetAside[];
  readonly late: number;
  readonly duplicates: number;
  /** Open windows (tumbling: one pane each). */
  readonly open: number;
  /** The one for all keys, or that of the rule's first key; undefined of sessions. */
  readonly watermarkMs: number | undefined;
}

export interface Played {
  readonly batches: readonly Told[];
  /** Points of the windows that were open at the end. */
  readonly atEnd: readonly Point[];
}

const batchMs = 1000;

/** Arrival of the first batch: after every event time, and not long after 1970 when those are: see `clock not set`. */
function firstArrivalOf(batches: readonly Batch[]): number {
  const times = batches.flatMap((batch) =>
    Object.values(batch).flatMap((readings) => readings.map(({ t }) => t ?? 0)),
  );
  return Math.ceil(Math.max(0, ...times) / batchMs) * batchMs;
}

/** Plays batches; before those marked in `restarts` the engine goes through a checkpoint. */
export function play(plan: Plan, batches: readonly Batch[], restarts: readonly boolean[] = []): Played {
  let state = createState(plan);
  const firstArrivalMs = firstArrivalOf(batches);
  const told = batches.map((batch, i) => {
    if (restarts[i]) state = restarted(state);
    const before = countsOf(state);
    const startMs = firstArrivalMs + i * batchMs;
    const frames = Object.entries(batch).map(([stream, readings]) => frameOf(stream, readings, startMs));
    const result = step(state, { startMs, endMs: startMs + batchMs, spans: [spanOf(frames)] });
    state = result.state;
    return toldOf(result, before);
  });
  return { batches: told, atEnd: finish(state).points };
}

function frameOf(stream: string, readings: readonly Reading[], arrivalMs: number): Frame {
  return { source: 'mqtt', topic: stream, payload: Buffer.from(JSON.stringify(readings)), arrivalMs };
}

function countsOf(state: EngineState): { late: number; duplicates: number } {
  const { fates, rules } = statusOf(state);
  return { late: rules[0]!.late, duplicates: fates.duplicates };
}

function toldOf({ state, points, setAside }: StepResult, before: ReturnType<typeof countsOf>): Told {
  const after = countsOf(state);
  return {
    points,
    setAside,
    late: after.late - before.late,
    duplicates: after.duplicates - before.duplicates,
    open: statusOf(state).rules[0]!.openWindows,
    watermarkMs: watermarkOf(save(state).rules.r!.state.windows as SavedMarks | undefined),
  };
}

interface SavedMarks {
  readonly watermarkMs?: Float64Array;
  readonly forAll?: { readonly ofInputs: Float64Array };
}

function watermarkOf(saved: SavedMarks | undefined): number | undefined {
  return saved?.forAll ? Math.min(...saved.forAll.ofInputs) : saved?.watermarkMs?.[0];
}

/** What a gateway is after it was stopped and started again. Counts begin anew. */
function restarted(state: EngineState): EngineState {
  const position = { sequence: 0, frame: 0 };
  const bytes = encodeCheckpoint({ batchEndMs: state.nowMs, position, handshakes: [], state: save(state) });
  return load(createState(state.plan), decodeCheckpoint(bytes)!.state).state;
}

/** A duration as rule files have it. */
export function duration(seconds: number): string {
  return `${Math.round(seconds * 1000)}ms`;
}

/** The `window:` of a length and a slide, in seconds. */
export function windowText(lengthS: number, slideS: number, offsetS = 0): string {
  const offset = `offset: ${duration(offsetS)}`;
  if (slideS === lengthS) return `window: { tumbling: ${duration(lengthS)}, ${offset} }`;
  return `window: { sliding: ${duration(lengthS)}, every: ${duration(slideS)}, ${offset} }`;
}
