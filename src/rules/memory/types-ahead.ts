/**
 * Types of computed names that are read before they are computed: `run: has(prev.run) ? prev.run + 1 : 1`.
 *
 * A name whose type follows from what is known has that type; one that hangs on itself has the first of number, boolean
 * and string with which it comes out as it was assumed. Not here: which names read ahead.
 */

import type { ValueType } from '../../core/types.ts';

export type Types = ReadonlyMap<string, ValueType>;

const candidates: readonly ValueType[] = ['number', 'boolean', 'string'];

/**
 * `typesGiven` works out the types that names come out with when those of `assumed` are so; it leaves out names that
 * are wrong, or stand on a name of unknown type. Names without a type are left out of the result as well.
 */
export function typesAhead(names: readonly string[], typesGiven: (assumed: Types) => Types): Types {
  let known = settled(new Map(), typesGiven);
  for (const name of names) {
    if (known.has(name)) continue;
    for (const type of candidates) {
      const assumed = new Map(known).set(name, type);
      if (typesGiven(assumed).get(name) !== type) continue;
      known = settled(assumed, typesGiven);
      break;
    }
  }
  return togetherWith(known, names, typesGiven);
}

/** Adds what follows from what is known, until nothing more does. */
function settled(known: Types, typesGiven: (assumed: Types) => Types): Types {
  for (;;) {
    const given = typesGiven(known);
    const news = [...given].filter(([name]) => !known.has(name));
    if (news.length === 0) return known;
    known = new Map([...known, ...news]);
  }
}

/** Names that hang on each other: all of one type, if they come out as that. */
function togetherWith(known: Types, names: readonly string[], typesGiven: (assumed: Types) => Types): Types {
  const open = names.filter((name) => !known.has(name));
  for (const type of candidates) {
    const assumed = new Map([...known, ...open.map((name) => [name, type] as const)]);
    const given = typesGiven(assumed);
    const right = open.filter((name) => given.get(name) === type);
    if (right.length === open.length) return assumed;
  }
  return known;
}
