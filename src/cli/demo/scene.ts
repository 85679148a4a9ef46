/** What the demo shows of itself at one moment, and the words all its faces share: live view, lines, summary. */

import type { GatewayStatus, RuleLine } from '../../core/status.ts';
import type { Alert } from '../../core/types.ts';

export interface Scene {
  readonly status: GatewayStatus;
  /** Alert changes so far, newest last; the view needs the last few dozen. */
  readonly alerts: readonly Alert[];
  /** Readings per real second: one value each second, over the last two; newest last. */
  readonly rates: readonly number[];
  /** Real time since the start. */
  readonly elapsedMs: number;
  /** How much faster than real time the simulation runs. */
  readonly speed: number;
  /** What people should know: "no serial line: socat is not installed". */
  readonly notes: readonly string[];
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** "1,204 points", "1 point". */
export function counted(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Local time of day: 06:52:11. */
export function timeOfDay(ms: number): string {
  const date = new Date(ms);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

/** Local date: Mon 5 Jan. */
export function dayOf(ms: number): string {
  const date = new Date(ms);
  const weekday = date.toLocaleDateString('en-GB', { weekday: 'short' });
  return `${weekday} ${date.getDate()} ${date.toLocaleDateString('en-GB', { month: 'short' })}`;
}

/** A length of time in one or two units: 45 s, 4 min 10 s, 2 h 05 min. */
export function lengthOf(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${two(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

export function currentRate(rates: readonly number[]): number {
  return rates.at(-1) ?? 0;
}

/** Of `rules`, how many have fired and cleared at least once. */
export function provenRules(rules: readonly RuleLine[]): number {
  return rules.filter(({ fired, cleared }) => fired > 0 && cleared > 0).length;
}

export function sum(
  rules: readonly RuleLine[],
  what: 'windowsClosed' | 'points' | 'fired' | 'cleared',
): number {
  return rules.reduce((total, rule) => total + rule[what], 0);
}
