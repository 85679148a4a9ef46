/**
 * What a gateway tells of itself, as Prometheus metrics: `headgate status --format prometheus`, for the textfile
 * collector of node_exporter or any other scraper of text, and the endpoint of a running gateway (metrics-server.ts).
 *
 * Names end in their unit, counters in `_total` (Prometheus, "Metric and label naming").
 * Not here: what the figures mean; that is core/status.ts.
 */

import { Counter, Gauge, Registry } from 'prom-client';
import { accountsOf } from '../core/fates.ts';
import type { GatewayStatus, OwnPointsLine } from '../core/status.ts';
import { isForwardUp, isUp } from '../health/points.ts';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [value: number, labels?: Labels];

interface Metric {
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: (status: GatewayStatus) => readonly Sample[];
}

const counter = (help: string, samples: Metric['samples']): Metric => ({ kind: 'counter', help, samples });
const gauge = (help: string, samples: Metric['samples']): Metric => ({ kind: 'gauge', help, samples });

type Devices = GatewayStatus['devices'][number];
type Rules = GatewayStatus['rules'][number];

function byDevice(value: (device: Devices) => number | undefined): Metric['samples'] {
  return ({ devices }) =>
    devices.flatMap((device): Sample[] => {
      const measured = value(device);
      return measured === undefined ? [] : [[measured, { device: device.name }]];
    });
}

function byRule(value: (rule: Rules) => number): Metric['samples'] {
  return ({ rules }) => rules.map((rule) => [value(rule), { rule: rule.name }]);
}

function byNotifier(value: (line: GatewayStatus['notifiers'][number]) => number): Metric['samples'] {
  return ({ notifiers }) => notifiers.map((line) => [value(line), { notifier: line.name }]);
}

type Losses = GatewayStatus['disk']['losses']['journal'];

function byLog(value: (losses: Losses) => number): Metric['samples'] {
  return ({ disk }) => Object.entries(disk.losses).map(([log, losses]) => [value(losses), { log }]);
}

/** What the gateway tells of itself, and alerts as points, where these are forwarded. */
function byOwnLane(value: (line: OwnPointsLine) => number): Metric['samples'] {
  return ({ health, alertPoints }) =>
    Object.entries({ health, alerts: alertPoints }).flatMap(([lane, line]): Sample[] =>
      line === undefined ? [] : [[value(line), { lane }]],
    );
}

/** A figure that not every machine has. */
function known(value: (status: GatewayStatus) => number | undefined): Metric['samples'] {
  return (status) => {
    const figure = value(status);
    return figure === undefined ? [] : [[figure]];
  };
}

const seconds = (ms: number): number => ms / 1000;

