/**
 * How long alerts fired: episodes of a replay, by rule.
 *
 * Invariant: memory is bounded by what fires at the same time.
 */

import type { Alert } from '../../core/types.ts';

/** Durations are in event time, from firing to ok; of what still fires, to the end of the recording. */
export interface RuleEpisodes {
  readonly episodes: number;
  readonly totalMs: number;
  readonly longestMs: number;
  readonly stillFiring: number;
}

export interface EpisodeBook {
  add(alerts: readonly Alert[]): void;
  /** By the name of the rule; rules whose alerts never fired are not among them. */
  close(endMs: number): ReadonlyMap<string, RuleEpisodes>;
}

type Counting = { -readonly [K in keyof RuleEpisodes]: RuleEpisodes[K] };

export function createEpisodeBook(): EpisodeBook {
  const open = new Map<string, { readonly rule: string; readonly firedAtMs: number }>();
  const rules = new Map<string, Counting>();

  function count(rule: string): Counting {
    let counting = rules.get(rule);
    if (counting === undefined) {
      counting = { episodes: 0, totalMs: 0, longestMs: 0, stillFiring: 0 };
      rules.set(rule, counting);
    }
    return counting;
  }

  function end(rule: string, firedAtMs: number, atMs: number): void {
    const counting = count(rule);
    const lastedMs = Math.max(0, atMs - firedAtMs);
    counting.totalMs += lastedMs;
    counting.longestMs = Math.max(counting.longestMs, lastedMs);
  }

  return {
    add(alerts) {
      for (const { episode, rule, state, firedAtMs, atMs } of alerts) {
        if (state === 'firing') {
          if (!open.has(episode)) count(rule).episodes += 1;
          open.set(episode, { rule, firedAtMs });
        } else if (open.delete(episode)) {
          end(rule, firedAtMs, atMs);
        }
      }
    },
    close(endMs) {
      for (const { rule, firedAtMs } of open.values()) {
        end(rule, firedAtMs, endMs);
        count(rule).stillFiring += 1;
      }
      return rules;
    },
  };
}
