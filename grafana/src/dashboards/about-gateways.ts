/** What dashboards about gateways have in common: what is chosen, which alerts are marked, the time shown. */

import { annotations } from '../alerts.ts';
import { dataSourceVariable, tagVariable } from '../variables.ts';
import { ofGateway } from './health-queries.ts';

export const aboutGateways = (choice: { readonly single?: boolean } = {}) => ({
  back: '6h',
  refresh: '30s',
  variables: [
    dataSourceVariable(),
    tagVariable({ tag: 'gateway', label: 'Gateway', measurement: 'headgate', ...choice }),
  ],
  annotations: annotations({ where: ofGateway }, 'critical'),
});
