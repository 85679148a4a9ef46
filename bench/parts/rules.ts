/**
 * Many rules: 300 over one stream, and 8,000 that share 80 streams, as on a site with many kinds of machines.
 *
 * Processor time is that of all threads over a steady stretch, as a share of one core. Memory per rule is the
 * difference to the same gateway with the same load and no rules.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { startGateway } from '../gateway.ts';
import { busDevice, busTopics, deviceYaml } from '../load/messages.ts';
import { type Job, startLoad } from '../load/start.ts';
import { cpuMs, residentMiB } from '../proc.ts';
import type { Site } from '../site.ts';
import { numberText, type Row } from '../table.ts';

/** What each process is given to start, compile and settle before it is measured. */
const settleMs = 10_000;
const measuredMs = 20_000;

export async function rules300(): Promise<Row[]> {
  const rules = { bus: rulesYaml('bus', 300) };
  const site = { batch: '1s', devices: { bus: busDevice }, rules };
  const used = await measure(site, busTopics(50), 500);
  return [
    {
      what: '300 rules over one stream of 500 msg/s: processor',
      value: used.corePercent,
      unit: '% of a core',
      floor: { atMost: 10 },
    },
    {
      what: '300 rules over one stream of 500 msg/s: memory',
      value: used.residentMiB,
      unit: 'MiB',
      floor: { atMost: 120 },
    },
  ];
}

export async function rules8000(): Promise<Row[]> {
  const kinds = Array.from({ length: 80 }, (_, k) => `kind${k}`);
  const topics = Array.from({ length: 800 }, (_, i) => `plant/kind${i % 80}/m${Math.floor(i / 80)}`);
  const devices = Object.fromEntries(
    kinds.map((kind) => [kind, deviceYaml(kind, `plant/${kind}/{machine}`)]),
  );
  const rules = Object.fromEntries(kinds.map((kind) => [kind, rulesYaml(kind, 100)]));
  const without = await measure({ batch: '1s', devices }, topics, 800);
  const used = await measure({ batch: '1s', devices, rules }, topics, 800);
  const what = '8,000 rules over 80 streams, 800 msg/s in all';
  return [
    {
      what: `${what}: memory`,
      value: ((used.residentMiB - without.residentMiB) * 1024) / 8000,
      unit: 'KiB/rule',
      note: `${numberText(used.residentMiB)} MiB, without rules ${numberText(without.residentMiB)}`,
      floor: { atMost: 10 },
    },
    {
      what: `${what}: processor`,
      value: used.corePercent,
      unit: '% of a core',
      note: `without rules ${numberText(without.corePercent)}`,
      floor: { atMost: 30 },
    },
  ];
}

/** Rules as people write them: a condition, a minute's aggregates by key, an alert; each with limits of its own. */
function rulesYaml(device: string, count: number): string {
  const rules = Array.from(
    { length: count },
    (_, i) => `  - name: ${device}-${i}
    from: ${device}
    where: speed > ${i % 30}
    window: { tumbling: 1m }
    compute: { readings: count(), mean: avg(temp), most: max(temp) }
    alert:
      - { severity: warning, when: mean > ${100 + i}, message: "mean {mean:.1f} above ${100 + i}", notify: [log] }
`,
  );
  return `rules:\n${rules.join('')}`;
}

interface Used {
  readonly corePercent: number;
  readonly residentMiB: number;
}

async function measure(site: Site, topics: readonly string[], perSecond: number): Promise<Used> {
  const gateway = await startGateway(site);
  const messages = (perSecond * (settleMs + measuredMs + 5000)) / 1000;
  const job: Job = { messages, topics, qos: 0, perSecond };
  const load = await startLoad(job);
  try {
    const sent = load.run(gateway.port);
    await wait(settleMs);
    const [fromMs, fromCpuMs] = [performance.now(), cpuMs(gateway.pid)];
    await wait(measuredMs);
    const corePercent = ((cpuMs(gateway.pid) - fromCpuMs) * 100) / (performance.now() - fromMs);
    const used = { corePercent, residentMiB: residentMiB(gateway.pid).now };
    await sent;
    await gateway.processed(messages);
    return used;
  } finally {
    load.stop();
    await gateway.remove();
  }
}
