/** One key of a rule, for `headgate explain`: readings, windows, alerts, silence. */

import type { FlappingConfig } from '../../config/schema.ts';
import type {
  ExplainedAlert,
  ExplainedEpisode,
  ExplainedKey,
  ExplainedSilence,
} from '../../core/explained.ts';
import type { Rows } from '../../expression/rows.ts';
import type { RulePlan } from '../../rules/plan.ts';
import { type RuleTexts, textsOf } from '../../rules/rule-texts.ts';
import type { Episode } from '../alerts/alert-episode.ts';
import { arrivalAt, calmAtMs, countedAt, type Flaps } from '../alerts/alert-flapping.ts';
import { countsAsFiring, type LevelState } from '../alerts/alert-level.ts';
import type { KeyAlert } from '../alerts/alert-state.ts';
import type { EngineState } from '../engine.ts';
import { knownMs } from '../known-ms.ts';
import type { RunningRule } from '../running-rule.ts';
import { explainCondition, rowsOfOne } from './explain-conditions.ts';
import { explainReading, heardBefore, lastReadings } from './explain-reading.ts';
import { explainResult, explainWindows } from './explain-windows.ts';
import { type LastRow, lastOf, readingTypes, resultTypes } from './last-rows.ts';

/** `nowMs` is an arrival; what is told are times of day. */
export function explainKey(state: EngineState, rule: RunningRule, key: number, nowMs: number): ExplainedKey {
  const { plan } = rule;
  const parts = rule.parts();
  const texts = textsOf(plan);
  const { offsetMs } = parts.clock;
  const reading = lastReadings(state, rule).get(key);
  const judged = lastJudged(rule, key);
  const heardMs = heardBefore(rule, key);
  const silence = explainSilence(rule, key);
  return {
    key: rule.tagsOf(key),
    ...(reading && {
      lastReading: explainReading(rule, texts, reading, ofReadings(plan, judged, reading.input)),
    }),
    ...(heardMs > 0 && { lastArrivalMs: heardMs + offsetMs }),
    ...(plan.window?.kind === 'count' ? {} : knownMs('watermarkMs', parts.windows?.watermarkMs(key))),
    ...explainWindows(rule, key, state.listeningSinceMs),
    ...(plan.window && judged && { lastResult: explainResult(plan, judged.row, offsetMs) }),
    alerts: explainAlerts(rule, texts, parts.states?.of(key), judged, nowMs),
    ...(silence && { silence }),
  };
}

/** What the alerts judged last; `input` tells which expressions are for it. */
interface Judged {
  readonly row: LastRow;
  readonly input: number;
  readonly rows: Rows;
}

/** Of a rule without a window it is a reading, of one of its inputs. */
function ofReadings(plan: RulePlan, judged: Judged | undefined, input: number): Rows | undefined {
  return plan.window === undefined && judged?.input === input ? judged.rows : undefined;
}

function lastJudged(rule: RunningRule, key: number): Judged | undefined {
  const { plan } = rule;
  const all = (rule.parts().last ?? []).map((last) => lastOf(last, key));
  let input = -1;
  for (const [i, row] of all.entries()) {
    if (row !== undefined && row.arrivalMs >= (all[input]?.arrivalMs ?? Number.NEGATIVE_INFINITY)) input = i;
  }
  const row = all[input];
  if (row === undefined) return undefined;
  const shape = plan.window
    ? { types: resultTypes(plan), firstSlot: plan.aggregates.length }
    : { types: readingTypes(plan, plan.inputs[input]!) };
  return { row, input, rows: rowsOfOne({ ...row, ...shape }) };
}

function explainAlerts(
  rule: RunningRule,
  texts: RuleTexts,
  state: Readonly<KeyAlert> | undefined,
  judged: Judged | undefined,
  nowMs: number,
): ExplainedAlert[] {
  const { plan } = rule;
  return plan.alerts.map((alert, i) => {
    const { when, clear } = texts.alerts[i]!;
    const input = judged?.input ?? 0;
    const level = state?.levels[i];
    return {
      severity: alert.severity,
      forMs: alert.forMs,
      ...(level ? phaseOf(rule, i, level, state!) : { state: 'ok', isOutdone: false }),
      when: explainCondition(when[input]!, judged?.rows),
      ...(clear && { clear: explainCondition(clear[input]!, judged?.rows) }),
      ...knownMs('repeatMs', alert.repeatMs),
      ...(alert.flapping && { flapping: explainFlapping(rule, alert.flapping, level?.flaps, nowMs) }),
    };
  });
}

function explainFlapping(
  rule: RunningRule,
  plan: FlappingConfig,
  flaps: Flaps | undefined,
  nowMs: number,
): NonNullable<ExplainedAlert['flapping']> {
  if (flaps === undefined) return { ...plan, seen: 0, isFlapping: false };
  const { isFlapping } = flaps;
  const calmMs = calmAtMs(flaps, plan);
  const untilMs = arrivalAt(flaps, rule.parts().hours?.next(calmMs) ?? calmMs);
  const seen = countedAt(flaps, plan, nowMs);
  return {
    ...plan,
    seen,
    isFlapping,
    ...(isFlapping && knownMs('untilMs', untilMs + rule.parts().clock.offsetMs)),
  };
}

type Phase = Pick<
  ExplainedAlert,
  | 'state'
  | 'isOutdone'
  | 'sinceMs'
  | 'firesWithMs'
  | 'firesAtMs'
  | 'message'
  | 'episode'
  | 'firedAtMs'
  | 'nextReminderMs'
>;

function phaseOf(
  { plan, parts }: RunningRule,
  i: number,
  level: LevelState,
  { episode }: Readonly<KeyAlert>,
): Phase {
  const { offsetMs } = parts().clock;
  const { phase, sinceMs, sinceArrivalMs } = level;
  const { forMs } = plan.alerts[i]!;
  if (!countsAsFiring(level)) {
    if (phase === 'ok') return { state: 'ok', isOutdone: false };
    return {
      ...{ state: 'pending', isOutdone: false, sinceMs, firesWithMs: sinceMs + forMs },
      ...(plan.window ? {} : { firesAtMs: sinceArrivalMs + forMs + offsetMs }),
    };
  }
  const firing = { state: 'firing', sinceMs: level.firedAtMs } as const;
  if (episode?.level !== i) return { ...firing, isOutdone: true };
  return { ...firing, isOutdone: false, ...explainEpisode(episode, offsetMs) };
}

function explainEpisode({ message, id, firedAtMs, remindMs }: Episode, offsetMs: number): ExplainedEpisode {
  return { message, episode: id, firedAtMs, ...knownMs('nextReminderMs', remindMs + offsetMs) };
}

function explainSilence(rule: RunningRule, key: number): ExplainedSilence | undefined {
  const { silence, clock } = rule.parts();
  const { offsetMs } = clock;
  const { silent } = rule.plan;
  if (!silence || !silent) return undefined;
  const episode = silence.alerts.of(key)?.episode;
  return {
    ...{ afterMs: silent.afterMs, severity: silent.severity, isSilent: episode !== undefined },
    ...(episode && explainEpisode(episode, offsetMs)),
    ...knownMs('heardMs', silence.heardMs(key) + offsetMs),
    ...knownMs('silentAtMs', silence.fallsAtMs(key) + offsetMs),
  };
}
