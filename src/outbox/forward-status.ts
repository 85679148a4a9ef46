/** What forwarding tells of itself. Not here: the words for people (cli/status-view.ts). */

import type { ForwardLine } from '../core/status.ts';
import type { State } from './forward-state.ts';
import { backlogLines } from './positions.ts';
import { bytesFrom } from './thin.ts';

export interface ForwardStatus extends ForwardLine {
  /** Of the pending points: those of an outage, sent behind new ones. */
  readonly backlogPoints: number;
}

/** An estimate of less would be a guess. */
const leastOutageMs = 60_000;

export function statusOf(state: State): ForwardStatus {
  const { lane, target } = state.options;
  const backlogPoints = backlogLines(state.cursor.value) + mergedLines(state);
  const pendingPoints = pendingLines(state);
  return {
    target,
    state: state.health.state,
    detail: state.health.detail(),
    sent: state.sent,
    setAside: state.setAside,
    lost: state.lost,
    pendingPoints,
    pendingBytes: pendingPoints === 0 ? 0 : pendingBytes(state),
    backlogPoints,
    oldestPendingMs: pendingPoints === 0 ? undefined : oldestMs(state),
    thinned: { ...state.thinned },
    roomMs: roomMs(state),
    through: { taken: lane.lineCount - state.takenFrom, ...state.through },
  };
}

/** Lines that are not dealt with. */
export function pendingLines(state: State): number {
  const { lane } = state.options;
  const positions = state.cursor.value;
  return lane.lineCount - positions.live.line + backlogLines(positions) + mergedLines(state);
}

/** Whether anything waits behind the new points. */
export function hasBacklog({ cursor, options: { levels = [] } }: State): boolean {
  const { backlog, levels: marks = [] } = cursor.value;
  return backlog !== undefined || levels.some(({ lane }, i) => marks[i]!.sequence < lane.next);
}

function mergedLines({ cursor, options: { levels = [] } }: State): number {
  const marks = cursor.value.levels ?? [];
  return levels.reduce((sum, { lane }, i) => sum + Math.max(0, lane.lineCount - marks[i]!.line), 0);
}

function pendingBytes({ options: { lane, levels = [] } }: State): number {
  return levels.reduce((sum, level) => sum + level.lane.bytes, lane.bytes);
}

/** As the time of day. Batch ends go by the line of time (core/clock.ts), points of levels by their own times. */
function oldestMs(state: State): number | undefined {
  const { levels = [], timeOfDayAt = (batchEndMs) => batchEndMs } = state.options;
  const { backlog, levels: marks = [] } = state.cursor.value;
  const batchEnds = [
    backlog === undefined ? undefined : state.backlogSinceMs,
    state.live?.batchEndMs,
    state.backlog?.batchEndMs,
  ];
  const known = [
    ...batchEnds.map((batchEndMs) => (batchEndMs === undefined ? undefined : timeOfDayAt(batchEndMs))),
    ...levels.map(({ lane }, i) => (marks[i]!.sequence < lane.next ? state.levelSinceMs[i] : undefined)),
  ].filter((ms) => ms !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** How long the budget lasts if points go on as in this outage and none are merged; undefined when none can be told. */
function roomMs({ outage, options }: State): number | undefined {
  const { lane, budgetBytes, levels = [] } = options;
  if (outage === undefined || budgetBytes === undefined) return undefined;
  const spanMs = lane.lastBatchEndMs - outage.batchEndMs;
  const bytes = lane.bytesAppended - outage.bytes;
  if (!(spanMs >= leastOutageMs) || bytes === 0) return undefined;
  const budget = levels.reduce((sum, level) => sum + level.budgetBytes, budgetBytes);
  const held = levels.reduce(
    (sum, level) => sum + level.lane.bytes,
    bytesFrom(lane, { sequence: lane.first, line: 0 }),
  );
  return (Math.max(0, budget - held) * spanMs) / bytes;
}
