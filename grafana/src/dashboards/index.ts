/** All dashboards, by the name of their file. */

import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { type Board, dashboardOf } from '../board.ts';
import { buses } from './buses/board.ts';
import { fleet } from './fleet/board.ts';
import { gateway } from './gateway/board.ts';
import { health } from './health/board.ts';
import { machines } from './machines.ts';

const boards: Readonly<Record<string, () => Board>> = { buses, fleet, gateway, health, machines };

/** As files: `buses.json` and what stands in it. */
export function dashboardFiles(): ReadonlyMap<string, Dashboard> {
  return new Map(Object.entries(boards).map(([name, board]) => [`${name}.json`, dashboardOf(board())]));
}

/** As it is committed. */
export function jsonOf(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
