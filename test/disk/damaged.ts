/**
 * What a gateway must do on a damaged data folder: start, go on with everything that can be read, say what was lost, in
 * the log and in numbers, take new readings, and be quiet at the next start.
 */

import { randomUUID } from 'node:crypto';
import { cpSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DiskLine } from '../../src/core/status.ts';
import { hookDisk } from '../peers/disk-hook.ts';
import { type Damage, inflict } from './damage.ts';
import {
  closing,
  compare,
  createWorkload,
  makeSite,
  type Outlet,
  pointsOf,
  type Receiver,
  run,
  type SaidLine,
  type Site,
} from './site.ts';

export type End = 'stopped' | 'crashed';

/** A data folder that a run left behind, and what comes of it when nothing is damaged. */
export interface Base {
  readonly outlet: Outlet;
  readonly end: End;
  readonly folder: string;
  readonly site: Site;
}

const workload = createWorkload(20_240_115, 60, 2500);
const [before, between, unprocessed, later] = [
  workload.slice(0, 70),
  workload.slice(70, 110),
  workload.slice(110, 130),
  workload.slice(130),
];

/** Runs twice, the second time to a crash or a stop; nobody takes points and alerts where the outlet is InfluxDB. */
export async function makeBases(root: string, outlet: Outlet, receiver: Receiver): Promise<Base[]> {
  receiver.isUp = outlet === 'files';
  const site = await makeSite(join(root, outlet), outlet, receiver.url);
  const data = join(root, outlet, 'data');
  const first = await run(site, data);
  await first.publish(before);
  await first.publish([{ topic: 'meter/a', payload: 'no JSON' }]);
  await silence(first, 1);
  await silence(first, 2);
  await processed(first);
  await first.stop();
  const second = await run(site, data);
  await second.publish(between);
  await processed(second);
  await second.publish(unprocessed);
  const crashed = join(root, outlet, 'crashed');
  copy(data, crashed);
  await processed(second);
  await second.stop();
  receiver.isUp = true;
  return [
    { outlet, end: 'crashed', folder: crashed, site },
    { outlet, end: 'stopped', folder: data, site },
  ];
}

async function silence({ gateway }: Awaited<ReturnType<typeof run>>, hours: number): Promise<void> {
  const nowMs = gateway.now();
  const one = {
    id: randomUUID(),
    rule: 'nothing',
    key: {},
    untilMs: nowMs + hours * 3_600_000,
    createdMs: nowMs,
  };
  await gateway.settings.update((settings) => ({ ...settings, silences: [...settings.silences, one] }));
}

async function processed({ gateway, settled }: Awaited<ReturnType<typeof run>>): Promise<void> {
  const arrivedMs = gateway.now();
  const isOver = (): boolean => gateway.status().processedMs > arrivedMs;
  while (!isOver()) await new Promise((resolve) => setTimeout(resolve, 5));
  if (gateway.status().forward.target.includes('points')) await settled();
}

export function copy(from: string, to: string): void {
  cpSync(from, to, {
    recursive: true,
    filter: (path) => lstatSync(path).isFile() || lstatSync(path).isDirectory(),
  });
}

export interface Outcome {
  readonly points: Map<string, string>;
  /** Messages of the alerts that were delivered by both runs. */
  readonly alerts: ReadonlySet<string>;
  readonly said: readonly SaidLine[];
  readonly saidAgain: readonly SaidLine[];
  readonly disk: DiskLine;
}

/** What a file of this path answers with, for damage that no file has; undefined: what is so. */
let ailing: { readonly path: string; readonly step: 'open' | 'read'; readonly code: string } | undefined;
let isHooked = false;

function hook(): void {
  if (isHooked) return;
  isHooked = true;
  hookDisk((step, path) => {
    // It ails the file, not the name.
    if (ailing?.path === path && (step === 'rename' || step === 'remove')) ailing = undefined;
    if (ailing === undefined || ailing.step !== step || ailing.path !== path) return;
    throw Object.assign(new Error(`${ailing.code}: simulated, ${step} '${path}'`), { code: ailing.code });
  });
}

/** A gateway on a copy of the base, damaged: takes the rest of the readings, and is started once more. */
export async function outcomeOf(
  base: Base,
  receiver: Receiver,
  damage: Damage | undefined,
  harm: (folder: string) => void,
  folder: string,
): Promise<Outcome> {
  hook();
  copy(base.folder, folder);
  harm(folder);
  const [fromLine, fromAlert] = [receiver.lines.length, receiver.alerts.length];
  if (damage?.kind === 'unreadable')
    ailing = { path: join(folder, damage.file), step: 'open', code: 'EACCES' };
  if (damage?.kind === 'unreadable bytes')
    ailing = { path: join(folder, damage.file), step: 'read', code: 'EIO' };
  try {
    const first = await run(base.site, folder);
    let disk: DiskLine;
    try {
      await first.publish([...later, ...closing()]);
      ({ disk } = await first.settled());
    } finally {
      await first.stop();
    }
    const second = await run(base.site, folder);
    await second.settled();
    await second.stop();
    const lines = base.outlet === 'files' ? linesOfFiles(folder) : receiver.lines.slice(fromLine);
    return {
      points: pointsOf(lines),
      alerts: new Set(receiver.alerts.slice(fromAlert).map(({ message }) => message)),
      said: first.said,
      saidAgain: second.said.filter(({ level }) => level !== 'info'),
      disk,
    };
  } finally {
    ailing = undefined;
    rmSync(folder, { recursive: true, force: true });
  }
}

function linesOfFiles(data: string): string[] {
  const folder = join(data, 'points');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.lp') && lstatSync(join(folder, name)).isFile())
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((line) => line !== '');
}

/** Says nothing that a person could read of as a loss, or as a file that was set aside. */
function isSilent({ said, disk }: Outcome): boolean {
  const losses = Object.values(disk.losses).flatMap((loss) => Object.values(loss));
  const isCounted = losses.some((count) => count > 0) || disk.setAside.length > 0;
  return !isCounted && said.every(({ level }) => level === 'info');
}

/**
 * What a crash may leave as well as damage: of a run that crashed, the end of the last write. Points files are output, as
 * the database is, and carry no checksum.
 */
function isTold({ kind, file, at }: Damage, base: Base): boolean {
  if (file.startsWith('points/') && (kind === 'garbage' || kind === 'zeros')) return false;
  return !(base.end === 'crashed' && kind === 'truncated' && file.endsWith('.log') && at !== undefined);
}

/** What is wrong with how a gateway came through a damage; none when all is as promised. */
export async function faultsOf(
  damage: Damage,
  base: Base,
  reference: Outcome,
  receiver: Receiver,
  random: () => number,
  folder: string,
): Promise<string[]> {
  let outcome: Outcome;
  try {
    outcome = await outcomeOf(base, receiver, damage, (data) => inflict(damage, data, random), folder);
  } catch (error) {
    return [`it did not come through: ${error instanceof Error ? error.stack : error}`];
  }
  const faults: string[] = [];
  const difference = compare(reference.points, outcome.points);
  const lostAlerts = [...reference.alerts].filter((message) => !outcome.alerts.has(message));
  if (isSilent(outcome) && isTold(damage, base)) {
    if (difference !== undefined)
      faults.push(`points differ, and nothing is said: ${JSON.stringify(difference)}`);
    if (lostAlerts.length > 0) faults.push(`alerts are lost, and nothing is said: ${lostAlerts.join(', ')}`);
  }
  if (outcome.saidAgain.length > 0) {
    faults.push(`the second start is not quiet: ${JSON.stringify(outcome.saidAgain)}`);
  }
  return faults;
}
