/**
 * What a day at a small rate writes to the card: few messages, each batch of them a commit or more of its own, which is what
 * group commit cannot help.
 *
 * Measured over a little more than a minute, so that two checkpoints and the points of every window are in it.
 */

import { busTopics } from '../load/messages.ts';
import { numberText, type Row } from '../table.ts';
import { startSite, underLoad } from './written.ts';

const rates = [100, 1000];
const seconds = 66;
const secondsOfDay = 86_400;

export async function disk(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const perSecond of rates) for (const qos of [0, 1] as const) rows.push(await dayAt(perSecond, qos));
  return rows;
}

async function dayAt(perSecond: number, qos: 0 | 1): Promise<Row> {
  const gateway = await startSite();
  try {
    const messages = perSecond * seconds;
    const { written, onDevice, jsonBytes } = await underLoad(gateway, {
      messages,
      topics: busTopics(Math.min(200, perSecond)),
      qos,
      perSecond,
    });
    const { journal } = await gateway.status();
    const gbOfDay = (bytes: number): number => (bytes / seconds) * (secondsOfDay / 1e9);
    const device = onDevice === undefined ? [] : [`${numberText(gbOfDay(onDevice))} on the device`];
    const perByte = `${numberText(written / jsonBytes)} a byte of JSON`;
    return {
      what: `written to disk in a day at ${numberText(perSecond)} msg/s, QoS ${qos}`,
      value: gbOfDay(written),
      unit: 'GB',
      note: [...device, perByte, `${numberText(journal.commits / seconds)} commits/s`].join(', '),
    };
  } finally {
    await gateway.remove();
  }
}
