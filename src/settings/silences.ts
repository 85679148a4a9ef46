/** Silences: which alerts one is about, and their making and ending. Times are the gateway's clock. */

import { GatewayError } from '../core/errors.ts';
import type { Settings, Silence, Tags } from './settings.ts';

export const everyRule = '*';

/** More are refused. */
export const maxSilences = 10_000;

/** What of an alert a silence goes by. */
export interface Silenceable {
  readonly rule: string;
  readonly key: Tags;
}

export function isAbout(silence: Pick<Silence, 'rule' | 'key'>, { rule, key }: Silenceable): boolean {
  if (silence.rule !== everyRule && silence.rule !== rule) return false;
  // An alert's key leaves out tags without a value.
  return Object.entries(silence.key).every(([name, value]) => value === (key[name] ?? ''));
}

/** Until when an alert is silenced at `nowMs`; undefined when it is not. */
export function silencedUntilMs(
  { silences }: Settings,
  alert: Silenceable,
  nowMs: number,
): number | undefined {
  let untilMs: number | undefined;
  for (const silence of silences) {
    if (silence.untilMs <= Math.max(nowMs, untilMs ?? nowMs)) continue;
    if (isAbout(silence, alert)) untilMs = silence.untilMs;
  }
  return untilMs;
}

/** Without those that are over. Throws `GatewayError` when there are too many. */
export function withSilence(settings: Settings, silence: Silence, nowMs: number): Settings {
  const silences = current(settings, nowMs);
  if (silences.length >= maxSilences) {
    throw new GatewayError(`there are ${maxSilences} silences already`, {
      remedy: 'end some of them (`headgate silence --end ID`), or silence more at once: a whole rule, or `*`',
    });
  }
  return { ...settings, silences: [...silences, silence] };
}

/** Without this one, and those that are over. */
export function withoutSilence(settings: Settings, id: string, nowMs: number): Settings {
  return { ...settings, silences: current(settings, nowMs).filter((silence) => silence.id !== id) };
}

/** Those that are not over. */
export function current({ silences }: Settings, nowMs: number): readonly Silence[] {
  return silences.filter(({ untilMs }) => untilMs > nowMs);
}
