/** The gateway that is tortured: MQTT and a serial line, windows, an alert, single readings and long texts forwarded. */

import { alarmAbove } from './devices.ts';

export interface Places {
  readonly port: number;
  readonly serialPath: string;
  readonly influxUrl: string;
  readonly database: string;
  readonly hookUrl: string;
}

/** A journal of the least size, so that it is recycled; an outbox that never fills, or points would rightly be dropped. */
const limits = '{ journal: 16MB, outbox: 256MB }';

/** A device is never idle in real time: its windows close by the time of its last reading. */
const timing = 'time: { path: at, format: unix_ms }\nlateness: 2s\nidle_after: 10m\n';

export const files = ({ port, serialPath, influxUrl, database, hookUrl }: Places) => ({
  'headgate.yaml': `gateway: g
batch: 50ms
sources:
  mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } }
  probe: { serial: { path: "${serialPath}", baud: 9600, framing: line } }
forward: { influx: { url: "${influxUrl}", database: ${database} } }
notify: { ops: { webhook: { url: "${hookUrl}" } } }
limits: ${limits}
`,
  'devices/meter.yaml': `device: meter
source: mqtt
topic: meter/{id}
codec: json
fields: { x: { path: x } }
${timing}`,
  'devices/pad.yaml': `device: pad
source: mqtt
topic: pad/{id}
codec: json
fields: { x: { path: x }, pad: { path: pad, type: string } }
${timing}`,
  'devices/probe.yaml': `device: probe
source: probe
codec: { csv: { columns: [at, x] } }
tags: { id: { value: probe } }
fields: { x: { path: x } }
${timing}`,
  'rules/all.yaml': rules(0),
});

export const alertedRule = 'tumbling';
/** Its window is edited under way and it begins anew each time: its points depend on when. */
export const editedRule = 'edited';

/** The rules after so many edits: none changes a point, but for those of `editedRule`. */
export function rules(edits: number): string {
  return `rules:
  - name: ${alertedRule}
    from: [meter, probe]
    by: [id]
    window: { tumbling: 10s }
    compute: { count: count(), sum: sum(x), max: max(x) }
    alert: [{ when: max > ${alarmAbove}, message: "{id}: {max}, rules of edit ${edits}", notify: [ops] }]
  - name: sliding
    from: [meter, probe]
    by: [id]
    window: { sliding: 7s, every: 3s }
    compute: { count: count(), sum: sum(x) }
  - { name: each, from: [meter, probe], by: [id] }
  - { name: padded, from: pad, by: [id] }
  - name: ${editedRule}
    from: meter
    by: [id]
    window: { tumbling: ${edits % 2 === 0 ? '10s' : '20s'} }
    compute: { count: count() }
`;
}
