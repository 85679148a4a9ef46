/**
 * A disk whose power can be cut: an ext4 file system on an image, mounted by loop, that lies in another file system.
 *
 *     cache of the drive kept:  shelf.img ▸ shelf/ext4 ▸ [disk.img] ▸ disk/ext4 ▸ data
 *     cache of the drive lost:  shelf.img ▸ shelf/ext4 ▸ [drive.img] ▸ drive/ext4 ▸ disk.img ▸ disk/ext4 ▸ data
 *
 * What is in brackets is copied. Why the copy is what a disk holds after a power cut:
 * - It is of one moment. The shelf is frozen (FIFREEZE) while it is taken: a write to the image waits until it is thawed,
 *   whole; so each write that the disk was given is in the copy or is not. That nothing changed meanwhile is checked: the
 *   copy is compared with the image before the thaw. Freezing the shelf flushes the shelf, not what is mounted on the image.
 * - Nothing is in it that was not on the disk. What the file system on the image holds in memory (data and metadata that no
 *   sync, commit or write-back has sent to its device) has not reached the image; nobody asks it to: it is neither frozen,
 *   synced nor unmounted before, and the process that uses it is killed in the middle of its waiting calls.
 * - With the cache of the drive lost, what the disk was sent but not told to flush is missing as well: it is in the memory of
 *   the file system on the drive, which only a flush (or its own write-back, in any order) sends on.
 *
 * Not covered: a write torn within one request of the block layer, and a drive that lies about its flushes.
 */

import { execFile, execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../peers/until.ts';

export type DriveCache = 'kept' | 'lost';

export interface PowerDisk {
  /** Where the gateway's data may lie. */
  readonly folder: string;
  /**
   * Cuts the power: `die` ends who uses the disk, without waiting; `dead` resolves when it is gone. Then the disk comes
   * back, in the same place, as the copy was: its file system replays its journal as it is mounted.
   */
  cutPower(die: () => void, dead: () => Promise<unknown>): Promise<void>;
  close(): Promise<void>;
}

/** Nothing is written early as a kindness: no data before the metadata that speaks of it, none before a rename. */
const strict = 'loop,data=writeback,noauto_da_alloc';

const run = promisify(execFile);
const mebibyte = 1024 * 1024;
const sizes = { disk: 128 * mebibyte, drive: 192 * mebibyte, shelf: 512 * mebibyte };

interface Mounted {
  readonly image: string;
  readonly folder: string;
}

/**
 * Who has copied the machine's mounts, such as a container that starts beside, keeps them alive for so long. Nothing may be written
 * to the image before they are gone.
 */
async function unmountWhole({ image, folder }: Mounted): Promise<void> {
  await until(() => isUnmounted(folder), `${folder} to be free`, longestHeldMs);
  const isLetGo = async (): Promise<boolean> => (await run('losetup', ['-j', image])).stdout === '';
  await until(isLetGo, `${image} to be let go of by a copy of the machine's mounts`, longestHeldMs);
}

const longestHeldMs = 120_000;

async function isUnmounted(folder: string): Promise<boolean> {
  try {
    await run('umount', [folder]);
    return true;
  } catch (error) {
    if ((error as { readonly stderr?: string }).stderr?.includes('busy')) return false;
    throw error;
  }
}

/** Why there can be none here; undefined when there can. */
export async function whyNoPowerDisk(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'a power cut needs root, to mount images';
  try {
    const disk = await openPowerDisk('kept');
    await disk.close();
    return undefined;
  } catch (error) {
    return `a power cut needs ext4 images mounted by loop, and fsfreeze: ${(error as Error).message.trim()}`;
  }
}

export async function openPowerDisk(cache: DriveCache): Promise<PowerDisk> {
  const base = await mkdtemp(join(tmpdir(), 'headgate-power-'));
  const at = (name: string): string => join(base, name);
  const folders = { shelf: at('shelf'), drive: at('drive'), disk: at('disk') };
  /** Innermost last. */
  const mounted: Mounted[] = [];
  let isFrozen = false;

  async function mount(image: string, folder: string, options = 'loop'): Promise<void> {
    await mkdir(folder, { recursive: true });
    await run('mount', ['-o', options, image, folder]);
    mounted.push({ image, folder });
  }
  async function unmount(left: number): Promise<void> {
    while (mounted.length > left) {
      await unmountWhole(mounted.at(-1)!);
      mounted.pop();
    }
  }
  async function thaw(): Promise<void> {
    if (isFrozen) await run('fsfreeze', ['-u', folders.shelf]);
    isFrozen = false;
  }

  /** Also when a test fails in a way that runs nothing else: a frozen file system would hold up the machine. */
  const leaveNothing = (): void => {
    if (isFrozen) execFileSync('fsfreeze', ['-u', folders.shelf]);
    for (const { folder } of mounted.toReversed()) execFileSync('umount', ['--lazy', folder]);
    rmSync(base, { recursive: true, force: true });
  };
  process.once('exit', leaveNothing);

  const imageOnShelf = join(folders.shelf, 'image');

  /** Mounts what is on the shelf, down to the disk. */
  async function mountDisk(): Promise<void> {
    if (cache === 'kept') return mount(imageOnShelf, folders.disk, strict);
    await mount(imageOnShelf, folders.drive);
    await mount(join(folders.drive, 'disk.img'), folders.disk, strict);
  }

  async function close(): Promise<void> {
    await thaw();
    await unmount(0);
    process.off('exit', leaveNothing);
    await rm(base, { recursive: true, force: true });
  }

  try {
    await make(at('shelf.img'), sizes.shelf);
    await mount(at('shelf.img'), folders.shelf);
    if (cache === 'kept') {
      await make(imageOnShelf, sizes.disk);
    } else {
      await make(imageOnShelf, sizes.drive);
      await mount(imageOnShelf, folders.drive);
      await make(join(folders.drive, 'disk.img'), sizes.disk);
      await unmount(1);
    }
    await mountDisk();
  } catch (error) {
    await close();
    throw error;
  }

  return {
    folder: folders.disk,
    async cutPower(die, dead) {
      const copy = at('copy.img');
      try {
        // Set before: a freeze that is cut short must be undone, too.
        isFrozen = true;
        await run('fsfreeze', ['-f', folders.shelf]);
        die();
        await run('cp', ['--sparse=always', imageOnShelf, copy]);
        await run('cmp', [imageOnShelf, copy]);
      } finally {
        await thaw();
      }
      await dead();
      await unmount(1);
      await run('cp', ['--sparse=always', copy, imageOnShelf]);
      await mountDisk();
    },
    close,
  };
}

async function make(image: string, bytes: number): Promise<void> {
  await run('truncate', ['-s', String(bytes), image]);
  // Nothing is written later for the file system's own sake.
  await run('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image]);
}
