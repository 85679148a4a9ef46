/** A scope and rows for tests: numbers x and y, a truth value d, a text s, the tag site, and a lookup table by it. */

import type { FieldValue, ValueType } from '../core/types.ts';
import type { Column, Compiled, Rows, SeriesTable } from './rows.ts';
import type { LookupColumn, Scope } from './scope.ts';

export interface TestRow {
  readonly x: number | null;
  readonly y: number | null;
  readonly d: boolean | null;
  readonly s: string | null;
  /** Series id. */
  readonly series: number;
}

const fields = [
  { name: 'x', type: 'number' },
  { name: 'y', type: 'number' },
  { name: 'd', type: 'boolean' },
  { name: 's', type: 'string' },
] as const;

export interface Fleet {
  readonly columns: Readonly<Record<string, LookupColumn>>;
  swap(
    rows: Readonly<Record<string, { readonly capacity: number | null; readonly kind: string | null }>>,
  ): void;
}

export function createFleet(first: Parameters<Fleet['swap']>[0]): Fleet {
  let rows = first;
  let version = 0;
  const column = (name: 'capacity' | 'kind', type: 'number' | 'string'): LookupColumn => ({
    type,
    get version() {
      return version;
    },
    value: (key): FieldValue | null => (Object.hasOwn(rows, key) ? rows[key]![name] : null),
  });
  return {
    columns: { capacity: column('capacity', 'number'), kind: column('kind', 'string') },
    swap(next) {
      rows = next;
      version += 1;
    },
  };
}

export function testScope(fleet: Fleet): Scope {
  return {
    resolve(name) {
      const slot = fields.findIndex((field) => field.name === name);
      if (slot >= 0) return { kind: 'column', slot, type: fields[slot]!.type };
      if (name === 'site') return { kind: 'tag', index: 0 };
      return name === 'limit' ? { kind: 'constant', value: 5 } : undefined;
    },
    resolveMember(object, member) {
      const column =
        object === 'fleet' && Object.hasOwn(fleet.columns, member) ? fleet.columns[member] : undefined;
      return column && { kind: 'lookup', tag: 0, column };
    },
    names: () => [...fields.map(({ name }) => name), 'site', 'limit', 'fleet.capacity', 'fleet.kind'],
    unknown: (name) => `unknown field \`${name}\` of device press`,
  };
}

/** A table whose series are these sites. */
export function tableOf(sites: readonly string[]): SeriesTable {
  return {
    get size() {
      return sites.length;
    },
    tags: [sites],
  };
}

export function rowsOf(rows: readonly TestRow[], table: SeriesTable): Rows {
  const numbers = (pick: (row: TestRow) => number | boolean | null): Column =>
    Float64Array.from(rows, (row) => (pick(row) === null ? Number.NaN : Number(pick(row))));
  return {
    n: rows.length,
    columns: [numbers(({ x }) => x), numbers(({ y }) => y), numbers(({ d }) => d), rows.map(({ s }) => s)],
    series: Int32Array.from(rows, ({ series }) => series),
    eventMs: new Float64Array(rows.length),
    arrivalMs: new Float64Array(rows.length),
    table,
  };
}

/** The results of a kernel over rows. */
export function valuesOf({ type, kernel }: Compiled, rows: Rows): (FieldValue | null)[] {
  return Array.from({ length: rows.n }, (_, i) => valueAt(type, kernel(rows)[i]!));
}

export function valueAt(type: ValueType, cell: string | number | null): FieldValue | null {
  if (cell === null || Number.isNaN(cell)) return null;
  return type === 'boolean' ? cell === 1 : cell;
}
