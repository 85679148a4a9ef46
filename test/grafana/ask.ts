/**
 * What a dashboard's JSON asks, put to a real InfluxDB: every variable, annotation and panel.
 *
 * Not here: whether the answers are right.
 */

import type { Influxd, Series } from '../peers/influxd.ts';
import type { AnnotationJson, DashboardJson, PanelJson, TargetJson, VariableJson } from './dashboard-json.ts';
import {
  type Choice,
  type Choices,
  intervalMs,
  type Range,
  rangeOf,
  withChoices,
  withMacros,
} from './interpolate.ts';

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
  readonly influxd: Pick<Influxd, 'query'>;
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
    const points = panel.maxDataPoints ?? panel.gridPos.w * pointsAColumn;
    const ms = intervalMs(own, points, panel.interval);
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
