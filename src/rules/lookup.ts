/**
 * Static tables beside the rules: CSV with a header, JSON or YAML; one row for each value of a tag.
 *
 * Invariant: the columns of a table and their types stay what they were when rules were compiled against it; `replace`
 * swaps the rows at once or not at all. A key the table lacks, and an empty cell, give null.
 * Not here: when a changed file is read again.
 */

import { extname } from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import { parseYamlTable } from '../config/yaml-table.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { FieldValue, ValueType } from '../core/types.ts';
import type { LookupColumn } from '../expression/scope.ts';

export const maxTableCharacters = 16 * 1024 * 1024;
/** Each is looked through for the type of its column, and held in memory. */
export const maxTableCells = 2_000_000;
export const maxTableColumns = 1000;

export interface LookupTable {
  readonly columns: ReadonlyMap<string, LookupColumn>;
  /** What is odd in the file, as it was first read: the table can be used. */
  readonly oddities: readonly { readonly message: string; readonly remedy: string }[];
  /** Swaps the rows for those of a new text; throws `GatewayError`, and keeps the rows, when it does not fit. */
  replace(text: string): void;
}

/** Reads a table; `name` says by its ending what the text is, `key` names the column. Throws `GatewayError`. */
export function createLookup(name: string, key: string, text: string): LookupTable {
  const first = readRows(name, key, text);
  let current = first;
  let version = 0;
  const columns = new Map<string, LookupColumn>();
  for (const [column, type] of first.types) {
    columns.set(column, {
      type,
      get version() {
        return version;
      },
      value: (of) => current.rows.get(of)?.[column] ?? null,
    });
  }
  return {
    columns,
    oddities: first.oddities,
    replace(newText) {
      const next = readRows(name, key, newText);
      for (const [column, type] of first.types) {
        const now = next.types.get(column);
        if (now !== type && !next.emptyColumns.has(column)) {
          throw new GatewayError(`column ${column} of ${name} was ${type}, and is ${now ?? 'gone'}`, {
            remedy: 'reload the rules, so that they are checked against it',
          });
        }
      }
      current = next;
      version += 1;
    },
  };
}

type Row = Readonly<Record<string, FieldValue | null>>;

interface Rows {
  readonly rows: ReadonlyMap<string, Row>;
  readonly types: ReadonlyMap<string, ValueType>;
  /** Columns without any value: they may be of any type. */
  readonly emptyColumns: ReadonlySet<string>;
  readonly oddities: LookupTable['oddities'];
}

/** A row as the file has it; in CSV and YAML every cell is text. */
type RawRow = Readonly<Record<string, unknown>>;

function readRows(name: string, key: string, text: string): Rows {
  if (text.length > maxTableCharacters) {
    throw new GatewayError(
      `${name} has ${text.length} characters; at most ${maxTableCharacters} are allowed`,
      {
        remedy: 'keep only the columns and rows that rules use',
      },
    );
  }
  const { raw, isText } = readFormat(name, key, text);
  const names = columnsOf(name, raw);
  if (!names.includes(key)) {
    throw new GatewayError(`${name} has no column \`${key}\``, {
      remedy:
        names.length > 0 ? `its columns: ${names.join(', ')}` : 'the table is empty: write a header and rows',
    });
  }
  const types = new Map<string, ValueType>();
  const emptyColumns = new Set<string>();
  const oddities: LookupTable['oddities'][number][] = [];
  for (const column of names) {
    const values = raw.map((row) => cellOf(name, column, row)).filter((value) => value !== null);
    types.set(column, column === key ? 'string' : typeOfColumn(values, isText));
    if (values.length === 0) emptyColumns.add(column);
    const comma = column === key ? undefined : decimalCommaIn(values);
    if (comma !== undefined) {
      const message = `column ${column} of ${name} is text, for a number has a point: it holds ${comma}`;
      oddities.push({ message, remedy: `write ${comma.replace(',', '.')}` });
    }
  }
  return { rows: byKey(name, key, raw, types), types, emptyColumns, oddities };
}

/** All that a row has. Tables too large for a gateway are refused. */
function columnsOf(name: string, raw: readonly RawRow[]): string[] {
  const names = new Set<string>();
  for (const row of raw) {
    for (const column of Object.keys(row)) names.add(column);
    refuseLarge(name, 'columns', names.size, maxTableColumns);
  }
  refuseLarge(name, 'cells', raw.length * names.size, maxTableCells);
  return [...names];
}

function refuseLarge(name: string, what: string, size: number, most: number): void {
  if (size <= most) return;
  throw new GatewayError(`${name} has more than ${most} ${what}`, {
    remedy: 'keep only the columns and rows that rules use',
  });
}

function byKey(name: string, key: string, raw: readonly RawRow[], types: ReadonlyMap<string, ValueType>) {
  const rows = new Map<string, Row>();
  for (const [i, row] of raw.entries()) {
    const id = cellOf(name, key, row);
    if (id === null) {
      throw new GatewayError(`row ${i + 1} of ${name} has no \`${key}\``, {
        remedy: 'fill it in, or delete the row',
      });
    }
    if (rows.has(String(id))) {
      throw new GatewayError(`${key} ${id} stands twice in ${name}`, { remedy: 'keep one row for each' });
    }
    const values: Record<string, FieldValue | null> = Object.create(null);
    for (const [column, type] of types) values[column] = convert(cellOf(name, column, row), type);
    rows.set(String(id), values);
  }
  return rows;
}

