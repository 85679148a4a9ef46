/**
 * Finds and reads the YAML files of a folder.
 *
 * Invariant: sorted by path, so that messages and duplicates come out the same everywhere. Names that start with a
 * dot are passed over (editors' and mounts' own files), links are followed. What cannot be read is a diagnostic.
 */

import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { type Diagnostic, GatewayError, reasonOf } from '../core/errors.ts';
import { readYaml, type YamlFile } from './document.ts';
import { readPlainFile } from './plain-file.ts';

/** A file of this size was not written by a person. */
export const largestFileBytes = 4 * 1024 * 1024;
/** Some seconds, and some hundred megabytes while it is understood. */
const mostSigns = 300_000;
/** Of all files of a folder. */
const largestTogetherBytes = 64 * 1024 * 1024;
const mostSignsTogether = 1_000_000;
/** Of a folder with all folders in it. */
const mostFiles = 20_000;

/** A path as the user would type it from here. */
export function displayPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near === '' ? '.' : near.startsWith('..') ? path : near;
}

/** A mistake about a file or folder as a whole. */
export function wholeFile(path: string, message: string, remedy: string): Diagnostic {
  return {
    severity: 'error',
    file: displayPath(path),
    line: 1,
    column: 1,
    length: 1,
    text: '',
    message,
    remedy,
  };
}

/** Reads and understands files, one after the other; problems are in their diagnostics. */
export function readYamlFiles(paths: readonly string[]): YamlFile[] {
  const room = { bytes: largestTogetherBytes, signs: mostSignsTogether };
  return paths.map((path) => readWithin(path, room));
}

/** The same for one file. */
export function readYamlFile(path: string): YamlFile {
  return readYamlFiles([path])[0]!;
}

/** A file as text; throws a `GatewayError`, for one that is missing too. */
export function readTextFile(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      readPlainFile(path, largestFileBytes),
    );
  } catch (error) {
    throw cannotRead(path, error);
  }
}

export function cannotRead(path: string, error: unknown): GatewayError {
  const isText = !(error instanceof TypeError);
  const reason = isText ? reasonOf(error) : 'it is not UTF-8 text';
  return new GatewayError(`cannot read ${displayPath(path)}: ${reason}`, {
    remedy: isText ? 'check its path and permissions' : 'save it as UTF-8',
    cause: error,
  });
}

/** What may still be read. */
interface Room {
  bytes: number;
  signs: number;
}

function readWithin(path: string, room: Room): YamlFile {
  const file = displayPath(path);
  try {
    const bytes = readPlainFile(path, largestFileBytes);
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    takeRoom(room, bytes.length, countSigns(text));
    return readYaml(file, path, text, isTestFile(path) ? 'feeds' : 'settings');
  } catch (error) {
    if (error instanceof TypeError) return unreadable(path, 'the file is not UTF-8 text', 'save it as UTF-8');
    return unreadable(path, `cannot read the file: ${systemWords(error)}`, remedyOf(error));
  }
}

function takeRoom(room: Room, bytes: number, signs: number): void {
  room.bytes -= bytes;
  room.signs -= signs;
  if (signs > mostSigns) {
    throw new GatewayError(`it has more than ${mostSigns} lines, colons, commas and brackets`, {
      remedy: 'split it',
    });
  }
  if (room.bytes >= 0 && room.signs >= 0) return;
  throw new GatewayError('the files before it are as many and as large as a gateway can read', {
    remedy: 'keep the files of this gateway in the folder, nothing else',
  });
}

/** Signs that may begin a value or a key: what a file costs in time and memory goes by them. */
function countSigns(text: string): number {
  let count = 0;
  for (const _ of text.matchAll(/[\n:,[{]/g)) count += 1;
  return count;
}

function unreadable(path: string, message: string, remedy: string): YamlFile {
  const empty = readYaml(displayPath(path), path, '');
  return { ...empty, value: undefined, diagnostics: [wholeFile(path, message, remedy)] };
}

/** `NAME.test.yaml` proves the rules beside it. */
export function isTestFile(path: string): boolean {
  return /\.test\.ya?ml$/.test(basename(path));
}

/** All `*.yaml` and `*.yml` files in a folder and the folders in it. */
export async function yamlFilesIn(folder: string): Promise<{ paths: string[]; diagnostics: Diagnostic[] }> {
  const paths: string[] = [];
  const diagnostics: Diagnostic[] = [];
  const { failures } = await walkFolder(folder, (inFolder) => {
    paths.push(...inFolder.filter(isYaml));
    const overlooked = inFolder.filter((path) => /\.ya?ml/i.test(basename(path)) && !isYaml(path));
    if (overlooked.length > 0) diagnostics.push(notRead(overlooked));
  });
  for (const { path, error } of failures) {
    diagnostics.push(wholeFile(path, `cannot read the folder: ${systemWords(error)}`, remedyOf(error)));
  }
  return { paths: paths.toSorted(), diagnostics };
}

function isYaml(path: string): boolean {
  return /\.ya?ml$/.test(path);
}

/**
 * Gives the files of a folder and of the folders in it, one folder after the other, by name. Links are followed, and each
 * folder is visited once, however many of them lead there.
 */
export async function walkFolder(
  folder: string,
  give: (paths: readonly string[]) => void,
): Promise<{ failures: { readonly path: string; readonly error: unknown }[] }> {
  const failures: { path: string; error: unknown }[] = [];
  const visited = new Set<string>();
  let files = 0;

  async function visit(path: string): Promise<void> {
    try {
      const real = await realpath(path);
      if (visited.has(real)) return;
      visited.add(real);
      const entries = (await readdir(path)).filter((name) => !name.startsWith('.')).toSorted();
      files += entries.length;
      if (files > mostFiles) throw tooManyFiles;
      const kinds = await Promise.all(entries.map((name) => kindOf(join(path, name))));
      give(entries.filter((_, i) => kinds[i] !== 'folder').map((name) => join(path, name)));
      for (const [i, name] of entries.entries()) if (kinds[i] === 'folder') await visit(join(path, name));
    } catch (error) {
      failures.push({ path, error });
    }
  }

  await visit(resolve(folder));
  return { failures };
}

const tooManyFiles = new GatewayError(`it has more than ${mostFiles} files`, {
  remedy: 'keep files of the gateway in it, nothing else',
});

/** Copies that editors and people leave beside a file, and endings that look right: once for a folder. */
function notRead(paths: readonly string[]): Diagnostic {
  const names = paths.map((path) => `\`${basename(path)}\``);
  const few = names.slice(0, 3).join(', ');
  const all =
    names.length > 3
      ? `${few} and ${names.length - 3} more are`
      : `${few} ${names.length > 1 ? 'are' : 'is'}`;
  const remedy = 'rename it if it is meant, or move it to another folder';
  const message = `${all} not read: only names that end in .yaml or .yml are`;
  return { ...wholeFile(paths[0]!, message, remedy), severity: 'warning' };
}

/** What a path leads to; undefined for nothing. */
export async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code ?? error);
}

function systemWords(error: unknown): string {
  if (error instanceof GatewayError) return error.message;
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'it does not exist',
    EACCES: 'permission denied',
    EISDIR: 'it is a folder',
    ENOTDIR: 'it is not a folder',
    ELOOP: 'its links lead in a circle',
  };
  return words[codeOf(error)] ?? codeOf(error);
}

function remedyOf(error: unknown): string {
  if (error instanceof GatewayError && error.remedy !== undefined) return error.remedy;
  if (codeOf(error) === 'ENOENT') return 'check the path, or create it';
  return 'check its path and permissions';
}
