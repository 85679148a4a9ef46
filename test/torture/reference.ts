/** The undisturbed run: the same readings, in the same order, to a gateway that nothing happens to. */

import type { OracleReading } from '../oracle.ts';
import { connectWire, publishPacket } from '../peers/mqtt-wire.ts';
import { until } from '../peers/until.ts';
import { jsonOf, lineOf, paddedJsonOf } from './devices.ts';
import { openSite, type Peers, type Site, untilDelivered } from './station.ts';

export interface Input {
  readonly meters: readonly (readonly OracleReading[])[];
  readonly pads: readonly OracleReading[];
  readonly probe: readonly OracleReading[];
}

/** Runs it to its end; what it gave is then in the database, and at the receiver, of that name. */
export async function runReference(
  peers: Peers,
  name: string,
  { meters, pads, probe }: Input,
): Promise<void> {
  const site = await openSite(peers, { name, preloads: [], env: () => ({}) });
  try {
    await site.gateway.start();
    await Promise.all([
      ...meters.map((readings) => publishAll(site.port, `meter/${readings[0]!.key}`, readings.map(jsonOf))),
      publishAll(site.port, 'pad/pad', pads.map(paddedJsonOf)),
      writeAll(site, probe.map(lineOf)),
    ]);
    const devices = [...meters, pads, probe].map((readings) => ({ key: readings[0]!.key, readings }));
    await untilDelivered(peers, name, site.gateway, devices);
  } finally {
    await site.close();
  }
}

const window = 50;

async function publishAll(port: number, topic: string, payloads: readonly string[]): Promise<void> {
  const wire = await connectWire(port, { clientId: topic });
  for (let sent = 0; sent < payloads.length; sent += window) {
    const some = payloads.slice(sent, sent + window);
    wire.send(...some.map((payload, i) => publishPacket(topic, payload, { qos: 1, messageId: i + 1 })));
    const answered = () => wire.all('puback').length >= sent + some.length;
    await until(answered, 'the reference run’s acknowledgements');
  }
  wire.destroy();
}

const linesAtOnce = 20;

async function writeAll({ gateway, line }: Site, lines: readonly string[]): Promise<void> {
  for (let written = 0; written < lines.length; written += linesAtOnce) {
    const some = lines.slice(written, written + linesAtOnce);
    line.write(some.join(''));
    const isReceived = async (): Promise<boolean> => {
      const probe = (await gateway.status()).sources.find(({ name }) => name === 'probe')!;
      return probe.counters.received! >= written + some.length;
    };
    await until(isReceived, 'the reference run’s lines');
  }
}
