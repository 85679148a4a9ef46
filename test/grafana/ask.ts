/**
 * What a dashboard's JSON asks, put to a real InfluxDB: every variable, annotation and panel.
 *
 * Not here: whether the answers are right.
 */

import type { Influxd, Series } from '../peers/influxd.ts';
import {
  type Choice,
  type Choices,
  intervalMs,
  type Range,
  rangeOf,
  withChoices,
  withMacros,
} from './interpolate.ts';

/** As it stands in the file, as far as it is looked at. */
export interface DashboardJson {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly schemaVersion: number;
  readonly tags: readonly string[];
  readonly time: { readonly from: string; readonly to: string };
  readonly refresh: string;
  readonly panels: readonly PanelJson[];
  readonly templating: { readonly list: readonly VariableJson[] };
  readonly annotations: { readonly list: readonly AnnotationJson[] };
}

export interface DataSourceJson {
  readonly type: string;
  readonly uid: string;
}

export interface PanelJson {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: DataSourceJson;
  readonly targets?: readonly TargetJson[];
  readonly interval?: string;
  readonly timeFrom?: string;
  readonly fieldConfig?: {
    readonly defaults: FieldJson;
    readonly overrides: readonly OverrideJson[];
  };
  // biome-ignore lint/suspicious/noExplicitAny: options differ by kind of panel
  readonly options?: any;
  readonly transformations?: readonly { readonly id: string; readonly options: OrganizeJson }[];
}

export interface FieldJson {
  readonly unit?: string;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly noValue?: string;
  readonly thresholds?: {
    readonly steps: readonly { readonly value: number | null; readonly color: string }[];
  };
  readonly mappings?: readonly {
    readonly options: Readonly<Record<string, { text?: string; color?: string }>>;
  }[];
  // biome-ignore lint/suspicious/noExplicitAny: differs by kind of panel
  readonly custom?: any;
}

export interface OverrideJson {
  readonly matcher: { readonly id: string; readonly options: string };
  // biome-ignore lint/suspicious/noExplicitAny: any setting of a field
  readonly properties: readonly { readonly id: string; readonly value?: any }[];
}

export interface OrganizeJson {
  readonly excludeByName: Readonly<Record<string, boolean>>;
  readonly indexByName: Readonly<Record<string, number>>;
  readonly renameByName: Readonly<Record<string, string>>;
}

export interface TargetJson {
  readonly refId: string;
  readonly datasource: DataSourceJson;
  readonly rawQuery: boolean;
  readonly query: string;
  readonly resultFormat?: 'time_series' | 'table';
  readonly alias?: string;
}

export interface VariableJson {
  readonly name: string;
  readonly type: string;
  readonly query: string;
  readonly datasource?: DataSourceJson;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string;
}

export interface AnnotationJson {
  readonly name: string;
  readonly iconColor: string;
  readonly datasource: DataSourceJson;
  readonly target: TargetJson & { readonly textColumn: string; readonly tagsColumn: string };
}

export interface Answer {
  readonly target: TargetJson;
  readonly query: string;
  readonly series: readonly Series[];
}

export interface PanelAnswer {
  readonly panel: PanelJson;
  readonly range: Range;
  readonly answers: readonly Answer[];
}

export interface DashboardAnswer {
  readonly range: Range;
  readonly choices: Choices;
  readonly variables: readonly {
    readonly variable: VariableJson;
    readonly query: string;
    readonly values: readonly string[];
  }[];
  readonly panels: readonly PanelAnswer[];
  readonly annotations: readonly {
    readonly annotation: AnnotationJson;
    readonly query: string;
    readonly series: readonly Series[];
  }[];
}

export interface Viewer {
  readonly influxd: Influxd;
  readonly database: string;
  /** The moment at which the person looks. */
  readonly nowMs: number;
  /** How far back, instead of what the dashboard says. */
  readonly back?: string;
  /** Instead of All, or of the first value. */
  readonly choices?: Choices;
}

/** A column of Grafana's grid, on a screen of usual width, has room for so many points. */
const pointsAColumn = 60;

/** All that a person who opens the dashboard makes Grafana ask. */
export async function open(dashboard: DashboardJson, viewer: Viewer): Promise<DashboardAnswer> {
  const time = viewer.back === undefined ? dashboard.time : { from: `now-${viewer.back}`, to: 'now' };
  const range = rangeOf(time, viewer.nowMs);
  const ask = (query: string) => viewer.influxd.query(query, viewer.database);
  const { variables, choices } = await choose(dashboard, viewer, range);
  const panels: PanelAnswer[] = [];
  for (const panel of dashboard.panels.filter(({ type }) => type !== 'row')) {
    const own = rangeOf(time, viewer.nowMs, panel.timeFrom);
    const ms = intervalMs(own, panel.gridPos.w * pointsAColumn, panel.interval);
    const answers: Answer[] = [];
    for (const target of panel.targets ?? []) {
      const query = withMacros(withChoices(target.query, choices), own, ms);
      answers.push({ target, query, series: await ask(query) });
    }
    panels.push({ panel, range: own, answers });
  }
  const annotations = [];
  for (const annotation of dashboard.annotations.list) {
    const query = withMacros(withChoices(annotation.target.query, choices), range, 1);
    annotations.push({ annotation, query, series: await ask(query) });
  }
  return { range, choices, variables, panels, annotations };
}

/** Variables in order: those below may ask with the values of those above. */
async function choose(dashboard: DashboardJson, viewer: Viewer, range: Range) {
  const choices: Record<string, Choice> = {};
  const variables = [];
  for (const variable of dashboard.templating.list.filter(({ type }) => type === 'query')) {
    const query = withMacros(withChoices(variable.query, choices), range, 1);
    const series = await viewer.influxd.query(query, viewer.database);
    const values = series.flatMap((one) => one.values.map((row) => String(row[1])));
    variables.push({ variable, query, values });
    const all = variable.allValue === undefined ? values.slice(0, 1) : { all: variable.allValue };
    choices[variable.name] = viewer.choices?.[variable.name] ?? all;
  }
  return { variables, choices };
}
