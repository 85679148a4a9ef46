/**
 * Alerts as the gateways write them (`headgate_alert`, a point for each change): marks on every chart, strips by key, a log.
 *
 * Invariant: a key of a rule has one alert, the most severe that fires (docs/rules.md, "Alerts"), so the last change of a key says
 * how it stands.
 */

import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { type Condition, field, isOneOf, of, type Selection, textOf, times } from './influxql.ts';
import type { About, Placeable } from './panels.ts';
import { strips } from './panels.ts';
import { rowsPanel, toGateway } from './tables.ts';
import { dataSource, rows, series, target } from './target.ts';

const measurement = 'headgate_alert';

/** Which alerts a dashboard is about. */
export interface Alerts {
  /** Names of rules; all of them without. */
  readonly rules?: readonly string[];
  readonly where: readonly Condition[];
}

const marks = [
  { name: 'Critical', severities: ['critical'], state: 'firing', colour: 'red' },
  { name: 'Warning', severities: ['warning', 'info'], state: 'firing', colour: 'orange' },
  { name: 'Cleared', severities: undefined, state: 'ok', colour: 'green' },
] as const;

/**
 * What fired, by severity, and what cleared: each kind is switched on and off at the top of the dashboard. `all` are on at first only
 * where alerts are few: a mark for each warning of a fleet of buses would hide its charts.
 */
export function annotations(alerts: Alerts, atFirst: 'critical' | 'all'): dashboard.AnnotationQueryBuilder[] {
  return marks.map(({ name, severities, state, colour }) => {
    const query = textOf({
      columns: columnsOf('message', 'severity', 'rule', 'gateway'),
      from: measurement,
      where: [
        ...conditionsOf(alerts),
        isOneOf('state', [state]),
        ...(severities === undefined ? [] : [isOneOf('severity', severities)]),
      ],
    });
    return new dashboard.AnnotationQueryBuilder()
      .name(name)
      .datasource(dataSource)
      .enable(atFirst === 'all' || name === 'Critical')
      .hide(false)
      .iconColor(colour)
      .target(
        target({
          refId: name,
          datasource: dataSource,
          fromAnnotations: true,
          rawQuery: true,
          query,
          textColumn: 'message',
          tagsColumn: 'severity,rule,gateway',
        }),
      );
  });
}

function columnsOf(...names: readonly string[]): Selection['columns'] {
  return Object.fromEntries(names.map((name) => [name, field(name)]));
}

function conditionsOf({ rules, where }: Alerts): Condition[] {
  return [...where, ...(rules === undefined ? [] : [isOneOf('rule', rules)])];
}

/** Levels of an alert as numbers, so that a strip can show them. */
const levels = [
  { severity: 'critical', level: 3 },
  { severity: 'warning', level: 2 },
  { severity: 'info', level: 1 },
] as const;

const states = {
  0: { text: 'ok', color: 'green' },
  1: { text: 'info', color: 'blue' },
  2: { text: 'warning', color: 'orange' },
  3: { text: 'critical', color: 'red' },
};

/** How the alert of each key stood: from its first change in the time shown on. */
export function alertStrips(
  about: Pick<About, 'title' | 'description'>,
  alerts: Alerts & { readonly by: readonly string[]; readonly alias: string },
): Placeable {
  const { by, alias } = alerts;
  const from = levels.map(({ severity, level }) => ({
    columns: { level: times(field('firing'), level) },
    from: measurement,
    where: [...conditionsOf(alerts), isOneOf('severity', [severity])],
    by,
  }));
  const selection: Selection = {
    columns: { level: of('last', 'level') },
    from,
    by,
    every: '$__interval',
    fill: 'previous',
  };
  return strips({
    ...about,
    unit: 'none',
    targets: [series(selection, alias)],
    steps: [
      [null, 'green'],
      [1, 'blue'],
      [2, 'orange'],
      [3, 'red'],
    ],
    states,
    every: '10s',
    empty: 'no alert has fired or cleared in this time',
  });
}

/** The newest changes, in words. */
export function alertLog(about: Pick<About, 'title' | 'description'>, alerts: Alerts): Placeable {
  const selection: Selection = {
    columns: columnsOf('gateway', 'rule', 'severity', 'state', 'message'),
    from: measurement,
    where: conditionsOf(alerts),
    newest: 100,
  };
  return rowsPanel({
    ...about,
    unit: 'none',
    targets: [rows(selection)],
    empty: 'no alert has fired or cleared in this time',
    columns: [
      { name: 'Time', title: 'Time', unit: 'dateTimeAsIso', width: 170 },
      {
        name: 'state',
        title: 'State',
        width: 80,
        words: { firing: { color: 'red' }, ok: { text: 'ok', color: 'green' } },
      },
      {
        name: 'severity',
        title: 'Severity',
        width: 90,
        words: { critical: { color: 'red' }, warning: { color: 'orange' }, info: { color: 'blue' } },
      },
      { name: 'rule', title: 'Rule', width: 140 },
      { name: 'gateway', title: 'Gateway', width: 110, link: toGateway },
      { name: 'message', title: 'Message' },
    ],
  });
}
