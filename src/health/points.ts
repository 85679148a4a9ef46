/**
 * A gateway's status as points: `headgate`, and one for each device, rule and source.
 *
 * Names and units are those of docs/configuration.md; counters count over the life of the data folder unless said otherwise.
 * Pure: the same status gives the same points. What is not known is no field.
 */

import { isAway } from '../core/health.ts';
import type { GatewayStatus, SourceLine } from '../core/status.ts';
import type { FieldValue, Point } from '../core/types.ts';

/** Of a source: broker, client, serial line. */
const openStates = new Set(['listening', 'connected', 'open']);

/** Whether a source is there to be sent to. */
export function isUp({ state }: Pick<SourceLine, 'state'>): boolean {
  return openStates.has(state);
}

/** Whether what is forwarded is taken, or nothing was tried yet. */
export function isForwardUp({ forward, health }: Pick<GatewayStatus, 'forward' | 'health'>): boolean {
  return [forward, health].every((line) => !isAway(line?.state));
}

type Fields = Readonly<Record<string, FieldValue | undefined>>;

/** All points of a moment. */
export function healthPoints(status: GatewayStatus): Point[] {
  const { gateway, nowMs: timeMs, devices, rules, sources } = status;
  const point = (measurement: string, tags: Point['tags'], fields: Fields): Point => ({
    measurement,
    tags: { gateway, ...tags },
    fields: known(fields),
    timeMs,
  });
  return [
    point('headgate', {}, { ...ownFields(status), ...machineFields(status), ...outboxFields(status) }),
    ...devices.map((device) =>
      point('headgate_device', { device: device.name }, deviceFields(device, timeMs)),
    ),
    ...rules.map((rule) => point('headgate_rule', { rule: rule.name }, ruleFields(rule, status))),
    ...sources.map((source) => point('headgate_source', { source: source.name }, sourceFields(source))),
  ];
}

function known(fields: Fields): Record<string, FieldValue> {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, FieldValue] => entry[1] !== undefined),
  );
}

const seconds = (ms: number): number => ms / 1000;
const flag = (is: boolean): number => (is ? 1 : 0);

function ownFields(status: GatewayStatus): Fields {
  const { fates, rules, alerts, overload, clock } = status;
  const sum = (value: (rule: GatewayStatus['rules'][number]) => number): number =>
    rules.reduce((all, rule) => all + value(rule), 0);
  return {
    version: status.version,
    uptime_seconds: seconds(status.nowMs - status.startedMs),
    restarts: status.restarts,
    frames: fates.frames,
    frames_unrouted: fates.unrouted,
    readings_received: fates.received,
    readings: fates.readings,
    duplicates: fates.duplicates,
    set_aside: fates.setAside,
    rule_readings: sum(({ readings }) => readings),
    filtered: sum(({ filtered }) => filtered),
    late: sum(({ late }) => late),
    over_limit: sum(({ overLimit }) => overLimit),
    in_windows: sum(({ inWindows }) => inWindows),
    in_results: sum(({ inResults }) => inResults),
    forgotten: sum(({ forgotten }) => forgotten),
    points: fates.points,
    alerts_fired: sum(({ fired }) => fired),
    alerts_firing: alerts.length,
    behind_seconds: seconds(overload.behindMs),
    held_back: flag(overload.state !== 'keeping up'),
    clock_sure: flag(clock.state === 'sure'),
  };
}

function machineFields({ machine, journal }: GatewayStatus): Fields {
  return {
    journal_bytes: journal.bytes,
    data_bytes: machine.dataBytes,
    disk_free_bytes: machine.disk?.freeBytes,
    disk_total_bytes: machine.disk?.totalBytes,
    memory_rss_bytes: machine.memoryBytes,
    memory_available_bytes: machine.memoryAvailableBytes,
    cpu_percent: machine.cpuPercent,
    load_1m: machine.load1m,
    cpu_temperature_celsius: machine.cpuTemperatureC,
  };
}

function outboxFields(status: GatewayStatus): Fields {
  const { forward, nowMs } = status;
  const { through, pendingPoints, pendingBytes, oldestPendingMs = nowMs } = forward;
  return {
    forward_up: flag(isForwardUp(status)),
    forward_lag_seconds: seconds(Math.max(0, nowMs - oldestPendingMs)),
    forwarded_points: through.sent,
    refused_points: through.setAside,
    dropped_points: through.lost,
    outbox_points: pendingPoints,
    outbox_bytes: pendingBytes,
  };
}

function deviceFields(device: GatewayStatus['devices'][number], nowMs: number): Fields {
  const { lastArrivalMs } = device;
  return {
    readings_received: device.received,
    readings: device.readings,
    duplicates: device.duplicates,
    set_aside: device.setAside,
    series: device.series,
    seconds_since_heard:
      lastArrivalMs === undefined ? undefined : seconds(Math.max(0, nowMs - lastArrivalMs)),
  };
}

function ruleFields(rule: GatewayStatus['rules'][number], { alerts }: GatewayStatus): Fields {
  return {
    readings: rule.readings,
    filtered: rule.filtered,
    late: rule.late,
    over_limit: rule.overLimit,
    in_windows: rule.inWindows,
    in_results: rule.inResults,
    points: rule.points,
    alerts_fired: rule.fired,
    alerts_firing: alerts.filter((alert) => alert.rule === rule.name).length,
    keys: rule.keys,
  };
}

/** What a source counts is counted since the start of the gateway. */
function sourceFields(source: SourceLine): Fields {
  const counters = Object.entries(source.counters).map(([name, count]) => [snakeCase(name), count]);
  return { up: flag(isUp(source)), ...Object.fromEntries(counters) };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