function readFormat(name: string, key: string, text: string): { raw: readonly RawRow[]; isText: boolean } {
  const read = formats[extname(name).toLowerCase()];
  if (!read) {
    const message = `${name} is not a kind of table that is known`;
    throw new GatewayError(message, { remedy: `use one of ${Object.keys(formats).join(', ')}` });
  }
  return {
    raw: read(name, key, text.replace(/^\uFEFF/, '')),
    isText: extname(name).toLowerCase() !== '.json',
  };
}

const formats: Readonly<Record<string, (name: string, key: string, text: string) => RawRow[]>> = {
  '.csv': readCsv,
  '.json': (name, key, text) =>
    rowsFrom(
      name,
      key,
      understand(name, () => JSON.parse(text)),
    ),
  '.yaml': (name, key, text) =>
    rowsFrom(
      name,
      key,
      understand(name, () => parseYamlTable(text)),
    ),
  '.yml': (name, key, text) =>
    rowsFrom(
      name,
      key,
      understand(name, () => parseYamlTable(text)),
    ),
};

function understand<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new GatewayError(`${name} cannot be read: ${messageOf(error)}`, {
      remedy: 'correct the file',
      cause: error,
    });
  }
}

function readCsv(name: string, _key: string, text: string): RawRow[] {
  const firstLine = text.slice(0, text.search(/[\r\n]|$/));
  const count = (sign: string): number => firstLine.split(sign).length;
  const delimiter = [',', ';', '\t'].reduce((best, sign) => (count(sign) > count(best) ? sign : best));
  let header: readonly string[] = [];
  const columns = (names: string[]): string[] => {
    header = names;
    return names;
  };
  refuseLarge(name, 'columns', count(delimiter), maxTableColumns);
  // One row more than fits, so that it shows.
  const to = Math.floor(maxTableCells / count(delimiter)) + 1;
  const options = { delimiter, trim: true, skip_empty_lines: true, columns, to };
  const rows = understand(name, () => parseCsv(text, options) as RawRow[]);
  refuseTwice(name, header);
  return rows;
}

function refuseTwice(name: string, columns: readonly string[]): void {
  const twice = columns.find((column, i) => columns.indexOf(column) !== i);
  if (twice === undefined) return;
  throw new GatewayError(`column ${twice || '(without a name)'} stands twice in ${name}`, {
    remedy: 'give each column its own name',
  });
}

/** A list of rows, or a map from key to row. */
function rowsFrom(name: string, key: string, value: unknown): RawRow[] {
  const rows = Array.isArray(value)
    ? value
    : isObject(value)
      ? Object.entries(value).map(([id, row]) => (isObject(row) ? { [key]: id, ...row } : row))
      : undefined;
  if (rows?.every(isObject)) return rows;
  throw new GatewayError(`${name} is not a table`, { remedy: `write a list of rows: [{ ${key}: …, … }, …]` });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function cellOf(name: string, column: string, row: RawRow): FieldValue | null {
  const value = Object.hasOwn(row, column) ? row[column] : undefined;
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  throw new GatewayError(`column ${column} of ${name} holds lists or objects`, {
    remedy: 'one value for each cell',
  });
}

/** A number as someone would write it: a leading zero makes an identifier, not a number. */
const numberPattern = /^[+-]?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i;

/** Whole numbers that no double holds are identifiers, such as those of SIM cards: as numbers they would be others. */
function isNumberText(text: string): boolean {
  if (!numberPattern.test(text) || !/^[+-]?\d+$/.test(text)) return numberPattern.test(text);
  const number = Number(text);
  return Number.isFinite(number) && BigInt(text) === BigInt(number);
}

function typeOfColumn(values: readonly FieldValue[], isText: boolean): ValueType {
  if (values.length === 0) return 'string';
  if (values.every((value) => typeof value === 'number' || (isText && isNumberText(String(value)))))
    return 'number';
  const isTruth = (value: FieldValue): boolean =>
    typeof value === 'boolean' || (isText && /^(true|false)$/i.test(String(value)));
  return values.every(isTruth) ? 'boolean' : 'string';
}

/** The first cell with a decimal comma, where all others are numbers or have one, too. */
function decimalCommaIn(values: readonly FieldValue[]): string | undefined {
  const isComma = (value: FieldValue): value is string => /^[+-]?\d+,\d+$/.test(String(value));
  const isNumber = values.every((value) => isNumberText(String(value)) || isComma(value));
  return isNumber ? values.find(isComma) : undefined;
}

function convert(value: FieldValue | null, type: ValueType): FieldValue | null {
  if (value === null) return null;
  if (type === 'string') return String(value);
  if (type === 'number') return Number(value);
  return String(value).toLowerCase() === 'true';
}
