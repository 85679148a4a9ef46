/** What the page is given: a dashboard as it is in its file, and what its queries gave. */

import type { AnnotationJson, DashboardJson, PanelJson } from '../../../test/grafana/dashboard-json.ts';
import type { Range } from '../../../test/grafana/interpolate.ts';

export type Value = number | string | boolean | null;

/** A series of time, named as the target's alias says. */
export interface Line {
  readonly name: string;
  readonly times: readonly number[];
  readonly values: readonly Value[];
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

export interface PanelScene {
  readonly panel: PanelJson;
  readonly range: Range;
  readonly lines: readonly Line[];
  readonly table: Table | undefined;
}

export interface Mark {
  readonly atMs: number;
  readonly colour: string;
}

export interface Scene {
  readonly dashboard: Pick<DashboardJson, 'title' | 'description' | 'panels'>;
  /** Where the picture comes from, written below it. */
  readonly caption: string;
  readonly range: Range;
  /** "Gateway: All". */
  readonly chosen: readonly string[];
  readonly kinds: readonly Pick<AnnotationJson, 'name' | 'iconColor' | 'enable'>[];
  readonly marks: readonly Mark[];
  readonly panels: readonly PanelScene[];
}
