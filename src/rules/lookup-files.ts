/** Finds the lookup tables of rules: inside the rules folder, each file read once for each key. */

import { dirname, relative, resolve, sep } from 'node:path';
import { displayPath } from '../config/files.ts';
import type { LocatedRule } from '../config/located.ts';
import { GatewayError, reasonOf } from '../core/errors.ts';
import { closest } from '../core/suggest.ts';
import { createLookup, type LookupTable } from './lookup.ts';
import type { DevicePlan } from './plan.ts';
import type { Report } from './problem.ts';
import type { RuleLookup, RuleLookups } from './scopes.ts';

/** A table in use, so that its rows can be swapped when the file changes. */
export interface LoadedTable {
  readonly path: string;
  readonly table: LookupTable;
}

export interface Tables {
  /** All that were read without a mistake. */
  loaded(): readonly LoadedTable[];
  /** The table of a file of a rules folder, by the column `key`; throws `GatewayError`. */
  table(file: TableFile, key: string): LookupTable;
}

interface TableFile {
  /** As the rule has it. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly folder: string;
}

type ReadTable = (path: string, folder: string) => string;

export function createTables(readTable: ReadTable): Tables {
  const known = new Map<string, LookupTable | GatewayError>();
  const loaded: LoadedTable[] = [];

  function read(file: TableFile, key: string): LookupTable | GatewayError {
    try {
      const table = createLookup(file.name, key, readText(readTable, file));
      loaded.push({ path: file.path, table });
      return table;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return error;
    }
  }

  return {
    loaded: () => loaded,
    table(file, key) {
      const identity = JSON.stringify([file.path, key]);
      const table = known.get(identity) ?? read(file, key);
      known.set(identity, table);
      if (table instanceof GatewayError) throw table;
      return table;
    },
  };
}

function readText(readTable: ReadTable, { name, path, folder }: TableFile): string {
  try {
    return readTable(path, folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      throw new GatewayError(`lookup table ${name} does not exist`, {
        remedy: `create ${path}`,
        cause: error,
      });
    }
    const why = code === 'EISDIR' ? 'it is a folder' : reasonOf(error);
    const remedy = (error instanceof GatewayError && error.remedy) || `check ${path}`;
    throw new GatewayError(`lookup table ${name} cannot be read: ${why}`, { remedy, cause: error });
  }
}

/** The tables a rule names; one that does not do is reported, and has no columns. */
export function lookupsOf(
  { rule, file }: LocatedRule,
  devices: readonly DevicePlan[],
  { tables, rulesFolder, report }: { tables: Tables; rulesFolder: string; report: Report },
): RuleLookups {
  const lookups = new Map<string, RuleLookup>();
  for (const [alias, { file: name, key }] of Object.entries(rule.lookup)) {
    const path = resolve(dirname(file.path), name);
    const keyIsTag = checkKey(alias, key, devices, report);
    const columns = isInside(rulesFolder, path) ? readColumns(alias, path, name, key) : outside(alias, name);
    lookups.set(alias, { key, file: name, columns: keyIsTag ? columns : undefined });
  }
  return lookups;

  function readColumns(
    alias: string,
    path: string,
    name: string,
    key: string,
  ): LookupTable['columns'] | undefined {
    try {
      const { columns, oddities } = tables.table({ name, path, folder: rulesFolder }, key);
      for (const { message, remedy } of oddities)
        report.value(['lookup', alias, 'file'], message, remedy, 'warning');
      return columns;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      report.value(['lookup', alias, 'file'], error.message, error.remedy ?? 'correct the table');
      return undefined;
    }
  }

  function outside(alias: string, name: string): undefined {
    report.value(
      ['lookup', alias, 'file'],
      `lookup table ${name} is outside of the rules folder`,
      `move it into ${displayPath(rulesFolder)}`,
    );
    return undefined;
  }
}

function isInside(folder: string, path: string): boolean {
  const way = relative(resolve(folder), path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && resolve(folder, way) === path;
}

function checkKey(alias: string, key: string, devices: readonly DevicePlan[], report: Report): boolean {
  for (const { profile, tags } of devices) {
    if (tags.includes(key)) continue;
    const near = closest(key, tags);
    const remedy = near ? `did you mean \`${near}\`?` : `its tags: ${tags.join(', ') || 'none'}`;
    report.value(['lookup', alias, 'key'], `\`${key}\` is not a tag of device ${profile.device}`, remedy);
    return false;
  }
  return true;
}
