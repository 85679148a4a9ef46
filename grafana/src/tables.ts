/**
 * Tables: the columns in the order they are written, each with its own unit, colours and link.
 *
 * Invariant: a column that is not written is not shown.
 */

import * as common from '@grafana/grafana-foundation-sdk/common';
import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import * as table from '@grafana/grafana-foundation-sdk/table';
import { type About, type DataLink, described, type Step } from './panels.ts';

export interface Column {
  /** As the query names it: a tag, a column, or `Time`. */
  readonly name: string;
  readonly title: string;
  readonly unit?: string;
  readonly decimals?: number;
  readonly width?: number;
  /** Colours the text, or the whole cell. */
  readonly steps?: readonly Step[];
  readonly loud?: boolean;
  readonly words?: Readonly<Record<string, { readonly text?: string; readonly color: string }>>;
  readonly link?: DataLink;
}

export interface Columns extends About {
  readonly columns: readonly Column[];
  /** Columns of the answer that are left out. */
  readonly hidden?: readonly string[];
  /** Title of the column by which it is sorted, from the highest. */
  readonly sortBy?: string;
  readonly lately?: string;
}

/** From the name of a gateway to its own dashboard, at the time shown. */
export const toGateway: DataLink = {
  title: 'This gateway',
  url: `/d/headgate-gateway?var-datasource=\${datasource}&var-gateway=\${__value.raw}&\${__url_time_range}`,
};

/** A row for each group of tags, or each point. */
export function rowsPanel(about: Columns): table.PanelBuilder {
  const { columns, hidden = [], sortBy, lately } = about;
  const panel = described(new table.PanelBuilder(), about)
    .cellHeight(common.TableCellHeight.Sm)
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: Object.fromEntries(hidden.map((name) => [name, true])),
        indexByName: Object.fromEntries(columns.map(({ name }, index) => [name, index])),
        renameByName: Object.fromEntries(columns.map(({ name, title }) => [name, title])),
      },
    });
  for (const column of columns) {
    const properties = propertiesOf(column);
    if (properties.length > 0) panel.overrideByName(column.title, properties);
  }
  if (sortBy !== undefined) {
    panel.sortBy([new common.TableSortByFieldStateBuilder().displayName(sortBy).desc(true)]);
  }
  if (lately !== undefined) panel.timeFrom(lately).hideTimeOverride(true);
  return panel;
}

function propertiesOf(column: Column): DynamicConfigValue[] {
  const { unit, decimals, width, steps, loud = false, words, link } = column;
  const isColoured = steps !== undefined || words !== undefined;
  const cell = loud ? { type: 'color-background', mode: 'basic' } : { type: 'color-text' };
  const thresholds = { mode: 'absolute', steps: steps?.map(([value, color]) => ({ value, color })) };
  return [
    ...(unit === undefined ? [] : [{ id: 'unit', value: unit }]),
    ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
    ...(width === undefined ? [] : [{ id: 'custom.width', value: width }]),
    ...(isColoured ? [{ id: 'custom.cellOptions', value: cell }] : []),
    ...(isColoured ? [{ id: 'color', value: { mode: 'thresholds' } }] : []),
    ...(steps === undefined ? [] : [{ id: 'thresholds', value: thresholds }]),
    ...(words === undefined ? [] : [{ id: 'mappings', value: [{ type: 'value', options: words }] }]),
    ...(link === undefined ? [] : [{ id: 'links', value: [link] }]),
  ];
}
