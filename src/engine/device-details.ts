/** Devices in detail, for `headgate devices`. Changes nothing. */

import type { DeviceDetail, DeviceDetails, SilentSeries } from '../core/device-details.ts';
import type { DeviceDecoder } from './decode.ts';
import { type EngineState, timeOfDayAt } from './engine.ts';
import { lastArrivalOf } from './explain/last-rows.ts';
import { knownMs } from './known-ms.ts';
import { tagsOf } from './series.ts';

/** Silent keys of a device. */
const shownSilent = 5;

/** `nowMs` is an arrival that could be now; what is told are times of day. */
export function deviceDetails(state: EngineState, nowMs: number): DeviceDetails {
  return {
    nowMs: timeOfDayAt(state, nowMs),
    devices: state.devices.map(({ decoder }) => detailOf(state, decoder, nowMs)),
    unrouted: state.counts.unrouted,
    topics: state.unrouted.list(state.plan.devices.map(({ profile }) => profile)),
  };
}

function detailOf(state: EngineState, decoder: DeviceDecoder, nowMs: number): DeviceDetail {
  const { source, topic, silentAfterMs } = decoder.plan.profile;
  return {
    ...decoder.status(),
    ...(source !== undefined && { source }),
    ...(topic !== undefined && { topic }),
    perSecond: decoder.perSecond(nowMs),
    late: lateOf(state, decoder),
    ...(silentAfterMs !== undefined && {
      silentAfterMs,
      silent: silentOf(state, decoder, silentAfterMs, nowMs),
    }),
  };
}

function lateOf({ rules }: EngineState, { rows }: DeviceDecoder): Record<string, number> {
  return Object.fromEntries(
    rules.flatMap((rule) => {
      const count = rule.parts().late?.get(rows.table) ?? 0;
      return count > 0 ? [[rule.plan.name, count]] : [];
    }),
  );
}

/** Keys that were not heard for so long; of those not heard since the start, as of the start. */
function silentOf(
  state: EngineState,
  { plan, rows: { table }, last }: DeviceDecoder,
  silentAfterMs: number,
  nowMs: number,
): NonNullable<DeviceDetail['silent']> {
  const silent: { series: number; heardMs: number }[] = [];
  for (let series = 0; series < table.size; series++) {
    const heardMs = lastArrivalOf(last, series);
    const sinceMs = Math.max(
      Number.isNaN(heardMs) ? Number.NEGATIVE_INFINITY : heardMs,
      state.listeningSinceMs,
    );
    if (nowMs - sinceMs >= silentAfterMs) silent.push({ series, heardMs });
  }
  silent.sort((a, b) => (a.heardMs || 0) - (b.heardMs || 0));
  return {
    count: silent.length,
    shown: silent.slice(0, shownSilent).map(
      ({ series, heardMs }): SilentSeries => ({
        tags: tagsOf(table, plan.tags, series),
        ...knownMs('lastArrivalMs', timeOfDayAt(state, heardMs)),
      }),
    ),
  };
}
