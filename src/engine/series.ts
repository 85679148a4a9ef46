/**
 * Numbers the distinct combinations of tag values: rows carry one small integer instead of strings.
 *
 * Invariant: ids are dense, from 0, and an id means the same values for the life of the index; none is given beyond `limit`.
 */

import type { SeriesTable } from '../expression/rows.ts';

export interface SeriesIndex extends SeriesTable {
  readonly size: number;
  readonly tags: string[][];
  /** The id of these values, in the index's order of tags; -1 for a new combination when the index is full. */
  idOf(values: readonly string[]): number;
  /** Gives a fresh index the ids it had when `tags` was saved, also those beyond a limit lowered since. */
  restore(tags: readonly (readonly string[])[], size: number): void;
}

/** One level for each tag; the last one holds ids. */
interface Trie extends Map<string, Trie | number> {}

export function createSeriesIndex(tagCount: number, limit: number): SeriesIndex {
  const tags: string[][] = Array.from({ length: tagCount }, () => []);
  const root: Trie = new Map();
  const index = { tags, size: 0, idOf, restore };
  let most = limit;

  function idOf(values: readonly string[]): number {
    let branch = root;
    for (let i = 0; i < tagCount - 1; i++) {
      let next = branch.get(values[i]!) as Trie | undefined;
      if (next === undefined) {
        if (index.size >= most) return -1;
        next = new Map();
        branch.set(values[i]!, next);
      }
      branch = next;
    }
    const id = branch.get(values[tagCount - 1] ?? '') as number | undefined;
    return id ?? add(branch, values);
  }

  function add(branch: Trie, values: readonly string[]): number {
    if (index.size >= most) return -1;
    for (let i = 0; i < tagCount; i++) tags[i]!.push(values[i]!);
    branch.set(values[tagCount - 1] ?? '', index.size);
    return index.size++;
  }

  function restore(saved: readonly (readonly string[])[], size: number): void {
    most = size;
    for (let id = 0; id < size; id++) idOf(saved.map((column) => column[id]!));
    most = limit;
  }

  return index;
}

/** The tags of one id, by name; those without a value are left out. */
export function tagsOf(table: SeriesTable, names: readonly string[], id: number): Record<string, string> {
  const named: Record<string, string> = {};
  for (const [i, name] of names.entries()) {
    const value = table.tags[i]![id]!;
    if (value !== '') named[name] = value;
  }
  return named;
}
