/** Lines of a status for tests: of a gateway in which nothing has happened, but for what a test says. */

import type {
  DeviceLine,
  Fates,
  ForwardLine,
  JournalLine,
  MachineLine,
  OverloadLine,
  RuleLine,
} from './status.ts';

export const noFates: Fates = {
  ...{ frames: 0, unrouted: 0, received: 0, readings: 0, setAside: 0, duplicates: 0, valuesSetAside: 0 },
  ...{ points: 0, noted: 0 },
};

export function deviceLine(name: string, rest: Partial<DeviceLine> = {}): DeviceLine {
  return {
    ...{ name, received: 0, readings: 0, setAside: 0, duplicates: 0, valuesSetAside: 0, series: 0 },
    lastArrivalMs: undefined,
    ...rest,
  };
}

export function ruleLine(name: string, rest: Partial<RuleLine> = {}): RuleLine {
  return {
    ...{ name, readings: 0, filtered: 0, late: 0, overLimit: 0, inResults: 0, inWindows: 0, forgotten: 0 },
    ...{ keys: 0, openWindows: 0, windowsClosed: 0, revised: 0, points: 0, unchanged: 0, withoutValue: 0 },
    ...{ fired: 0, cleared: 0 },
    ...rest,
  };
}

export const quietJournal: JournalLine = { bytes: 0, frames: 0, commits: 0, refused: 0, waiting: 0 };

export function forwardLine(rest: Partial<ForwardLine> = {}): ForwardLine {
  return {
    ...{ target: '', state: 'connected', detail: '', sent: 0, setAside: 0, lost: 0 },
    ...{ pendingPoints: 0, pendingBytes: 0, oldestPendingMs: undefined },
    ...{ thinned: { from: 0, to: 0, leftOut: 0 }, roomMs: undefined },
    through: { taken: 0, sent: 0, setAside: 0, lost: 0, merged: 0 },
    ...rest,
  };
}

export const keepingUp: OverloadLine = {
  ...{ state: 'keeping up', behindMs: 0, waitingFrames: 0, waitingBytes: 0, workMs: 0, heldAnswers: 0 },
  ...{ times: 0, heldMs: 0 },
};

export const idleMachine: MachineLine = {
  ...{ cpuSeconds: 0, cpuPercent: 0, memoryBytes: 0, load1m: 0, dataBytes: 0 },
};
