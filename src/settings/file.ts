/**
 * The settings file: JSON that people can read, its checksum first, and the version before it beside it as `.bak`.
 *
 * Invariant: what was written is found again after a crash at any moment. A damaged file is set aside as `.corrupt`,
 * which is said, and the version before it taken.
 */

import { crc32 } from 'node:zlib';
import type { DurableFiles } from '../core/durable-files.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { fromStored, type Settings, toStored } from './settings.ts';

export interface SettingsFileOptions {
  readonly path: string;
  readonly files: DurableFiles;
  readonly logger: Logger;
}

/** In the shape of a lowdb adapter. */
export interface SettingsFile {
  /** Null when there is none that can be read. Throws `GatewayError` when the disk lets nothing be set aside. */
  read(): Promise<Settings | null>;
  /** Resolves when it is on disk; throws `GatewayError`, and what was there stays. */
  write(settings: Settings): Promise<void>;
}

export function createSettingsFile({ path, files, logger }: SettingsFileOptions): SettingsFile {
  const previous = `${path}.bak`;
  /** What is in the file at `path`, when it is one to keep. */
  let current: Buffer | undefined;

  async function readFile(from: string): Promise<{ settings: Settings; content: Buffer } | undefined> {
    const content = await files.read(from).catch((error: unknown) => setAside(from, messageOf(error)));
    if (content === undefined) return undefined;
    const settings = decodeSettings(content.toString());
    if (settings !== undefined) return { settings, content };
    return setAside(from, `its checksum does not fit its ${content.length} bytes`);
  }

  async function setAside(from: string, why: string): Promise<undefined> {
    const file = await files.setAside(from);
    logger.error(
      { file, why },
      'settings file is damaged: set aside; acknowledgements and silences since the version before are lost',
    );
  }

  return {
    async read() {
      const newest = await readFile(path);
      current = newest?.content;
      return (newest ?? (await readFile(previous)))?.settings ?? null;
    },
    async write(settings) {
      const content = Buffer.from(encodeSettings(settings));
      // Copied, not renamed: there is a file at any moment, for people who look.
      if (current !== undefined) await files.replace(previous, current);
      await files.replace(path, content);
      current = content;
    },
  };
}

export function encodeSettings(settings: Settings): string {
  const stored = toStored(settings);
  return `${JSON.stringify({ checksum: checksumOf(stored), ...stored }, null, 2)}\n`;
}

/** Undefined when the text is not one that was written whole. */
export function decodeSettings(text: string): Settings | undefined {
  try {
    const { checksum, ...stored } = JSON.parse(text) as { readonly checksum?: unknown };
    return checksum === checksumOf(stored) ? fromStored(stored) : undefined;
  } catch {
    return undefined;
  }
}

/** CRC-32 of the content without blanks. */
function checksumOf(stored: object): string {
  return crc32(JSON.stringify(stored)).toString(16).padStart(8, '0');
}
