/** Each gateway in a row. */

import { field, of } from '../../influxql.ts';
import type { Step } from '../../panels.ts';
import { rowsPanel, toGateway } from '../../tables.ts';
import { rows } from '../../target.ts';
import { ofGateway } from '../health-queries.ts';
import { behindSteps, upStates, waitingSteps } from '../looks.ts';

const firingSteps: readonly Step[] = [
  [null, 'transparent'],
  [1, 'orange'],
];

export const gateways = () =>
  rowsPanel({
    title: 'Gateways',
    description:
      'Each gateway as last heard in the time shown. One whose health is older than a few minutes is off, or cut off. The name leads to its own dashboard.',
    unit: 'none',
    targets: [
      rows({
        columns: {
          uptime: of('last', 'uptime_seconds'),
          version: field('version'),
          alerts_firing: field('alerts_firing'),
          behind: field('behind_seconds'),
          forward_up: field('forward_up'),
          waiting: field('forward_lag_seconds'),
          restarts: field('restarts'),
          memory: field('memory_rss_bytes'),
          disk_free: field('disk_free_bytes'),
        },
        from: 'headgate',
        where: ofGateway,
        by: ['gateway'],
      }),
    ],
    columns: [
      {
        name: 'gateway',
        title: 'Gateway',
        link: toGateway,
      },
      { name: 'Time', title: 'Heard', unit: 'dateTimeFromNow' },
      { name: 'version', title: 'Version' },
      { name: 'uptime', title: 'Up for', unit: 's', decimals: 1 },
      { name: 'restarts', title: 'Restarts', unit: 'none' },
      { name: 'alerts_firing', title: 'Firing', unit: 'none', steps: firingSteps, loud: true },
      { name: 'behind', title: 'Behind', unit: 's', decimals: 1, steps: behindSteps },
      { name: 'forward_up', title: 'InfluxDB', words: upStates },
      { name: 'waiting', title: 'Oldest waiting', unit: 's', decimals: 0, steps: waitingSteps },
      { name: 'memory', title: 'Memory', unit: 'bytes', decimals: 0 },
      { name: 'disk_free', title: 'Disk free', unit: 'bytes', decimals: 1 },
    ],
    sortBy: 'Firing',
  });
