/**
 * A query as a panel's target: the SDK has no builder for InfluxDB, so this is ours, in the form the data source's plug-in reads.
 *
 * Not here: what is asked (influxql.ts).
 */

import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import { type Selection, textOf } from './influxql.ts';

/** The data source that the person at the dashboard has chosen. */
export const dataSource: DataSourceRef = { type: 'influxdb', uid: `\${datasource}` };

export interface InfluxTarget {
  readonly refId: string;
  readonly datasource: DataSourceRef;
  readonly rawQuery: true;
  readonly query: string;
  readonly resultFormat: 'time_series' | 'table';
  /** Name of each series: `$tag_vehicle`, `$col`. */
  readonly alias?: string;
}

/** A series for each group of tags, named by `alias`: `$tag_vehicle` is the value of that tag. */
export function series(selection: Selection, alias: string): TargetOf {
  return (refId) => target({ ...base(refId, selection), resultFormat: 'time_series', alias });
}

/**
 * One table, with the groups' tag as a column. One tag only: with several, Grafana's parser (influxql/converter/converter.go) may put
 * a series' values into each other's columns. Further tags are columns of the selection: those of the point selected.
 */
export function rows(selection: Selection): TargetOf {
  if ((selection.by ?? []).length > 1) throw new Error('a table of groups by more than one tag');
  return (refId) => target({ ...base(refId, selection), resultFormat: 'table' });
}

/** Made once its letter within the panel is known. */
export type TargetOf = (refId: string) => Builder<Dataquery>;

export function lettered(targets: readonly TargetOf[]): Builder<Dataquery>[] {
  return targets.map((make, i) => make(String.fromCharCode(65 + i)));
}

function base(refId: string, selection: Selection) {
  return { refId, datasource: dataSource, rawQuery: true, query: textOf(selection) } as const;
}

/** Any further query in the SDK's form: it marks what is a query by a method, which JSON leaves out. */
export function target<T extends object>(content: T): Builder<Dataquery & T> {
  return { build: () => ({ ...content, _implementsDataqueryVariant() {} }) };
}
