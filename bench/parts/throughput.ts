/**
 * Messages a second through the whole path, next to a bare aedes broker on the same load, in turns, medians.
 *
 * QoS 0: until the engine has folded the last message into its window, journal included. QoS 1: until the last
 * publish is acknowledged, which is after its fdatasync.
 */

import { startGateway } from '../gateway.ts';
import { startBare } from '../load/bare.ts';
import { busDevice, busTopics, minuteRule } from '../load/messages.ts';
import { type Job, type Load, type Sent, startLoad } from '../load/start.ts';
import { mainThreadMs } from '../proc.ts';
import { median, spread } from '../statistics.ts';
import { numberText, type Row } from '../table.ts';

const repeats = 3;

interface Floors {
  readonly perSecond: number;
  readonly ratio?: number;
}

export async function qos0(): Promise<Row[]> {
  const job: Job = { messages: 2_000_000, topics: busTopics(200), qos: 0, eventSpanMs: 300_000 };
  return compare('QoS 0, journaled, decoded, aggregated', job, { perSecond: 300_000, ratio: 0.75 });
}

export async function qos1(): Promise<Row[]> {
  const job: Job = {
    messages: 600_000,
    topics: busTopics(200),
    qos: 1,
    inFlight: 20_000,
    eventSpanMs: 300_000,
  };
  return compare('QoS 1, 20,000 in flight, PUBACK after fdatasync', job, { perSecond: 100_000 });
}

interface Run {
  readonly perSecond: number;
  /** Main thread, for each message: less noisy than the rate where others use the machine too. */
  readonly cpuUs: number;
}

async function compare(what: string, job: Job, floors: Floors): Promise<Row[]> {
  const load = await startLoad(job);
  const bare: Run[] = [];
  const ours: Run[] = [];
  try {
    for (let i = 0; i < repeats; i++) {
      bare.push(await throughBare(load, job));
      ours.push(await throughGateway(load, job));
    }
  } finally {
    load.stop();
  }
  const rates = ours.map(({ perSecond }) => perSecond);
  const bareRates = bare.map(({ perSecond }) => perSecond);
  const ratio: Row = {
    what: `${what}: ratio to bare aedes`,
    value: median(rates) / median(bareRates),
    unit: '×',
    note: `bare: ${numberText(median(bareRates))} msg/s, ${spread(bareRates)}`,
  };
  const cpuUs = median(ours.map((run) => run.cpuUs));
  const bareUs = median(bare.map((run) => run.cpuUs));
  return [
    { what, value: median(rates), unit: 'msg/s', note: spread(rates), floor: { atLeast: floors.perSecond } },
    floors.ratio === undefined ? ratio : { ...ratio, floor: { atLeast: floors.ratio } },
    {
      what: `${what}: processor time of the main thread`,
      value: cpuUs,
      unit: 'µs/msg',
      note: `bare: ${numberText(bareUs)}, ratio ${numberText(bareUs / cpuUs)}`,
    },
  ];
}

async function throughBare(load: Load, job: Job): Promise<Run> {
  const bare = await startBare();
  try {
    const before = mainThreadMs(bare.pid);
    const sent = await load.run(bare.port);
    await bare.received(job.messages);
    return runOf(job, sent, Date.now(), mainThreadMs(bare.pid) - before);
  } finally {
    await bare.stop();
  }
}

async function throughGateway(load: Load, job: Job): Promise<Run> {
  const site = { batch: '100ms', devices: { bus: busDevice }, rules: { bus: minuteRule } };
  const gateway = await startGateway(site);
  try {
    const before = mainThreadMs(gateway.pid);
    const sent = await load.run(gateway.port);
    await gateway.processed(job.messages);
    const run = runOf(job, sent, Date.now(), mainThreadMs(gateway.pid) - before);
    const { rules } = await gateway.status();
    // A figure of work that was not done would be worth nothing.
    if (rules[0]!.readings !== job.messages || rules[0]!.late > 0) throw new Error('readings were lost');
    return run;
  } finally {
    await gateway.remove();
  }
}

function runOf(job: Job, sent: Sent, processedMs: number, cpuMs: number): Run {
  const endMs = job.qos === 0 ? processedMs : sent.finishedMs;
  return {
    perSecond: (job.messages * 1000) / (endMs - sent.startedMs),
    cpuUs: (cpuMs * 1000) / job.messages,
  };
}
