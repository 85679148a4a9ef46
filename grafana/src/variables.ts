/** What can be chosen at the top of the dashboards. */

import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { chosen, tagValues } from './influxql.ts';
import { dataSource } from './target.ts';

/** Which InfluxDB; there is no other place where one is named. */
export function dataSourceVariable(): dashboard.DatasourceVariableBuilder {
  return new dashboard.DatasourceVariableBuilder('datasource').label('Data source').type('influxdb');
}

export interface TagVariable {
  /** The tag, and the variable's name. */
  readonly tag: string;
  readonly label: string;
  readonly measurement: string;
  /** Variables of the same names as tags that narrow it. */
  readonly within?: readonly string[];
  /** One value only, instead of any number of them. */
  readonly single?: boolean;
}

/**
 * The values of a tag. All of them is the pattern `.*`, not a list: it holds for a fleet of thousands, and for points without the
 * tag.
 */
export function tagVariable({ tag, label, measurement, within = [], single = false }: TagVariable) {
  const query = tagValues(
    tag,
    measurement,
    within.map((name) => chosen(name)),
  );
  const variable = new dashboard.QueryVariableBuilder(tag)
    .label(label)
    .datasource(dataSource)
    .query(query)
    .definition(query)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.NaturalAsc)
    .multi(!single)
    .includeAll(!single);
  return single
    ? variable
    : variable.allValue('.*').current({ selected: true, text: ['All'], value: ['$__all'] });
}
