/** What the screens are drawn from: values in their units, series by their alias, rows of tables. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inUnit } from '../../grafana/screens/page/units.ts';
import { sceneOf } from '../../grafana/screens/scene.ts';
import type { DashboardAnswer } from './ask.ts';
import { dashboards } from './files.ts';

test('values are written as Grafana writes them', () => {
  const now = Date.parse('2026-01-05T06:00:00Z');
  const written: [number | string | null, string, number | undefined, string][] = [
    [0.936, 'percentunit', 0, '94%'],
    [61.25, 'celsius', 1, '61.3 °C'],
    [-0.01, 'kelvin', 1, '0.0 K'],
    [12, 'none', undefined, '12'],
    [66_900, 'short', undefined, '66.9 K'],
    [190_840_832, 'bytes', 0, '182 MiB'],
    [4.2, 'm', 1, '4.2 mins'],
    [75, 'm', 1, '1.3 hours'],
    [0, 's', 1, '0.0 s'],
    [264, 's', 1, '4.4 mins'],
    [12.34, 'suffix:/s', 1, '12.3/s'],
    [now - 130_000, 'dateTimeFromNow', undefined, '2 minutes ago'],
    [now, 'dateTimeAsIso', undefined, '2026-01-05 06:00:00'],
    ['0.1.0', 'none', undefined, '0.1.0'],
    [null, 'celsius', 1, '–'],
  ];
  for (const [value, unit, decimals, text] of written) {
    assert.equal(inUnit(value, unit, decimals, now), text);
  }
});

test('a series is named by its alias, a table has its tag among the columns, a change of an alert is a mark', () => {
  const dashboard = dashboards().find(({ uid }) => uid === 'headgate-machines')!;
  const panelOf = (title: string) => dashboard.panels.find((panel) => panel.title === title)!;
  const [chart, table] = [panelOf('Off its own last hour'), panelOf('Machines')];
  const range = { fromMs: 0, toMs: 60_000 };
  const series = (columns: string[], row: (number | string)[]) => [
    { name: 'bearing-drift', tags: { machine: 'press-2' }, columns, values: [row] },
  ];
  const answer: DashboardAnswer = {
    range,
    choices: { gateway: { all: '.*' }, machine: ['press-2', 'press-3'] },
    variables: [],
    panels: [
      {
        panel: chart,
        range,
        answers: [{ target: chart.targets![0]!, query: '', series: series(['time', 'drift'], [1000, 4.5]) }],
      },
      {
        panel: table,
        range,
        answers: [{ target: table.targets![0]!, query: '', series: series(['time', 'drift'], [1000, 4.5]) }],
      },
    ],
    annotations: [
      {
        annotation: dashboard.annotations.list[0]!,
        query: '',
        series: [{ name: 'headgate_alert', columns: ['time', 'message'], values: [[2000, 'hot']] }],
      },
    ],
  };
  const scene = sceneOf(dashboard, answer, '');
  assert.deepEqual(scene.chosen, ['Data source: Headgate', 'Gateway: All', 'Machine: press-2 + press-3']);
  assert.deepEqual(scene.panels[0]!.lines, [{ name: 'press-2', times: [1000], values: [4.5] }]);
  assert.deepEqual(scene.panels[1]!.table, {
    columns: ['Time', 'machine', 'drift'],
    rows: [[1000, 'press-2', 4.5]],
  });
  assert.deepEqual(scene.marks, [{ atMs: 2000, colour: 'red' }]);
});
