/**
 * From a reading sent to its alert received, at 100 ms batches, while another process publishes 10,000 msg/s.
 *
 * Each probe is a reading above the limit from a bus that is heard for the first time, sent at a random moment within
 * the batch; the alert comes back through `notify: mqtt` on a connection of this process, so one clock times both.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { connectWire, publishPacket } from '../../test/peers/mqtt-wire.ts';
import { until } from '../../test/peers/until.ts';
import { startGateway } from '../gateway.ts';
import { busDevice, busTopics, createRandom } from '../load/messages.ts';
import { type Job, startLoad } from '../load/start.ts';
import { percentile } from '../statistics.ts';
import { numberText, type Row } from '../table.ts';

const perSecond = 10_000;
const probes = 400;
const settleMs = 5000;
/** Between probes, at most. */
const spacingMs = 100;

const rule = `rules:
  - name: overheat
    from: bus
    by: [vehicle]
    forward: false
    alert:
      - { severity: critical, when: temp > 500, message: "{vehicle}: {temp} °C", notify: [floor] }
`;

export async function latency(): Promise<Row[]> {
  const notify = '{ floor: { mqtt: { source: mqtt, topic: "alerts/{vehicle}", qos: 0 } } }';
  const site = { batch: '100ms', devices: { bus: busDevice }, rules: { overheat: rule }, notify };
  const gateway = await startGateway(site);
  const seconds = (settleMs + probes * spacingMs) / 1000 + 5;
  const job: Job = { messages: perSecond * seconds, topics: busTopics(200), qos: 0, perSecond };
  const load = await startLoad(job);
  try {
    const sent = load.run(gateway.port);
    await wait(settleMs);
    const delays = await probe(gateway.port);
    await sent;
    return [
      {
        what: 'reading in → alert out, 100 ms batches, 10,000 msg/s: p99',
        value: percentile(delays, 99),
        unit: 'ms',
        note: `p50 ${numberText(percentile(delays, 50))}, most ${numberText(percentile(delays, 100))}, ${probes} alerts`,
        floor: { atMost: 150 },
      },
    ];
  } finally {
    load.stop();
    await gateway.remove();
  }
}

async function probe(port: number): Promise<number[]> {
  const wire = await connectWire(port, { clientId: 'probe' });
  const subscription = { topic: 'alerts/#', qos: 0 } as const;
  wire.send({ cmd: 'subscribe', messageId: 1, subscriptions: [subscription] });
  await wire.first('suback');
  const receivedMs = new Map<string, number>();
  wire.socket.on('data', () => {
    for (const { topic } of wire.all('publish').slice(receivedMs.size)) {
      receivedMs.set(topic, performance.now());
    }
  });
  const random = createRandom(3);
  const sentMs = new Map<string, number>();
  for (let i = 0; i < probes; i++) {
    await wait(random() * spacingMs);
    const payload = `{"ts":${Date.now()},"temp":900,"speed":0,"passengers":0,"door":false}`;
    sentMs.set(`alerts/probe${i}`, performance.now());
    wire.send(publishPacket(`fleet/bus/probe${i}/telemetry`, payload));
  }
  await until(() => receivedMs.size === probes, 'every alert');
  wire.destroy();
  return [...sentMs].map(([topic, ms]) => receivedMs.get(topic)! - ms);
}
