/**
 * Resident memory: idle, and at 50,000 msg/s; and what the disk is made to write at that rate.
 *
 * Bytes written are the kernel's count for the process (whole pages, journal, outbox, checkpoint and points together),
 * until everything is processed; bytes received are those of the JSON alone.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { busTopics } from '../load/messages.ts';
import { residentMiB } from '../proc.ts';
import type { Row } from '../table.ts';
import { startSite, underLoad } from './written.ts';

const perSecond = 50_000;
const seconds = 40;
const idleMs = 15_000;

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
