/**
 * Start: from spawning the process to the first acknowledged QoS 1 publish. Recovery: the same after `kill -9` with
 * 60 s of 10,000 msg/s in the journal.
 *
 * The checkpoint is removed before the restart: with it at most its 30 s interval would be run again, and how much of
 * them is chance. So this is the longest recovery that such a journal can ask for.
 */

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../../test/peers/free-port.ts';
import { accepts } from '../../test/peers/mosquitto.ts';
import { connectWire, publishPacket } from '../../test/peers/mqtt-wire.ts';
import { type Gateway, startGateway } from '../gateway.ts';
import { busDevice, busTopics, minuteRule } from '../load/messages.ts';
import { startLoad } from '../load/start.ts';
import { median, spread } from '../statistics.ts';
import type { Row } from '../table.ts';

const repeats = 5;
const perSecond = 10_000;
const seconds = 60;

export async function start(): Promise<Row[]> {
  const gateway = await startSite(await freePort());
  try {
    const times: number[] = [];
    for (let i = 0; i < repeats; i++) {
      await gateway.stop();
      times.push(await timedStart(gateway));
    }
    return [
      {
        what: 'start to first acknowledged publish',
        value: median(times),
        unit: 's',
        note: spread(times),
        floor: { atMost: 0.5 },
      },
    ];
  } finally {
    await gateway.remove();
  }
}

export async function recovery(): Promise<Row[]> {
  const gateway = await startSite(await freePort());
  const messages = perSecond * seconds;
  const load = await startLoad({ messages, topics: busTopics(200), qos: 0, perSecond });
  try {
    await load.run(gateway.port);
    await gateway.processed(messages);
    await gateway.kill();
    removeCheckpoint(gateway.data);
    const took = await timedStart(gateway);
    const { fates } = await gateway.status();
    if (fates.frames < messages) throw new Error(`only ${fates.frames} frames were run again`);
    return [
      {
        what: 'recovery of a journal of 60 s at 10,000 msg/s, to first acknowledged publish',
        value: took,
        unit: 's',
        note: 'all of it run again, without a checkpoint',
        floor: { atMost: 3 },
      },
    ];
  } finally {
    load.stop();
    await gateway.remove();
  }
}

function startSite(port: number): Promise<Gateway> {
  return startGateway({ batch: '1s', devices: { bus: busDevice }, rules: { bus: minuteRule }, port });
}

function removeCheckpoint(data: string): void {
  const names = readdirSync(data).filter((name) => name.startsWith('checkpoint'));
  if (names.length === 0) throw new Error('there is no checkpoint to remove');
  for (const name of names) rmSync(join(data, name));
}

/** Seconds until a client that tries all the time has its publish acknowledged. Sources open after recovery. */
async function timedStart({ start: restart, port }: Gateway): Promise<number> {
  const startMs = performance.now();
  const running = restart();
  while (!(await accepts(port))) await wait(1);
  const wire = await connectWire(port, { clientId: 'first' });
  const payload = `{"ts":${Date.now()},"temp":20,"speed":0,"passengers":0,"door":false}`;
  wire.send(publishPacket('fleet/bus/first/telemetry', payload, { qos: 1, messageId: 1 }));
  await wire.first('puback');
  const tookMs = performance.now() - startMs;
  wire.destroy();
  await running;
  return tookMs / 1000;
}
