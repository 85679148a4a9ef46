/**
 * The balance of everything that came in: at each place on the path what was taken is what became of it.
 *
 *     frames    processed + waiting in the journal      processed = wanted by a device + unrouted
 *     devices   readings received = handed to rules + duplicates + set aside
 *     rules     readings = in results + in windows + filtered + late + over the limit + forgotten
 *     points    of the outbox = sent + waiting + set aside + lost + merged away in a long outage
 *
 * A reading counts once at each place, in however many windows it is; a frame may be wanted by several devices and hold
 * many readings, and each rule judges each reading of its devices for itself.
 * Invariant: both sides are counted apart from each other (but for frames that wait: what the journal took and nobody
 * has processed); where they differ, the gateway has a mistake.
 */

import type { DeviceLine, ForwardLine, GatewayStatus, RuleLine } from './status.ts';

export interface Account {
  readonly place: 'frames' | 'device' | 'rule' | 'points';
  /** Of a device or rule. */
  readonly name?: string;
  readonly taken: number;
  /** By fate; every number is one of `GatewayStatus`. */
  readonly fates: Readonly<Record<string, number>>;
  /** Taken, and of no fate. Always 0. */
  readonly missing: number;
}

type Balanced = Pick<GatewayStatus, 'fates' | 'devices' | 'rules' | 'journal' | 'forward'>;

/** One account for each place: all frames, each device, each rule, all points. */
export function accountsOf({ fates, devices, rules, journal, forward }: Balanced): Account[] {
  const { frames, unrouted } = fates;
  const waiting = Math.max(0, journal.waiting);
  return [
    account('frames', frames + journal.waiting, { wanted: frames - unrouted, unrouted, waiting }),
    ...devices.map((device) => account('device', device.received, fatesOfDevice(device), device.name)),
    ...rules.map((rule) => account('rule', rule.readings, fatesOfRule(rule), rule.name)),
    account('points', forward.through.taken, fatesOfPoints(forward)),
  ];
}

function fatesOfDevice({ readings, duplicates, setAside }: DeviceLine): Account['fates'] {
  return { readings, duplicates, setAside };
}

function fatesOfRule(rule: RuleLine): Account['fates'] {
  const { inResults, inWindows, filtered, late, overLimit, forgotten } = rule;
  return { inResults, inWindows, filtered, late, overLimit, forgotten };
}

function fatesOfPoints({ through, pendingPoints }: ForwardLine): Account['fates'] {
  const { sent, setAside, lost, merged } = through;
  return { sent, waiting: pendingPoints, setAside, lost, merged };
}

function account(place: Account['place'], taken: number, fates: Account['fates'], name?: string): Account {
  const missing = Object.values(fates).reduce((rest, count) => rest - count, taken);
  return { place, ...(name !== undefined && { name }), taken, fates, missing };
}

/** The accounts of one place added up. */
export function totalOf(accounts: readonly Account[], place: Account['place']): Account {
  const fates: Record<string, number> = {};
  let taken = 0;
  for (const one of accounts) {
    if (one.place !== place) continue;
    taken += one.taken;
    for (const [fate, count] of Object.entries(one.fates)) fates[fate] = (fates[fate] ?? 0) + count;
  }
  return account(place, taken, fates);
}
