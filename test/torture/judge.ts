/**
 * What became of all that a station's clients sent, once everything is delivered.
 *
 * Of QoS 1 and 2 every reading must be there. QoS 0 and serial cannot be sent again: what was promised must be there, and
 * what is there must have been sent and be counted once, in the single readings as in every window.
 */

import type { OracleReading } from '../oracle.ts';
import {
  alertDifferences,
  alertPoints,
  differences,
  expectedAlerts,
  expectedPoints,
  type Points,
  startFindings,
  storedAlerts,
  storedPoints,
} from './compare.ts';
import { runReference } from './reference.ts';
import type { Peers, Station } from './station.ts';

export interface Verdict {
  readonly findings: readonly string[];
  readonly points: number;
  readonly alerts: number;
  readonly promised: number;
  /** Of QoS 0 and serial: sent, and there. */
  readonly sentOnce: number;
  readonly arrivedOnce: number;
}

/** Also makes the reference run, in a database named after the station's. */
export async function judge(peers: Peers, name: string, station: Station): Promise<Verdict> {
  const { influxd, hook } = peers;
  const stored = await storedPoints(influxd, name);
  const once = [station.unanswered, station.probe].map(({ device, promised }) => {
    const arrived = device.readings.filter((reading) => has(stored, reading));
    return { device, promised, arrived };
  });
  const lost = once.flatMap(({ promised }) => [...promised].filter((reading) => !has(stored, reading)));
  const meters = station.meters.map(({ device }) => device.readings);
  const pads = station.pads.device.readings;
  const readings = [...meters, ...once.map(({ arrived }) => arrived)].flat();
  const expected = expectedPoints(readings, pads);
  const alerts = expectedAlerts(readings);
  const received = hook.receivedBy(name);
  const [zs, probe] = [once[0]!.arrived, once[1]!.arrived];
  const referenceName = `${name}_reference`;
  await runReference(peers, referenceName, { meters: [...meters, zs], pads, probe });
  const reference = await storedPoints(influxd, referenceName);
  const starts = await startFindings(influxd, name);
  const asPoints = alertPoints(await storedAlerts(influxd, name));
  for (const one of [name, referenceName]) await influxd.query(`DROP DATABASE "${one}"`);
  const told = differences(alertPoints(received), alertPoints(hook.receivedBy(referenceName)));
  return {
    findings: [
      ...lost.map(({ key, timeMs }) => `promised and lost: ${key} ${new Date(timeMs).toISOString()}`),
      ...starts,
      ...differences(stored, expected),
      ...alertDifferences(received, alerts),
      ...differences(asPoints, alertPoints(received)).map((finding) => `alert as a point: ${finding}`),
      ...differences(stored, reference).map((finding) => `not as undisturbed: ${finding}`),
      ...told.map((finding) => `not told as undisturbed: ${finding}`),
    ],
    points: expected.size,
    alerts: alerts.length,
    promised: [...station.publishers, station.probe].reduce((sum, { promised }) => sum + promised.size, 0),
    sentOnce: once.reduce((sum, { device }) => sum + device.readings.length, 0),
    arrivedOnce: once.reduce((sum, { arrived }) => sum + arrived.length, 0),
  };
}

const has = (points: Points, { key, timeMs }: OracleReading): boolean =>
  points.has(`each ${key} ${new Date(timeMs).toISOString()}`);
