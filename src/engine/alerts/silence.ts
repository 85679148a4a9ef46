/**
 * Keys that stop sending: an alert of its own when no reading of a key has come for `afterMs`; the next one clears it.
 *
 * Outside of the rule's active hours nothing fires or clears: a silent key fires at the first active moment, and one that
 * sends again clears with its first reading in an active one.
 * Invariant: time in which the gateway itself was not listening is nobody's silence.
 */

import { renderKeyMessage } from '../../rules/key-message.ts';
import type { SilentPlan } from '../../rules/plan.ts';
import { type ClockStep, steady } from '../time-of-day.ts';
import type { JudgingHours } from './active.ts';
import { type AlertSettings, type AlertStates, createAlertStates } from './alert-state.ts';

export interface Silence {
  /** A reading of the key arrived. */
  heard(key: number, arrivalMs: number): void;
  /** Time before is nobody's silence. */
  listenSince(ms: number): void;
  pass(nowMs: number): void;
  /** The clock was set. */
  clockStepped(step: ClockStep): void;
  quietUntilMs(): number;
  readonly alerts: AlertStates;
  /** When the key was last heard, and when it is silent if nothing more comes; NaN before its first reading. */
  heardMs(key: number): number;
  fallsAtMs(key: number): number;
  save(): { readonly heardMs: Float64Array; readonly alerts: unknown };
  load(saved: ReturnType<Silence['save']>): void;
}

const always = [1];
const never = [0];

export function createSilence(
  plan: SilentPlan,
  settings: Omit<AlertSettings, 'levels' | 'firesByTime' | 'hours'> & {
    readonly hours?: JudgingHours | undefined;
  },
): Silence {
  const { hours, clock = steady } = settings;
  const alerts = createAlertStates({
    ...settings,
    rule: `${settings.rule}:silent`,
    give: (alert) => settings.give({ ...alert, rule: settings.rule }),
    levels: [{ severity: plan.severity, forMs: 0, notify: plan.notify, repeatMs: plan.repeatMs }],
    firesByTime: false,
  });
  let heardMs: number[] = [];
  let silent = new Set<number>();
  let listeningSince = Number.NEGATIVE_INFINITY;
  let dueMs = Number.POSITIVE_INFINITY;

  function judge(key: number, atMs: number, isSilent: boolean): void {
    alerts.passKey(key, atMs);
    alerts.judge(key, {
      when: isSilent ? always : never,
      clear: isSilent ? never : always,
      sinceMs: atMs + clock.offsetMs,
      atMs: atMs + clock.offsetMs,
      arrivalMs: atMs,
      message: () => textOf(plan, settings.tagsOf(key), isSilent),
      values: () => ({ silent_s: (atMs - heardMs[key]!) / 1000 }),
    });
  }

  const silentAtMs = (key: number): number => Math.max(heardMs[key]!, listeningSince) + plan.afterMs;
  /** When a silent key fires, if it stays silent. */
  const fallsAtMs = (key: number): number =>
    hours === undefined ? silentAtMs(key) : hours.next(silentAtMs(key) + clock.offsetMs) - clock.offsetMs;

  function fall(key: number): void {
    silent.add(key);
    judge(key, fallsAtMs(key), true);
  }

  function fallAll(nowMs: number): void {
    dueMs = Number.POSITIVE_INFINITY;
    for (const key of heardMs.keys()) {
      if (Number.isNaN(heardMs[key] ?? Number.NaN) || silent.has(key)) continue;
      if (fallsAtMs(key) <= nowMs) fall(key);
      else dueMs = Math.min(dueMs, fallsAtMs(key));
    }
  }

  return {
    alerts,
    heard(key, arrivalMs) {
      const isSilent = heardMs[key] !== undefined && silentAtMs(key) <= arrivalMs;
      if (isSilent && !silent.has(key) && fallsAtMs(key) <= arrivalMs) fall(key);
      if (silent.has(key) && (hours?.isActive(arrivalMs + clock.offsetMs) ?? true)) {
        silent.delete(key);
        judge(key, arrivalMs, false);
      }
      heardMs[key] = arrivalMs;
      dueMs = Math.min(dueMs, arrivalMs + plan.afterMs);
    },
    listenSince(ms) {
      listeningSince = ms;
      alerts.listenSince(ms);
    },
    pass(nowMs) {
      if (dueMs <= nowMs) fallAll(nowMs);
      alerts.pass(nowMs);
    },
    clockStepped(step) {
      // Active hours come sooner or later than they would have.
      dueMs = Number.NEGATIVE_INFINITY;
      alerts.clockStepped(step);
    },
    quietUntilMs: () => Math.min(dueMs, alerts.quietUntilMs()),
    heardMs: (key) => heardMs[key] ?? Number.NaN,
    fallsAtMs: (key) => (heardMs[key] === undefined ? Number.NaN : fallsAtMs(key)),
    save: () => ({ heardMs: Float64Array.from(heardMs, (ms) => ms ?? Number.NaN), alerts: alerts.save() }),
    load(saved) {
      heardMs = Array.from(saved.heardMs);
      alerts.load(saved.alerts as ReturnType<AlertStates['save']>);
      silent = new Set([...alerts.firing()].map(({ key }) => key));
      dueMs = Number.NEGATIVE_INFINITY;
    },
  };
}

function textOf(plan: SilentPlan, tags: Readonly<Record<string, string>>, isSilent: boolean): string {
  return renderKeyMessage(isSilent ? plan.message : '{key} is sending again', tags);
}
