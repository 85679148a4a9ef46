/**
 * Says when a rule or a device has as many series as it may: what comes beyond is counted, and somebody has to decide whether
 * the limit is too low or a tag is none.
 *
 * Told once for each rule and device, and again each hour while more comes. Not here: the limit itself, and the counting.
 */

import type { Logger } from './core/log.ts';
import type { EngineState } from './engine/engine.ts';

export interface SeriesAlarmOptions {
  readonly state: () => EngineState;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly everyMs?: number;
}

const usualEveryMs = 5000;
const againAfterMs = 3_600_000;
/** The reason for which a device sets readings aside; see engine/decode.ts. */
const deviceReason = 'too many series';

/** Looks now and then, until the signal aborts. */
export function watchSeries({ state, logger, signal, everyMs = usualEveryMs }: SeriesAlarmOptions): void {
  /** What was counted when it was last told, or in earlier runs. */
  const known = new Map<string, { readonly count: number; readonly atMs: number }>();
  let isFirst = true;

  function look(name: string, count: number, tell: () => void): void {
    const { count: before, atMs } = known.get(name) ?? { count: 0, atMs: Number.NEGATIVE_INFINITY };
    const nowMs = performance.now();
    if (count === before || nowMs - atMs < againAfterMs) return;
    known.set(name, { count, atMs: isFirst ? Number.NEGATIVE_INFINITY : nowMs });
    if (!isFirst) tell();
  }

  function lookAtAll(): void {
    for (const rule of state().rules) {
      const { name, overLimit, keys } = rule.status();
      look(`rule ${name}`, overLimit, () => {
        const remedy = 'give `by` fewer tags, or raise `limits.series_per_rule`';
        logger.error(
          { rule: name, keys, notUsed: overLimit, remedy },
          'a rule has as many keys as it may: readings of further ones are not used',
        );
      });
    }
    for (const { decoder } of state().devices) {
      const { name, series, reasons = {} } = decoder.status();
      const setAside = reasons[deviceReason] ?? 0;
      look(`device ${name}`, setAside, () => {
        const remedy = 'a tag that is another one in each message is no tag: take it out of the profile';
        logger.error(
          { device: name, series, setAside, remedy },
          'a device has as many series as it may: readings of further ones are set aside',
        );
      });
    }
  }

  lookAtAll();
  isFirst = false;
  const timer = setInterval(lookAtAll, everyMs).unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}
