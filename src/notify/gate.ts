/**
 * Which alerts a notifier is told of: silences hold them back, acknowledgements stop reminders.
 *
 *     lane ──▶ gate ──▶ notifier
 *               └─▶ withheld, until the silence is over or the alert is
 *
 * Decided when it is the alert's turn to be delivered, by the clock on the wall.
 * Invariants: whoever was told that an alert fires is told of its end, silence or not, and nobody else; what still fires
 * when its silence ends is told then.
 */

import type { Alert } from '../core/types.ts';
import { acknowledgementOf } from '../settings/acknowledgements.ts';
import type { Settings } from '../settings/settings.ts';
import { silencedUntilMs } from '../settings/silences.ts';
import type { Withheld } from './withheld.ts';

/** `drop`: it is not told, now or later. */
export type Verdict =
  | { readonly act: 'tell' }
  | { readonly act: 'withhold'; readonly untilMs: number }
  | { readonly act: 'drop'; readonly why: 'silenced' | 'acknowledged' | 'over' };

const tell: Verdict = { act: 'tell' };

/** Of the moment of the delivery. */
export interface Moment {
  readonly settings: Settings;
  readonly nowMs: number;
  readonly isFiring: (episode: string) => boolean;
}

/** What becomes of an alert whose turn it is. Changes nothing. */
export function judgeDelivery(
  alert: Alert,
  withheld: Withheld,
  { settings, nowMs, isFiring }: Moment,
): Verdict {
  const held = withheld.get(alert.episode);
  if (alert.state === 'ok') {
    return held !== undefined && !held.wasTold ? { act: 'drop', why: 'silenced' } : tell;
  }
  const untilMs = silencedUntilMs(settings, alert, nowMs);
  if (alert.reminder === undefined) return untilMs === undefined ? tell : { act: 'withhold', untilMs };
  // The notifier was down meanwhile: the end is about to be told.
  if (!isFiring(alert.episode)) return { act: 'drop', why: 'over' };
  if (acknowledgementOf(settings, alert)) return { act: 'drop', why: 'acknowledged' };
  // What is withheld is about to be told; nobody is reminded of what he does not know.
  return untilMs === undefined && held === undefined ? tell : { act: 'drop', why: 'silenced' };
}

/** Withholds an alert; false when there are too many. */
export function withhold(notifier: string, alert: Alert, withheld: Withheld): boolean {
  const held = withheld.get(alert.episode);
  // What went before and is not withheld was told.
  const wasTold = held?.wasTold ?? alert.toldBefore?.includes(notifier) === true;
  return withheld.hold({ alert, wasTold });
}

/** Whether a withheld alert that still fires is to be told now. */
export function isReleased(alert: Alert, settings: Settings, nowMs: number): boolean {
  return silencedUntilMs(settings, alert, nowMs) === undefined && !acknowledgementOf(settings, alert);
}

/** When the first silence of a withheld alert ends; Infinity when that is not known. */
export function nextReleaseMs(settings: Settings, withheld: Withheld, nowMs: number): number {
  const ends = withheld
    .all()
    .map(({ alert }) => silencedUntilMs(settings, alert, nowMs) ?? Number.POSITIVE_INFINITY);
  return ends.reduce((first, endMs) => Math.min(first, endMs), Number.POSITIVE_INFINITY);
}
