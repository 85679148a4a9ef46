/**
 * Points merged to fewer: those of one series whose times are in one window become one.
 *
 * Invariant: a merged point has the series and the time of its newest part, so it can be no other point; what its fields
 * merge to (a note of each line says how) is what they were over all its parts, however the parts were grouped before.
 * Points of a rule before and after an edit of what it computes are never parts of one: under one name a value may be of
 * another field, and its weight in readings or in seconds.
 * A point that no other joins, or that cannot be merged, stays as it is, and lines that stay keep their order: of
 * two that name the same point the later has the last word. A field that cannot be merged is left out of a merged
 * point, counted.
 * Pure. Not here: which points may be merged, and where they are kept (thin.ts).
 */

import type { Merge, Merging } from '../core/types.ts';
import type { Note, Notes } from '../log/lane.ts';
import { keyOf } from './line-protocol.ts';
import { createFolded, type Folded } from './merge-field.ts';
import { type ParsedLine, parseLine } from './parse-line.ts';

/** How the points of a measurement are noted. */
export interface Noting {
  readonly kind: string;
  /** Fields whose weights are the note's numbers. */
  readonly means: readonly string[];
}

export function notingOf({ fields, shape }: Merging): Noting {
  const recipe: Recipe = Object.entries(fields).map(([name, merge]) => [keyOf(name), merge]);
  const kind: Kind = { shape, fields: recipe };
  return {
    kind: JSON.stringify(kind),
    means: Object.keys(fields).filter((name) => fields[name] === 'mean'),
  };
}

export interface Merged {
  readonly lines: readonly string[];
  readonly notes: Notes;
  /** Lines that were merged, and what they were merged to. */
  readonly from: number;
  readonly to: number;
  /** Values of fields that cannot be merged, of the lines that were. */
  readonly leftOut: number;
}

export interface Merger {
  add(line: string, note: Note | undefined): void;
  /** About what `take` will give. */
  readonly size: { readonly lines: number; readonly characters: number };
  take(): Merged;
}

type Recipe = readonly (readonly [field: string, merge: Merge])[];

/** Only points of one kind are merged. */
interface Kind {
  readonly shape: string;
  readonly fields: Recipe;
}

interface Part extends ParsedLine {
  readonly timeUs: number;
  /** By the means of the recipe. */
  readonly weights: readonly number[];
}

interface Group {
  readonly kind: string;
  readonly recipe: Recipe;
  /** Not folded yet: another line may name the same point. */
  newest: Part;
  folded: Folded[] | undefined;
  parts: number;
  leftOut: number;
}

export function createMerger(windowMs: number): Merger {
  const items: (Group | { readonly line: string; readonly note: Note | undefined })[] = [];
  const groups = new Map<string, Group>();
  const recipes = new Map<string, Recipe>();
  let characters = 0;

  function recipeOf(kind: string): Recipe {
    let recipe = recipes.get(kind);
    if (recipe === undefined) {
      recipe = (JSON.parse(kind) as Kind).fields;
      recipes.set(kind, recipe);
    }
    return recipe;
  }

  return {
    add(line, note) {
      const parsed = note === undefined ? undefined : parseLine(line);
      const recipe = note === undefined ? [] : recipeOf(note.kind);
      if (note === undefined || parsed === undefined || !recipe.some(([field]) => parsed.fields.has(field))) {
        items.push({ line, note });
        characters += line.length;
        return;
      }
      const part = { ...parsed, timeUs: microsecondsOf(parsed.time), weights: note.numbers };
      // Points carry the end of their window.
      const window = Math.ceil(part.timeUs / (windowMs * 1000));
      const name = `${window} ${note.kind} ${part.series}`;
      const group = groups.get(name);
      if (group !== undefined) return join(group, part);
      const begun = { kind: note.kind, recipe, newest: part, folded: undefined, parts: 1, leftOut: 0 };
      groups.set(name, begun);
      items.push(begun);
      characters += line.length;
    },
    get size() {
      return { lines: items.length, characters };
    },
    take() {
      const merged = items.map((item) => ('line' in item ? item : finish(item)));
      const joined = items.filter((item): item is Group => 'parts' in item && item.parts > 1);
      return {
        lines: merged.map(({ line }) => line),
        notes: merged.map(({ note }) => note),
        from: joined.reduce((sum, { parts }) => sum + parts, 0),
        to: joined.length,
        leftOut: joined.reduce((sum, { leftOut }) => sum + leftOut, 0),
      };
    },
  };
}

/** Exact: nanoseconds would not be. */
function microsecondsOf(time: string): number {
  return Number(time.slice(0, -3));
}

function join(group: Group, part: Part): void {
  const { newest, recipe } = group;
  if (part.timeUs === newest.timeUs) {
    group.newest = overwritten(newest, part, recipe);
    return;
  }
  group.folded ??= recipe.map(([, merge]) => createFolded(merge));
  group.parts += 1;
  if (part.timeUs < newest.timeUs) fold(group, group.folded, part);
  else {
    fold(group, group.folded, newest);
    group.newest = part;
  }
}

/** What a database has after the one and then the other. */
function overwritten(before: Part, after: Part, recipe: Recipe): Part {
  const means = recipe.filter(([, merge]) => merge === 'mean');
  return {
    ...after,
    fields: new Map([...before.fields, ...after.fields]),
    weights: means.map(([field], i) => (after.fields.has(field) ? after : before).weights[i] ?? 0),
  };
}

function fold(group: Group, folded: readonly Folded[], { fields, timeUs, weights }: Part): void {
  let mean = 0;
  let used = 0;
  for (const [i, [field, merge]] of group.recipe.entries()) {
    const weight = merge === 'mean' ? (weights[mean++] ?? 0) : 1;
    const value = fields.get(field);
    if (value === undefined) continue;
    used += 1;
    folded[i]!.add(value, timeUs, weight);
  }
  group.leftOut += fields.size - used;
}

function finish(group: Group): { line: string; note: Note } {
  const { kind, recipe, folded, newest } = group;
  const { series, time, fields, weights } = newest;
  if (folded === undefined)
    return { line: lineOf(series, [...fields], time), note: { kind, numbers: weights } };
  fold(group, folded, newest);
  const values = recipe.flatMap(([field], i): [string, string][] => {
    const value = folded[i]!.result();
    return value === undefined ? [] : [[field, value]];
  });
  const numbers = folded.flatMap((one, i) => (recipe[i]![1] === 'mean' ? [one.weight()] : []));
  // A sum beyond all numbers alone makes no line.
  return { line: lineOf(series, values.length > 0 ? values : [...fields], time), note: { kind, numbers } };
}

function lineOf(series: string, fields: readonly (readonly [string, string])[], time: string): string {
  return `${series} ${fields.map(([field, value]) => `${field}=${value}`).join(',')} ${time}`;
}
