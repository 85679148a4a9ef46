/** Machines: bearing temperature and how far it is off its own last hour. From rules/bearing-drift.yaml. */

import { alertLog, alertStrips, annotations } from '../alerts.ts';
import type { Board } from '../board.ts';
import { chosen, field, of, overTime } from '../influxql.ts';
import { lines, number, type Step } from '../panels.ts';
import { rowsPanel, toGateway } from '../tables.ts';
import { rows, series } from '../target.ts';
import { dataSourceVariable, tagVariable } from '../variables.ts';

const rule = 'bearing-drift';
const where = [chosen('gateway'), chosen('machine')];
const ofMachines = { rules: [rule], where };
const every = '1m';
const bridgeMs = 5 * 60_000;

/** `bearing-drift` warns at 4 K off the machine's own last hour, and is critical from 6 K above it. */
const beyond = (within: string): readonly Step[] => [
  [null, 'orange'],
  [-4, within],
  [4, 'orange'],
  [6, 'red'],
];

export const machines = (): Board => ({
  uid: 'headgate-machines',
  title: 'Headgate: machine temperature',
  description: 'Bearing temperature of each machine against its own last hour, from the rule bearing-drift.',
  back: '6h',
  refresh: '1m',
  variables: [
    dataSourceVariable(),
    tagVariable({ tag: 'gateway', label: 'Gateway', measurement: rule }),
    tagVariable({ tag: 'machine', label: 'Machine', measurement: rule, within: ['gateway'] }),
  ],
  annotations: annotations(ofMachines, 'all'),
  sections: [
    {
      lines: [
        {
          height: 5,
          panels: [
            [8, hottest()],
            [8, worstDrift()],
            [8, machinesHeard()],
          ],
        },
        { height: 10, panels: [[24, temperature()]] },
        {
          height: 10,
          panels: [
            [14, drift()],
            [10, spread()],
          ],
        },
        {
          height: 7,
          panels: [
            [14, alerts()],
            [10, readings()],
          ],
        },
        { height: 7, panels: [[24, machineTable()]] },
        { height: 8, panels: [[24, log()]] },
      ],
    },
  ],
});

const lastOf = (name: string) => ({
  columns: { value: of('last', name) },
  from: rule,
  where,
  by: ['gateway', 'machine'],
});

const over = (name: string) => overTime('last', name, { from: rule, where, by: ['machine'] });

const hottest = () =>
  number({
    title: 'Hottest bearing',
    description: 'The highest temperature of any machine chosen, now.',
    unit: 'celsius',
    decimals: 1,
    targets: [
      series({ columns: { temperature: of('max', 'value') }, from: [lastOf('temperature')] }, 'temperature'),
    ],
    lately: '10m',
    steps: [[null, 'text']],
    empty: 'not heard',
  });

const worstDrift = () =>
  number({
    title: 'Furthest above its last hour',
    description:
      'The largest difference between a bearing and the average of its own last hour, now. Warning at 4 K, critical at 6 K.',
    unit: 'kelvin',
    decimals: 1,
    targets: [series({ columns: { drift: of('max', 'value') }, from: [lastOf('drift')] }, 'drift')],
    lately: '10m',
    steps: beyond('green'),
    loud: true,
    empty: 'not heard',
  });

const machinesHeard = () =>
  number({
    title: 'Machines heard',
    description: 'Machines that gave a result in the last ten minutes.',
    unit: 'none',
    targets: [
      series({ columns: { machines: of('count', 'value') }, from: [lastOf('temperature')] }, 'machines'),
    ],
    lately: '10m',
    steps: [[null, 'blue']],
    empty: '0',
  });

const temperature = () =>
  lines({
    title: 'Bearing temperature',
    description:
      'Solid: as last read. Dashed: the average of the last hour, which is the limit the machine sets itself.',
    unit: 'celsius',
    decimals: 1,
    targets: [series(over('temperature'), '$tag_machine'), series(over('mean'), '$tag_machine, last hour')],
    every,
    bridgeMs,
    filled: 0,
    legend: 'table',
    overrides: [{ series: '/last hour/', dashed: true }],
  });

const drift = () =>
  lines({
    title: 'Off its own last hour',
    description:
      'Temperature less the average of the last hour. Warning beyond 4 K either way, critical from 6 K above.',
    unit: 'kelvin',
    decimals: 1,
    targets: [series(over('drift'), '$tag_machine')],
    every,
    bridgeMs,
    limits: 'line',
    // A limit's line has the colour of what begins there.
    steps: beyond('orange'),
  });

const spread = () =>
  lines({
    title: 'Spread within the last hour',
    description:
      'Standard deviation of the last hour: what is normal for a machine. Limits well above it ring for faults only.',
    unit: 'kelvin',
    decimals: 2,
    min: 0,
    targets: [series(over('spread'), '$tag_machine')],
    every,
    bridgeMs,
  });

const alerts = () =>
  alertStrips(
    {
      title: 'Alerts by machine',
      description: 'Orange: warning, red: critical. A strip begins with the first change in the time shown.',
    },
    { ...ofMachines, by: ['machine'], alias: '$tag_machine' },
  );

const log = () =>
  alertLog(
    { title: 'Alerts of machines', description: 'The newest 100 changes, as they were told.' },
    ofMachines,
  );

const readings = () =>
  lines({
    title: 'Readings in the last hour',
    description:
      'How many readings each result is made of. A fall is a controller that sends less, or values set aside as out of range.',
    unit: 'short',
    decimals: 0,
    min: 0,
    targets: [series(over('readings'), '$tag_machine')],
    every,
    bridgeMs,
  });

const machineTable = () =>
  rowsPanel({
    title: 'Machines',
    description: 'Each machine as last heard in the time shown.',
    unit: 'none',
    targets: [
      rows({
        columns: {
          temperature: of('last', 'temperature'),
          mean: field('mean'),
          hot: field('hot'),
          drift: field('drift'),
          spread: field('spread'),
          gateway: field('gateway'),
        },
        from: rule,
        where,
        by: ['machine'],
      }),
    ],
    columns: [
      { name: 'machine', title: 'Machine' },
      { name: 'temperature', title: 'Temperature', unit: 'celsius', decimals: 1 },
      { name: 'mean', title: 'Average, last hour', unit: 'celsius', decimals: 1 },
      { name: 'hot', title: 'Highest, last hour', unit: 'celsius', decimals: 1 },
      {
        name: 'drift',
        title: 'Drift',
        unit: 'kelvin',
        decimals: 1,
        steps: beyond('transparent'),
        loud: true,
      },
      { name: 'spread', title: 'Spread', unit: 'kelvin', decimals: 2 },
      { name: 'Time', title: 'Heard', unit: 'dateTimeFromNow' },
      { name: 'gateway', title: 'Gateway', link: toGateway },
    ],
    sortBy: 'Drift',
  });
