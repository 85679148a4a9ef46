/**
 * What the screens show: a day in the life of three gateways and their InfluxDB, as short as it can be and as real as it can be.
 *
 * Real: gateways as processes with the shipped rules, devices that publish over MQTT, an InfluxDB that is killed and comes back, a
 * gateway that is killed and comes back. Simulated: what the devices say, and that they said the hours before at once.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { buses, type Depot, type Message } from '../../src/cli/demo/bus.ts';
import { messagesBetween, senders } from '../../src/cli/demo/depot.ts';
import { pressMessages } from '../../src/cli/demo/machines.ts';
import { type Devices, type Site, type SiteOptions, startSite } from '../../test/grafana/site.ts';
import type { Influxd } from '../../test/peers/influxd.ts';

const minuteMs = 60_000;
/** Published at once, so that there is something to see. */
const backMs = 3 * 60 * minuteMs;

/** The story ends in the morning's rush hour. */
const beginsAtHour = 5;

/** When what happens, as shares of the time in which everything is published as it happens. */
const plan = { serverGoes: 0.14, serverBack: 0.23, gatewayDies: 0.4, gatewayBack: 0.48 };

/** The same depot under other numbers. */
const otherDepot: Devices = {
  senders: senders.filter((name) => name.startsWith('bus-')).map(renumbered),
  messagesBetween: (depot, fromMs, untilMs) =>
    messagesBetween(depot, fromMs, untilMs)
      .filter(({ sender }) => sender.startsWith('bus-'))
      .map(({ sender, topic, payload, atMs }) => ({
        atMs,
        payload,
        sender: renumbered(sender),
        topic: renumbered(topic),
      })),
};

function renumbered(text: string): string {
  return text.replace('/bus/0070/070', '/bus/0030/030').replace('bus-070', 'bus-030');
}

/** Three presses; the later ones are at another part of their course. */
const presses = ['press-4', 'press-5', 'press-6'];
const plant: Devices = {
  senders: presses,
  messagesBetween: (depot, fromMs, untilMs) =>
    presses.flatMap((press, i) => {
      const shiftMs = (35 + 40 * i) * minuteMs;
      const own: Depot = { ...depot, seed: depot.seed + i, startMs: depot.startMs - shiftMs };
      return pressMessages(own, fromMs, untilMs).map(
        (message): Message => ({ ...message, sender: press, topic: `plant/${press}/bearing` }),
      );
    }),
};

/** Lets it happen; afterwards InfluxDB holds it. `minutes` is how long it goes on live. */
export async function tell(influxd: Influxd, minutes: number, say: (what: string) => void): Promise<void> {
  await using ends = new AsyncDisposableStack();
  const common = { influxUrl: influxd.url, backMs, positionsEveryMs: 2000, silentAfter: '5m', beginsAtHour };
  const fleet = buses.map(({ vehicle, capacity }) => `${vehicle.replace(/^070/, '030')},0030,C,${capacity}`);
  const options: readonly SiteOptions[] = [
    { ...common, gateway: 'depot-7' },
    { ...common, gateway: 'depot-3', seed: 11, devices: otherDepot, fleet },
    { ...common, gateway: 'plant-1', seed: 5, devices: plant },
  ];
  const sites: Site[] = [];
  for (const one of options) {
    const site = await startSite(one);
    ends.defer(() => site.stop());
    sites.push(site);
  }
  for (const site of sites) await site.catchUp();
  say('the hours before are told');
  await goOn(sites, influxd, minutes, say);
  await influxd.start().catch(() => {});
}

async function goOn(
  sites: readonly Site[],
  influxd: Influxd,
  minutes: number,
  say: (what: string) => void,
): Promise<void> {
  const startMs = performance.now();
  const todo: [share: number, what: string, act: () => Promise<unknown>][] = [
    [plan.serverGoes, 'InfluxDB is gone', () => influxd.kill()],
    [plan.serverBack, 'InfluxDB is back', () => influxd.start()],
    [plan.gatewayDies, 'depot-3 is killed', () => sites[1]!.gateway.kill()],
    [plan.gatewayBack, 'depot-3 is back', () => sites[1]!.gateway.start()],
  ];
  for (;;) {
    const share = (performance.now() - startMs) / (minutes * minuteMs);
    if (share >= 1) return;
    const next = todo[0];
    if (next !== undefined && share >= next[0]) {
      todo.shift();
      say(next[1]);
      await next[2]();
    }
    for (const site of sites) site.goOn();
    await delay(1000);
  }
}
