/**
 * Finds and reads the YAML files of a folder.
 *
 * Invariant: sorted by path, so that messages and duplicates come out the same everywhere. Names that start with a
 * dot are passed over (editors' and mounts' own files), links are followed. What cannot be read is a diagnostic.
 */

import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import type { Diagnostic } from '../core/errors.ts';
import { readYaml, type YamlFile } from './document.ts';

/** A file of this size was not written by a person. */
const largestBytes = 4 * 1024 * 1024;
const deepest = 16;

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

/** Reads and understands one file; problems are in its diagnostics. */
export async function readYamlFile(path: string): Promise<YamlFile> {
  const file = displayPath(path);
  try {
    const { size } = await stat(path);
    if (size > largestBytes)
      return unreadable(path, `the file has ${size} bytes, more than ${largestBytes}`, 'split it');
    const bytes = await readFile(path);
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return readYaml(file, path, text, isTestFile(path) ? 'feeds' : 'settings');
  } catch (error) {
    if (error instanceof TypeError) return unreadable(path, 'the file is not UTF-8 text', 'save it as UTF-8');
    return unreadable(path, `cannot read the file: ${systemWords(error)}`, remedyOf(error));
  }
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
  await list(resolve(folder), [], paths, diagnostics);
  return { paths: paths.toSorted(), diagnostics };
}

async function list(
  folder: string,
  above: string[],
  paths: string[],
  diagnostics: Diagnostic[],
): Promise<void> {
  try {
    const real = await realpath(folder);
    if (above.includes(real) || above.length >= deepest) return;
    const entries = await readdir(folder);
    const overlooked: string[] = [];
    for (const name of entries.toSorted().filter((entry) => !entry.startsWith('.'))) {
      const path = join(folder, name);
      const kind = await kindOf(path);
      if (kind === 'folder') await list(path, [...above, real], paths, diagnostics);
      else if (/\.ya?ml$/.test(name)) paths.push(path);
      else if (/\.ya?ml/i.test(name)) overlooked.push(path);
    }
    if (overlooked.length > 0) diagnostics.push(notRead(overlooked));
  } catch (error) {
    diagnostics.push(wholeFile(folder, `cannot read the folder: ${systemWords(error)}`, remedyOf(error)));
  }
}

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
  if (codeOf(error) === 'ENOENT') return 'check the path, or create it';
  return 'check its path and permissions';
}
