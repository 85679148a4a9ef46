/** The alerts of a key in the words of `explain`: how each stands, why, and what would change that. */

import type { ExplainedAlert, ExplainedEpisode, ExplainedSilence } from '../core/explained.ts';
import { untilText } from './alert-marks.ts';
import { clockText, conditionLines, spanText } from './explain-words.ts';

export interface AlertWords {
  readonly title: string;
  readonly state: string;
  readonly details: readonly string[];
}

/** `isWindowed`: alerts are judged when a window closes, not with each reading. */
export function alertWords(alert: ExplainedAlert, nowMs: number, isWindowed: boolean): AlertWords {
  return {
    title: alert.severity,
    state: stateOf(alert, nowMs),
    details: [
      ...firingLines(alert, nowMs),
      ...(alert.state === 'pending' ? [pendingLine(alert, nowMs, isWindowed)] : []),
      ...conditionLines('when', alert.when),
      ...clearLines(alert),
      ...(alert.forMs > 0 && alert.state === 'ok' ? [`it must hold for ${spanText(alert.forMs)}`] : []),
      ...flappingLines(alert, nowMs),
    ],
  };
}

function stateOf({ state, sinceMs, isOutdone }: ExplainedAlert, nowMs: number): string {
  if (state === 'ok') return 'ok';
  const text = sinceMs === undefined ? state : `${state} since ${clockText(sinceMs, nowMs)}`;
  return isOutdone ? `${text}, but a more severe one counts` : text;
}

function firingLines(alert: Partial<ExplainedEpisode>, nowMs: number): string[] {
  const { message, acknowledged, silencedUntilMs, nextReminderMs } = alert;
  const by = acknowledged?.by === undefined ? '' : ` by ${acknowledged.by}`;
  const note = acknowledged?.note === undefined ? '' : `: ${acknowledged.note}`;
  return [
    ...(message === undefined ? [] : [message]),
    ...(acknowledged ? [`acknowledged${by} at ${clockText(acknowledged.atMs, nowMs)}${note}`] : []),
    ...(silencedUntilMs === undefined
      ? []
      : [`silenced until ${untilText(silencedUntilMs)}: nobody is told`]),
    ...(nextReminderMs === undefined || acknowledged || nextReminderMs < (silencedUntilMs ?? nextReminderMs)
      ? []
      : [`next reminder at ${clockText(nextReminderMs, nowMs)}`]),
  ];
}

function pendingLine(
  { firesWithMs, firesAtMs, forMs }: ExplainedAlert,
  nowMs: number,
  isWindowed: boolean,
): string {
  const what = isWindowed ? 'a window that ends at' : 'a reading of';
  const withText = `fires with ${what} ${clockText(firesWithMs!, nowMs)} or later for which it holds`;
  const atText =
    firesAtMs === undefined ? '' : `, or at ${clockText(firesAtMs, nowMs)} if nothing more comes`;
  return `${withText}${atText} (for: ${spanText(forMs)})`;
}

function clearLines({ state, clear }: ExplainedAlert): string[] {
  if (state !== 'firing') return [];
  return clear ? conditionLines('clears with', clear) : ['clears when that is false'];
}

function flappingLines({ flapping }: ExplainedAlert, nowMs: number): string[] {
  if (!flapping || (flapping.seen === 0 && !flapping.isFlapping)) return [];
  const { changes, withinMs, seen, isFlapping, untilMs } = flapping;
  const until = untilMs === undefined ? '' : ` until ${clockText(untilMs, nowMs)} unless it changes again`;
  const limit = `${changes} changes within ${spanText(withinMs)}`;
  return [
    isFlapping
      ? `flapping: held firing${until}, for there were ${limit}`
      : `${seen} of the ${limit} that would make it flap`,
  ];
}

export function silenceWords(silence: ExplainedSilence, nowMs: number): AlertWords {
  const { afterMs, severity, isSilent, heardMs, silentAtMs, firedAtMs } = silence;
  const heard = heardMs === undefined ? 'never heard' : `last heard at ${clockText(heardMs, nowMs)}`;
  const falls = silentAtMs === undefined || isSilent ? '' : `, silent at ${clockText(silentAtMs, nowMs)}`;
  const since = firedAtMs === undefined ? '' : ` since ${clockText(firedAtMs, nowMs)}`;
  return {
    title: 'silent',
    state: isSilent ? `firing (${severity})${since}` : 'ok',
    details: [
      ...firingLines(silence, nowMs),
      `${heard}${falls}; a key is silent after ${spanText(afterMs)} without a reading`,
    ],
  };
}
