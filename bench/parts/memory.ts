/**
 * Resident memory: idle, and at 50,000 msg/s; and what the disk is made to write at that rate and at a small one.
 *
 * Bytes written are the kernel's count for the process (whole pages, journal, outbox, checkpoint and points together),
 * until everything is processed; bytes received are those of the JSON alone.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { type Gateway, startGateway } from '../gateway.ts';
import { busDevice, busTopics, minuteRule } from '../load/messages.ts';
import { type Job, startLoad } from '../load/start.ts';
import { residentMiB, writtenBytes } from '../proc.ts';
import type { Row } from '../table.ts';

const perSecond = 50_000;
const seconds = 40;
const idleMs = 15_000;
const slowPerSecond = 500;
/** Of the slow run. */
const slowSeconds = 20;

export async function memory(): Promise<Row[]> {
  const gateway = await startSite();
  try {
    await wait(idleMs);
    const idle = residentMiB(gateway.pid).now;
    const { written, jsonBytes, settledMiB } = await underLoad(gateway, {
      messages: perSecond * seconds,
      topics: busTopics(200),
      qos: 0,
      perSecond,
    });
    const { peak } = residentMiB(gateway.pid);
    return [
      {
        what: 'resident memory, idle',
        value: idle,
        unit: 'MiB',
        note: `${idleMs / 1000} s after the start`,
        floor: { atMost: 90 },
      },
      {
        what: 'resident memory at 50,000 msg/s, the most it ever was',
        value: peak,
        unit: 'MiB',
        note: `${Math.round(settledMiB)} MiB at the end of ${seconds} s`,
        floor: { atMost: 150 },
      },
      {
        what: 'bytes written to disk per byte of JSON, 50,000 msg/s, QoS 0',
        value: written / jsonBytes,
        unit: '×',
        floor: { atMost: 0.25 },
      },
    ];
  } finally {
    await gateway.remove();
  }
}

/** Few messages, each batch of them a commit of its own: what group commit cannot help. */
export async function disk(): Promise<Row[]> {
  const gateway = await startSite();
  const job: Job = {
    messages: slowPerSecond * slowSeconds,
    topics: busTopics(200),
    qos: 1,
    perSecond: slowPerSecond,
  };
  try {
    const { written, jsonBytes } = await underLoad(gateway, job);
    const { journal } = await gateway.status();
    return [
      {
        what: 'bytes written to disk per byte of JSON, 500 msg/s, QoS 1',
        value: written / jsonBytes,
        unit: '×',
        note: `${journal.commits} commits`,
      },
    ];
  } finally {
    await gateway.remove();
  }
}

function startSite(): Promise<Gateway> {
  return startGateway({ batch: '1s', devices: { bus: busDevice }, rules: { bus: minuteRule } });
}

interface Cost {
  readonly written: number;
  readonly jsonBytes: number;
  readonly settledMiB: number;
}

async function underLoad(gateway: Gateway, job: Job): Promise<Cost> {
  const load = await startLoad(job);
  try {
    const before = writtenBytes(gateway.pid);
    const { jsonBytes } = await load.run(gateway.port);
    const settledMiB = residentMiB(gateway.pid).now;
    await gateway.processed(job.messages);
    return { written: writtenBytes(gateway.pid) - before, jsonBytes, settledMiB };
  } finally {
    load.stop();
  }
}
