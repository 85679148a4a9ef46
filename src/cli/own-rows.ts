/** The machine, and the gateway's points about itself, as rows of a status for people. Pure. */

import { isAway } from '../core/health.ts';
import type { GatewayStatus, MachineLine, OwnPointsLine } from '../core/status.ts';
import type { Cell } from './table.ts';
import { bytesText, countText } from './units-text.ts';

export function machineRow({ machine }: GatewayStatus): Cell[] {
  return ['machine', machineText(machine)];
}

function machineText(machine: MachineLine): string {
  const { cpuPercent, cpuTemperatureC, memoryBytes, memoryAvailableBytes, disk } = machine;
  const temperature = cpuTemperatureC === undefined ? '' : ` at ${cpuTemperatureC.toFixed(0)} °C`;
  const left = memoryAvailableBytes === undefined ? '' : `, ${bytesText(memoryAvailableBytes)} left`;
  return [
    `${cpuPercent.toFixed(0)} % of a core${temperature}`,
    `${bytesText(memoryBytes)} of memory${left}`,
    ...(disk === undefined
      ? []
      : [`${bytesText(disk.freeBytes)} of ${bytesText(disk.totalBytes)} of disk free`]),
  ].join('; ');
}

/** Only what a person should know of. */
export function ownPointsRows({ health, alertPoints }: GatewayStatus): Cell[][] {
  return [...ownPointsRow('its health', health), ...ownPointsRow('alerts', alertPoints)];
}

function ownPointsRow(name: string, line: OwnPointsLine | undefined): Cell[][] {
  if (line === undefined) return [];
  const { state, detail, pendingPoints, setAside, lost } = line;
  const waits = isAway(state);
  const counts: readonly (readonly [number, string])[] = [
    [waits ? pendingPoints : 0, 'points wait'],
    [setAside, 'set aside'],
    [lost, 'lost'],
  ];
  const said = counts.filter(([count]) => count > 0).map(([count, what]) => `${countText(count)} ${what}`);
  if (said.length === 0) return [];
  return [[name, { text: [waits ? detail : state, ...said].join(', '), style: 'yellow' }]];
}
