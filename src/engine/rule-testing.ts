/** Whole rules for tests: of one device, readings in, points and alerts out, with restarts in between. */

import assert from 'node:assert/strict';
import { spanOf } from '../core/frame.ts';
import type { Alert, Frame, Point, SetAside } from '../core/types.ts';
import type { Plan } from '../rules/plan.ts';
import { compileText, deviceOf } from '../rules/testing.ts';
import {
  createState,
  type EngineState,
  finish,
  load,
  quietUntilMs,
  type SavedState,
  save,
  step,
} from './engine.ts';

export const room = deviceOf(`device: room
topic: room/{room}
codec: json
time: { path: at, format: unix_ms }
fields: { t: { path: t } }
lateness: 30s
idle_after: 1m
silent_after: 5m
`);

/** The keys of one rule, indented by four. */
export function planOf(keys: string): Plan {
  const compiled = compileText(`rules:\n  - name: r\n    from: room\n${keys}`, [room]);
  assert.deepEqual(compiled.problems, []);
  return compiled.plan!;
}

export const at = (time: string): number => Date.parse(time);
export const minutes = (n: number): number => n * 60_000;

export function reading(ms: number, t: number, name = 'a', arrivalMs = ms): Frame {
  const payload = Buffer.from(JSON.stringify({ at: ms, t }));
  return { source: 'mqtt', topic: `room/${name}`, payload, arrivalMs };
}

export interface Told {
  readonly points: Point[];
  readonly alerts: Alert[];
  readonly setAside: SetAside[];
}

export interface Running {
  feed(frames: readonly Frame[], untilMs?: number): void;
  restart(): void;
  close(): void;
  quietUntilMs(): number;
  state(): EngineState;
  /** What a checkpoint holds. */
  saved(): SavedState;
  readonly told: Told;
}

export function running(plan: Plan): Running {
  const told: Told = { points: [], alerts: [], setAside: [] };
  let state = createState(plan);
  const take = (result: ReturnType<typeof step>): void => {
    state = result.state;
    told.points.push(...result.points);
    told.alerts.push(...result.alerts);
    told.setAside.push(...result.setAside);
  };
  return {
    told,
    feed(frames, untilMs = frames.at(-1)!.arrivalMs + 1) {
      const spans = frames.length === 0 ? [] : [spanOf(frames)];
      take(step(state, { startMs: 0, endMs: untilMs, spans }));
    },
    restart() {
      state = load(createState(plan), this.saved()).state;
    },
    close: () => take(finish(state)),
    quietUntilMs: () => quietUntilMs(state),
    state: () => state,
    saved: () => structuredClone(save(state)),
  };
}

export const shown = ({ points }: Told): string[] =>
  points.map(
    ({ timeMs, fields }) => `${new Date(timeMs).toISOString().slice(0, 16)} ${JSON.stringify(fields)}`,
  );
export const changes = ({ alerts }: Told): string[] =>
  alerts.map(
    ({ atMs, state, severity }) => `${new Date(atMs).toISOString().slice(5, 19)} ${severity} ${state}`,
  );
