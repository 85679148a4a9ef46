/** What several dashboards ask of the gateways' own measurements (docs/configuration.md, `health`). */

import {
  type Aggregate,
  chosen,
  type Expression,
  growth,
  of,
  overTime,
  perSecond,
  type Selection,
} from '../influxql.ts';

export const ofGateway = [chosen('gateway')];

/** As often as a gateway writes; a bucket that it just misses is bridged. */
export const healthEvery = '10s';
/** What was not heard for so long is not there. */
export const bridgeMs = 2 * 60_000;
/** On strips of who is up a shorter silence shows. */
export const upBridgeMs = 60_000;
/** What is looked at for "now". */
export const now = '2m';

/** A field of `headgate` over time, a series for each gateway. */
export function gauge(name: string, aggregate: Aggregate = 'last'): Selection {
  return overTime(aggregate, name, { from: 'headgate', where: ofGateway, by: ['gateway'] });
}

/** A counter of `headgate` as a rate, a series for each gateway. */
export function rate(name: string): Selection {
  return counted(name, perSecond(name));
}

/** What a counter of `headgate` grew by in each bucket, a series for each gateway. */
export function increase(name: string): Selection {
  return counted(name, growth(name));
}

function counted(name: string, expression: Expression): Selection {
  return {
    columns: { [name]: expression },
    from: 'headgate',
    where: ofGateway,
    by: ['gateway'],
    every: '$__interval',
    fill: 'none',
  };
}

/** A counter as a rate over all gateways chosen. */
export function totalRate(name: string): Selection {
  return {
    columns: { [name]: of('sum', 'rate') },
    from: [{ ...rate(name), columns: { rate: perSecond(name) } }],
    every: '$__interval',
    fill: 'none',
  };
}

/** The last value of each gateway, made to one. */
export function overall(aggregate: 'sum' | 'max' | 'min' | 'count', name: string): Selection {
  return {
    columns: { [name]: of(aggregate, 'value') },
    from: [{ columns: { value: of('last', name) }, from: 'headgate', where: ofGateway, by: ['gateway'] }],
  };
}

/** What a counter grew by over the time shown, of all gateways chosen: each begins with the first value it has. */
export function grownBy(name: string): Selection {
  return {
    columns: { [name]: of('sum', 'grown') },
    from: [{ columns: { grown: of('spread', name) }, from: 'headgate', where: ofGateway, by: ['gateway'] }],
  };
}
