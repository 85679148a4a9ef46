/** The answers to a dashboard's queries as what its page draws: series named by their alias, rows of tables, marks. */

import type { Answer, DashboardAnswer, PanelAnswer } from '../../test/grafana/ask.ts';
import type { DashboardJson } from '../../test/grafana/dashboard-json.ts';
import type { Series } from '../../test/peers/influxd.ts';
import type { Line, PanelScene, Scene, Table, Value } from './page/scene.ts';

export function sceneOf(dashboard: DashboardJson, answer: DashboardAnswer, caption: string): Scene {
  const { title, description, panels } = dashboard;
  return {
    dashboard: { title, description, panels },
    caption,
    range: answer.range,
    chosen: dashboard.templating.list.map(({ name, label }) => `${label ?? name}: ${wordsOf(answer, name)}`),
    kinds: dashboard.annotations.list.map(({ name, iconColor, enable }) => ({ name, iconColor, enable })),
    marks: answer.annotations.flatMap(({ annotation, series }) =>
      !annotation.enable
        ? []
        : series.flatMap(({ values }) =>
            values.map(([atMs]) => ({ atMs: Number(atMs), colour: annotation.iconColor })),
          ),
    ),
    panels: answer.panels.map(panelScene),
  };
}

function wordsOf({ choices }: DashboardAnswer, name: string): string {
  const choice = choices[name];
  if (choice === undefined) return 'Headgate';
  return 'all' in choice ? 'All' : (choice as readonly string[]).join(' + ');
}

function panelScene({ panel, range, answers }: PanelAnswer): PanelScene {
  const isTable = answers.some(({ target }) => target.resultFormat === 'table');
  return {
    panel,
    range,
    lines: isTable ? [] : answers.flatMap(linesOf),
    table: isTable ? tableOf(answers.flatMap(({ series }) => series)) : undefined,
  };
}

function linesOf({ target, series }: Answer): Line[] {
  return series.flatMap((one) =>
    one.columns.slice(1).map((column, i) => ({
      name: named(target.alias ?? column, one, column),
      times: one.values.map(([time]) => Number(time)),
      values: one.values.map((row) => row[i + 1] as Value),
    })),
  );
}

/** As the data source's plug-in does: `$tag_NAME` and `$col`. */
function named(alias: string, { tags = {} }: Series, column: string): string {
  return alias.replace(/\$(\w+)/g, (whole, name: string) =>
    name === 'col' ? column : (tags[name.replace(/^tag_/, '')] ?? whole),
  );
}

/** Time, tags, then the columns asked for. */
function tableOf(series: readonly Series[]): Table {
  const [first] = series;
  if (first === undefined) return { columns: [], rows: [] };
  const tags = Object.keys(first.tags ?? {});
  return {
    columns: ['Time', ...tags, ...first.columns.slice(1)],
    rows: series.flatMap((one) =>
      one.values.map(([time, ...rest]) => [time as Value, ...tags.map((tag) => one.tags![tag]!), ...rest]),
    ),
  };
}
