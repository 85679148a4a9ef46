/**
 * What the screens show: a day in the life of three gateways and their InfluxDB, as short as it can be and as real as it can be.
 *
 * Real: gateways as processes with the shipped rules, devices that publish over MQTT, an InfluxDB that is killed and comes back, a
 * gateway that is killed and comes back, a cable that is pulled. Simulated: what the devices say, and that they said the hours before at once.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { buses, type Depot, type Message } from '../../src/cli/demo/bus.ts';
import { messagesBetween, senders } from '../../src/cli/demo/depot.ts';
import { pressMessages } from '../../src/cli/demo/machines.ts';
import { type Devices, type Site, type SiteOptions, startSite } from '../../test/grafana/site.ts';
import type { Influxd } from '../../test/peers/influxd.ts';
import { type SerialLine, startSerialLine } from '../../test/peers/socat.ts';

const minuteMs = 60_000;
/** Published at once, so that there is something to see. A bus falls silent some minutes later (depot.ts). */
const backMs = 190 * minuteMs;

/** The story ends in the morning's rush hour. */
const beginsAtHour = 5;

/** When what happens, as shares of the time in which everything is published as it happens. */
const plan = {
  serverGoes: 0.14,
  serverBack: 0.23,
  cableOut: 0.31,
  cableIn: 0.36,
  gatewayDies: 0.48,
  gatewayBack: 0.56,
};

/** The same depot under other numbers. One of its counters sends everything twice, as some do after a bad connection. */
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
      }))
      .flatMap((message) => (repeats(message) ? [message, message] : [message])),
};

function repeats({ topic }: Message): boolean {
  return topic.includes('/apc-partial/') && topic.endsWith('/03005');
}

function renumbered(text: string): string {
  return text.replace('/bus/0070/070', '/bus/0030/030').replace('bus-070', 'bus-030');
}

/** Three presses, each at another part of its course. The controller of the last one sends half a message now and then. */
const presses = ['press-4', 'press-5', 'press-6'];
const plant: Devices = {
  senders: presses,
  messagesBetween: (depot, fromMs, untilMs) =>
    presses.flatMap((press, i) => {
      const shiftMs = (35 + 40 * i) * minuteMs;
      const own: Depot = { ...depot, seed: depot.seed + i, startMs: depot.startMs - shiftMs };
      return pressMessages(own, fromMs, untilMs).map(
        (message): Message => ({
          ...message,
          sender: press,
          topic: `plant/${press}/bearing`,
          payload: i === 2 && isHalf(message) ? message.payload.slice(0, 40) : message.payload,
        }),
      );
    }),
};

function isHalf({ atMs }: Message): boolean {
  return Math.floor(atMs / 10_000) % 23 === 0;
}

/** Lets it happen; afterwards InfluxDB holds it. `minutes` is how long it goes on live. */
export async function tell(influxd: Influxd, minutes: number, say: (what: string) => void): Promise<void> {
  await using ends = new AsyncDisposableStack();
  const common = { influxUrl: influxd.url, backMs, positionsEveryMs: 2000, silentAfter: '5m', beginsAtHour };
  const fleet = buses.map(({ vehicle, capacity }) => `${vehicle.replace(/^070/, '030')},0030,C,${capacity}`);
  const probe = await startSerialLine();
  ends.defer(() => probe.stop());
  const cable = pluggable(probe);
  const options: readonly SiteOptions[] = [
    { ...common, gateway: 'depot-7', probe: cable },
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
  await goOn({ sites, influxd, cable, minutes, say });
}

interface Cable {
  readonly path: string;
  /** What is written while it is pulled goes nowhere. */
  write(bytes: string | Buffer): void;
  pull(): Promise<void>;
  plug(): Promise<void>;
}

function pluggable(line: SerialLine): Cable {
  let isIn = true;
  return {
    path: line.path,
    write(bytes) {
      if (isIn) line.write(bytes);
    },
    async pull() {
      isIn = false;
      await line.unplug();
    },
    async plug() {
      await line.plug();
      isIn = true;
    },
  };
}

interface Stage {
  readonly sites: readonly Site[];
  readonly influxd: Influxd;
  readonly cable: Cable;
  readonly minutes: number;
  readonly say: (what: string) => void;
}

async function goOn({ sites, influxd, cable, minutes, say }: Stage): Promise<void> {
  const startMs = performance.now();
  const todo: [share: number, what: string, act: () => Promise<unknown>][] = [
    [plan.serverGoes, 'InfluxDB is gone', () => influxd.kill()],
    [plan.serverBack, 'InfluxDB is back', () => influxd.start()],
    [plan.cableOut, 'the cable of the probe is pulled', () => cable.pull()],
    [plan.cableIn, 'the cable is back', () => cable.plug()],
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
