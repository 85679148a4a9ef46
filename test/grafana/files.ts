/** The dashboards as they are committed. */

import { readdirSync, readFileSync } from 'node:fs';
import type { DashboardJson } from './dashboard-json.ts';

export const folder = new URL('../../grafana/dashboards/', import.meta.url);

/** By the name of the file. */
export function dashboardTexts(): ReadonlyMap<string, string> {
  return new Map(
    readdirSync(folder)
      .toSorted()
      .map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]),
  );
}

export function dashboards(): readonly DashboardJson[] {
  return [...dashboardTexts().values()].map((text) => JSON.parse(text) as DashboardJson);
}