const metrics: Readonly<Record<string, Metric>> = {
  info: gauge('1, with the name and version of the gateway', ({ gateway, version }) => [
    [1, { gateway, version }],
  ]),
  start_time_seconds: gauge('when the gateway started', ({ startedMs }) => [[seconds(startedMs)]]),
  restarts_total: counter('starts on this data folder before this one', ({ restarts }) => [[restarts]]),
  memory_available_bytes: gauge(
    'memory left on the machine, or in the control group of the process where that is less',
    known(({ machine }) => machine.memoryAvailableBytes),
  ),
  load_1m: gauge('processes that run or wait on the machine, on average over a minute', ({ machine }) => [
    [machine.load1m],
  ]),
  cpu_temperature_celsius: gauge(
    'temperature of the processor',
    known(({ machine }) => machine.cpuTemperatureC),
  ),
  disk_free_bytes: gauge(
    'free in the file system of the data folder',
    known(({ machine }) => machine.disk?.freeBytes),
  ),
  disk_size_bytes: gauge(
    'size of the file system of the data folder',
    known(({ machine }) => machine.disk?.totalBytes),
  ),
  data_bytes: gauge('size of journal, outbox and checkpoint', ({ machine }) => [[machine.dataBytes]]),
  clock_sure: gauge('0 while the time of day is not known or a guess', ({ clock }) => [
    [clock.state === 'sure' ? 1 : 0],
  ]),
  clock_steps_total: counter('how often the time of day was stepped', ({ clock }) => [[clock.steps]]),
  processed_time_seconds: gauge('end of the newest batch processed', ({ processedMs }) => [
    [seconds(processedMs)],
  ]),
  last_reload_successful: gauge('0 while the files have mistakes and an earlier version runs', ({ files }) =>
    files === undefined ? [] : [[files.state === 'broken' ? 0 : 1]],
  ),
  last_reload_success_time_seconds: gauge('when the rules that run were loaded', ({ files }) =>
    files === undefined ? [] : [[seconds(files.loadedMs)]],
  ),
  restart_needed: gauge('1 when headgate.yaml was edited since the start', ({ files }) =>
    files === undefined ? [] : [[files.state === 'restart needed' ? 1 : 0]],
  ),
  balance_missing: gauge('of no fate: frames, readings, points; always 0', (status) =>
    accountsOf(status).map(({ place, name = '', missing }): Sample => [missing, { place, name }]),
  ),
  frames_total: counter('frames processed', ({ fates }) => [[fates.frames]]),
  frames_unrouted_total: counter('of them, those no device wants', ({ fates }) => [[fates.unrouted]]),
  frames_waiting: gauge('frames in the journal, not processed yet', ({ journal }) => [[journal.waiting]]),
  frames_refused_total: counter('frames that could not be stored, since the start', ({ journal }) => [
    [journal.refused],
  ]),
  readings_received_total: counter(
    'readings found in payloads: each is handed to the rules, a duplicate or set aside',
    byDevice((device) => device.received),
  ),
  readings_total: counter(
    'of them, those handed to the rules',
    byDevice((device) => device.readings),
  ),
  duplicates_total: counter(
    'of them, those seen before',
    byDevice((device) => device.duplicates),
  ),
  device_set_aside_total: counter(
    'of them, those set aside',
    byDevice((device) => device.setAside),
  ),
  device_values_set_aside_total: counter(
    'single values set aside, of readings that were used',
    byDevice((device) => device.valuesSetAside),
  ),
  device_series: gauge(
    'combinations of tags',
    byDevice((device) => device.series),
  ),
  device_last_arrival_time_seconds: gauge(
    'when the device was last heard',
    byDevice(({ lastArrivalMs }) => (lastArrivalMs === undefined ? undefined : seconds(lastArrivalMs))),
  ),
  dead_letters_total: counter('readings, values and late readings noted as set aside', ({ fates }) => [
    [fates.noted],
  ]),
  rule_readings_total: counter(
    'readings a rule was given: each is filtered, late, over the limit, in windows, in results or forgotten',
    byRule((rule) => rule.readings),
  ),
  rule_filtered_total: counter(
    'of them, those `where` refused',
    byRule((rule) => rule.filtered),
  ),
  rule_late_total: counter(
    'of them, those that came too late',
    byRule((rule) => rule.late),
  ),
  rule_over_limit_total: counter(
    'of them, those of keys beyond series_per_rule',
    byRule((rule) => rule.overLimit),
  ),
  rule_in_windows: gauge(
    'of them, those whose last window is open',
    byRule((rule) => rule.inWindows),
  ),
  rule_in_results_total: counter(
    'of them, those all of whose windows have closed, or that were judged for themselves',
    byRule((rule) => rule.inResults),
  ),
  rule_forgotten_total: counter(
    'of them, those in windows that an edit of the rule ended',
    byRule((rule) => rule.forgotten),
  ),
  rule_windows_closed_total: counter(
    'windows closed',
    byRule((rule) => rule.windowsClosed),
  ),
  rule_results_revised_total: counter(
    'results given again because of late readings',
    byRule((rule) => rule.revised),
  ),
  rule_points_total: counter(
    'points made',
    byRule((rule) => rule.points),
  ),
  rule_unchanged_total: counter(
    'rows that made no point because nothing in them had changed',
    byRule((rule) => rule.unchanged),
  ),
  rule_without_value_total: counter(
    'rows that made no point because no field had a value',
    byRule((rule) => rule.withoutValue),
  ),
  rule_alerts_fired_total: counter(
    'alerts fired',
    byRule((rule) => rule.fired),
  ),
  rule_keys: gauge(
    'keys a rule knows',
    byRule((rule) => rule.keys),
  ),
  alerts_firing: gauge('alerts firing now', ({ alerts }) =>
    [...Map.groupBy(alerts, ({ rule, severity }) => `${severity} ${rule}`).values()].map(
      (same): Sample => [same.length, { rule: same[0]!.rule, severity: same[0]!.severity }],
    ),
  ),
  source_up: gauge('1 while the source is open', ({ sources }) =>
    sources.map(({ name, state }) => [isUp({ state }) ? 1 : 0, { source: name }]),
  ),
  disk_up: gauge('0 while the disk is full or fails', ({ disk }) => [[disk.state === 'ok' ? 1 : 0]]),
  log_lost_records_total: counter(
    'records on disk that could not be read or are gone',
    byLog((losses) => losses.lostRecords),
  ),
  log_dropped_records_total: counter(
    'records dropped for the size budget',
    byLog((losses) => losses.droppedRecords),
  ),
  log_damaged_segments_total: counter(
    'segments set aside or gone',
    byLog((losses) => losses.corruptSegments),
  ),
  log_torn_bytes_total: counter(
    'bytes of unfinished writes cut off',
    byLog((losses) => losses.tornBytes),
  ),
  files_set_aside: gauge('files of the data folder that could not be used', ({ disk }) => [
    [disk.setAside.length],
  ]),
  source_shed_total: counter('frames dropped because more arrived than could be processed', ({ sources }) =>
    sources.map(({ name, counters }) => [counters.shed ?? 0, { source: name }]),
  ),
  held_back: gauge('1 while senders are held back, for more arrives than is processed', ({ overload }) => [
    [overload.state === 'keeping up' ? 0 : 1],
  ]),
  held_back_total: counter('times that senders were held back', ({ overload }) => [[overload.times]]),
  held_back_seconds_total: counter('how long senders were held back', ({ overload }) => [
    [seconds(overload.heldMs)],
  ]),
  processing_behind_seconds: gauge('how long ago the next batch should have begun', ({ overload }) => [
    [seconds(overload.behindMs)],
  ]),
  waiting_bytes: gauge('payloads taken and not processed yet', ({ overload }) => [[overload.waitingBytes]]),
  journal_bytes: gauge('size of the journal', ({ journal }) => [[journal.bytes]]),
  checkpoint_time_seconds: gauge('when the last checkpoint was written', ({ checkpoint }) =>
    checkpoint.atMs === undefined ? [] : [[seconds(checkpoint.atMs)]],
  ),
  forward_up: gauge('0 while points are not taken', (status) => [[isForwardUp(status) ? 1 : 0]]),
  forward_points_total: counter('points sent', ({ forward }) => [[forward.sent]]),
  forward_lost_total: counter('points gone unsent', ({ forward }) => [[forward.lost]]),
  forward_set_aside_total: counter('points refused', ({ forward }) => [[forward.setAside]]),
  forward_pending_points: gauge('points not sent yet', ({ forward }) => [[forward.pendingPoints]]),
  forward_pending_bytes: gauge('their size', ({ forward }) => [[forward.pendingBytes]]),
  forward_thinned_points_total: counter('points merged to fewer in an outage', ({ forward }) => [
    [forward.thinned.from],
  ]),
  forward_thinned_to_points_total: counter('what they were merged to', ({ forward }) => [
    [forward.thinned.to],
  ]),
  forward_left_out_values_total: counter('values of them that cannot be merged', ({ forward }) => [
    [forward.thinned.leftOut],
  ]),
  forward_oldest_pending_time_seconds: gauge(
    'batch of the oldest point not sent yet',
    ({ forward: { oldestPendingMs } }) => (oldestPendingMs === undefined ? [] : [[seconds(oldestPendingMs)]]),
  ),
  forward_room_seconds: gauge('until points are dropped, in an outage', ({ forward: { roomMs } }) =>
    roomMs === undefined ? [] : [[seconds(roomMs)]],
  ),
  own_points_total: counter(
    'points about the gateway itself, and of alerts, that were sent',
    byOwnLane((line) => line.sent),
  ),
  own_points_set_aside_total: counter(
    'of such points, those refused',
    byOwnLane((line) => line.setAside),
  ),
  own_points_lost_total: counter(
    'of such points, those gone unsent',
    byOwnLane((line) => line.lost),
  ),
  own_points_pending: gauge(
    'of such points, those not sent yet',
    byOwnLane((line) => line.pendingPoints),
  ),
  alerts_delivered_total: counter(
    'alerts handed over',
    byNotifier((line) => line.delivered),
  ),
  alerts_rejected_total: counter(
    'alerts refused',
    byNotifier((line) => line.rejected),
  ),
  alerts_silenced_total: counter(
    'alerts not told: silenced, or reminders of acknowledged ones',
    byNotifier((line) => line.silenced),
  ),
  alerts_withheld: gauge(
    'alerts to tell when their silence ends',
    byNotifier((line) => line.withheld),
  ),
  alerts_pending: gauge(
    'alerts not handed over yet',
    byNotifier((line) => line.pending),
  ),
};

