/** What the panels about buses have in common: which buses, how often, and the limits of the shipped rules. */

import { chosen, of } from '../../influxql.ts';
import type { Step } from '../../panels.ts';

/** `bus-load` warns at 90 % and is critical at 100 % of what the bus may carry. */
export const crowding: readonly Step[] = [
  [null, 'green'],
  [0.9, 'orange'],
  [1, 'red'],
];

/** Minutes at which `bus-delay` warns and is critical. */
export const lateness: readonly Step[] = [
  [null, 'green'],
  [3, 'orange'],
  [10, 'red'],
];

export const fleet = [chosen('gateway'), chosen('operator')];

export const bus = [...fleet, chosen('vehicle')];
export const ofBuses = { rules: ['bus-load', 'bus-delay', 'bus-silent', 'bus-fleet'], where: bus };

/** A rule's window is a minute; a counter sends at stops, so its points may be minutes apart. */
export const every = '1m';
export const betweenStopsMs = 15 * 60_000;
export const lately = '15m';

/** A field of each bus as last heard. */
export const last = (name: string, from: string) => ({
  columns: { value: of('last', name) },
  from,
  where: bus,
  by: ['gateway', 'operator', 'vehicle'],
});
