/**
 * What a backup is: an ordinary `tar.gz` that people can look into.
 *
 *     backup.json            what it is, and what was left out
 *     config/…               headgate.yaml first, then what lies below its folder: devices, rules, tables, users
 *     outside/…              files that headgate.yaml names elsewhere, by their absolute path
 *     data/…                 checkpoint, settings.json, journal/, outbox/: as in a data folder
 *     SHA256SUMS             of all of them, last: `sha256sum -c SHA256SUMS`
 *
 * Invariant: whoever adds to this raises `backupFormat`; a backup of a newer one is refused.
 */

import { posix } from 'node:path';
import { GatewayError } from '../core/errors.ts';

export const backupFormat = 1;
export const aboutName = 'backup.json';
export const sumsName = 'SHA256SUMS';

/** The content of `backup.json`. */
export interface About {
  readonly format: number;
  /** Of headgate. */
  readonly version: string;
  /** Its name, which every point carries. */
  readonly gateway: string;
  /** RFC 3339. */
  readonly madeAt: string;
  /** Of the gateway file: `config/` and this. */
  readonly configFile: string;
  /** Absent: settings only. */
  readonly state?: { readonly from: 'running' | 'stopped' };
  /** Files with secrets that were left out, as headgate.yaml names them. */
  readonly toSupply: readonly string[];
}

/** A file of a backup. */
export interface Entry {
  readonly name: string;
  /** Rights; of files only. */
  readonly mode: number;
  readonly content: Buffer;
}

export type Part = 'config' | 'outside' | 'data';

/** Which part a name is of, and the rest of it. Throws `GatewayError` for every other name. */
export function partOf(name: string): { readonly part: Part; readonly path: string } {
  const [, part, path] = /^(config|outside|data)\/(.+)$/s.exec(name) ?? [];
  if (part === undefined || !isPlain(path!)) throw refused(`\`${name}\` is no name of a file in a backup`);
  return { part: part as Part, path: path! };
}

const mostNameBytes = 4096;

/** Relative, leading nowhere but down, and nothing that an import itself uses. */
function isPlain(path: string): boolean {
  if (Buffer.byteLength(path) > mostNameBytes || /[\0\\]/.test(path)) return false;
  if (posix.isAbsolute(path) || posix.normalize(path) !== path || path.endsWith('/')) return false;
  return path.split('/').every((name) => name !== '..' && name !== '.' && !isOwnName(name));
}

/** Where an import prepares, and where it puts what was there before. Names with a dot are read by nobody. */
export const stagingName = '.import';
export const asideName = (stamp: string): string => `.before-import-${stamp}`;

function isOwnName(name: string): boolean {
  return name === stagingName || name.startsWith('.before-import-');
}

/** For something that is no backup, or no longer one. */
export function refused(message: string, remedy = 'use another backup'): GatewayError {
  return new GatewayError(message, { remedy });
}

/** Undefined when it is something else. Throws `GatewayError` for a newer format. */
export function parseAbout(text: string): About | undefined {
  const about = parseJson(text) as Partial<About> | undefined;
  if (typeof about !== 'object' || about === null || typeof about.format !== 'number') return undefined;
  if (about.format > backupFormat) {
    throw refused(
      `the backup has format ${about.format}, made by headgate ${String(about.version)}; this version reads up to ${backupFormat}`,
      'install that version of headgate, or a later one',
    );
  }
  const texts = [about.version, about.gateway, about.madeAt, about.configFile];
  const isWhole = texts.every((one) => typeof one === 'string') && Array.isArray(about.toSupply);
  return isWhole && isPlain(about.configFile!) && !about.configFile!.includes('/')
    ? (about as About)
    : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
