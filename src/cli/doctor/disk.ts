/** The file system under the data folder: its kind, whether it is written to, its room against what the limits allow, its wear. */

import { readdirSync, realpathSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { GatewayConfig } from '../../config/schema.ts';
import { type Mount, mountOf } from '../../log/mounts.ts';
import { bytesText } from '../units-text.ts';
import { type Check, type Found, fail, ok, warn } from './check.ts';
import { textOf } from './processes.ts';

const leastFreeBytes = 64 * 1024 * 1024;
const leastFreeFiles = 1000;
/** The file sink's, and dead letters. */
const pointFileBytes = 1024 * 1024 * 1024;
const deadLetterBytes = 16 * 1024 * 1024;

export const disk: Check = async ({ config }) => {
  const folder = thereAbove(config.data);
  const mount = mountOf(folder);
  return [
    ...(mount === undefined ? [] : [kindOf(mount), ...wearOf(mount)]),
    ...(await roomIn(folder, config)),
  ];
};

/** The folder, or the nearest above it that is there, without links. */
function thereAbove(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return dirname(path) === path ? path : thereAbove(dirname(path));
  }
}

const kinds: Readonly<Record<string, (subject: string) => Found>> = {
  tmpfs: (subject) =>
    warn(subject, 'in memory: all is lost with the power', 'give `data:` a folder on a disk'),
  ramfs: (subject) => kinds.tmpfs!(subject),
  overlay: (subject) =>
    warn(subject, "a container's layer: it is lost with the container", 'mount a volume for the data folder'),
  vfat: (subject) => fail(subject, 'FAT has neither rights nor sockets', 'use ext4 for the data folder'),
  exfat: (subject) => fail(subject, 'exFAT has neither rights nor sockets', 'use ext4 for the data folder'),
  msdos: (subject) => kinds.vfat!(subject),
  nfs: (subject) => warn(subject, 'on the network: nothing is stored while it is away', 'use a local disk'),
  nfs4: (subject) => kinds.nfs!(subject),
  cifs: (subject) => kinds.nfs!(subject),
};

function kindOf({ point, type, isReadOnly }: Mount): Found {
  const subject = `file system ${point}`;
  if (isReadOnly) {
    const remedy = `see dmesg for errors of the disk, then: sudo mount -o remount,rw ${point}`;
    return fail(subject, `${type}, read-only`, remedy);
  }
  return kinds[type]?.(subject) ?? ok(subject, type);
}

async function roomIn(folder: string, { limits, forward, data }: GatewayConfig): Promise<Found[]> {
  const { bavail, bsize, blocks, files, ffree } = await statfs(folder);
  const freeBytes = bavail * bsize;
  const files_ = forward.influx === undefined ? pointFileBytes : 0;
  const allowed = limits.journalBytes + limits.outboxBytes + files_ + deadLetterBytes;
  const wanted = Math.max(0, allowed - bytesIn(data));
  const subject = `room on ${folder}`;
  const words = `${bytesText(freeBytes)} of ${bytesText(blocks * bsize)} free`;
  const room =
    freeBytes < leastFreeBytes
      ? fail(subject, words, 'free space: while there is none nothing is taken', bytesText(leastFreeBytes))
      : freeBytes < wanted
        ? warn(
            subject,
            words,
            'free space, or lower journal and outbox under `limits`: they may grow by more',
            bytesText(wanted),
          )
        : ok(subject, words, bytesText(wanted));
  if (files === 0 || ffree >= leastFreeFiles) return [room];
  return [room, fail(subject, `${ffree} more files can be made`, 'remove files', String(leastFreeFiles))];
}

/** As far as this user may see; a gateway that runs removes files meanwhile. */
function bytesIn(folder: string): number {
  const sizes = filesBelow(folder).map((path) => statSync(path, { throwIfNoEntry: false })?.blocks ?? 0);
  return sizes.reduce((sum, blocks) => sum + blocks * 512, 0);
}

function filesBelow(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  } catch {
    return [];
  }
}

/** What an eMMC says of itself (JESD84-B51, 7.4.34 and 35): tenths of its life, and how far its reserve is used. */
function wearOf({ device }: Mount): Found[] {
  const folder = `/sys/dev/block/${device}`;
  const found = [folder, `${folder}/..`].map((path) => ({
    life: textOf(`${path}/device/life_time`).trim(),
    reserve: textOf(`${path}/device/pre_eol_info`).trim(),
  }));
  const { life = '', reserve = '' } = found.find((one) => one.life !== '') ?? {};
  return life === '' ? [] : [wearFound(life, reserve)];
}

/** `life` is two numbers of tenths, such as `0x01 0x02`; `reserve` 1 is fine, 2 used by four fifths, 3 nearly gone. */
export function wearFound(life: string, reserve: string): Found {
  const tenths = Math.max(...life.split(/\s+/).map(Number));
  const words =
    tenths > 10 ? 'its life is over' : `${(tenths - 1) * 10} to ${tenths * 10} % of its life used`;
  const remedy = 'export, replace the card, import';
  if (tenths > 10 || Number(reserve) >= 3) return fail('wear of the disk', words, remedy, '100 %');
  if (tenths > 8 || Number(reserve) === 2) return warn('wear of the disk', words, remedy, '80 %');
  return ok('wear of the disk', words, '80 %');
}