/** Under the names that every process has; only in what the process itself serves, where no other is beside it. */
const processMetrics: Readonly<Record<string, Metric>> = {
  cpu_seconds_total: counter('processor time, of all threads', ({ machine }) => [[machine.cpuSeconds]]),
  resident_memory_bytes: gauge('memory in use', ({ machine }) => [[machine.memoryBytes]]),
  start_time_seconds: gauge('when the process started', ({ startedMs }) => [[seconds(startedMs)]]),
};

/** The text of all metrics of the gateway. */
export function metricsText(status: GatewayStatus): Promise<string> {
  return textOf(metrics, 'headgate_', status);
}

/** The text of those that Prometheus expects of a process. */
export function processText(status: GatewayStatus): Promise<string> {
  return textOf(processMetrics, 'process_', status);
}

async function textOf(
  table: Readonly<Record<string, Metric>>,
  prefix: string,
  status: GatewayStatus,
): Promise<string> {
  const registry = new Registry();
  for (const [name, { kind, help, samples }] of Object.entries(table)) {
    const all = samples(status);
    // Without a sample the library would print a zero, which is a figure.
    if (all.length === 0) continue;
    const labelNames = Object.keys(all[0]?.[1] ?? {});
    const Kind = kind === 'counter' ? Counter : Gauge;
    const metric = new Kind({ name: `${prefix}${name}`, help, labelNames, registers: [registry] });
    for (const [value, labels] of all) metric.inc(labels ?? {}, value);
  }
  return registry.metrics();
}
