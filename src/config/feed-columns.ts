/**
 * A feed of a test as columns of values, by the types of the device's fields.
 *
 * The fields of a feed advance together. One whose feed is a single value without a count has it in every reading; all
 * others have equally many.
 * Not here: times; and whether the device's profile would set a value aside.
 */

import { GatewayError } from '../core/errors.ts';
import { type FeedError, type FeedValue, valuesOf } from './feed.ts';
import type { KeyPath } from './located.ts';
import type { DeviceProfile } from './schema.ts';
import type { Feed, FeedField } from './test-schema.ts';

export interface FeedColumns {
  readonly readings: number;
  readonly columns: readonly FeedColumn[];
  readonly problems: readonly FeedProblem[];
}

export interface FeedColumn {
  readonly name: string;
  /** Of each reading; null where it lacks the field. */
  valueAt(reading: number): FeedValue;
}

/** Key paths are from the feed on. */
export interface FeedProblem {
  readonly keyPath: KeyPath;
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly remedy: string | undefined;
}

interface Expanded {
  readonly field: FeedField;
  readonly values: readonly FeedValue[];
  readonly holds: boolean;
}

/** Fields the device does not have are passed over. */
export function columnsOf(feed: Feed, profile: DeviceProfile): FeedColumns {
  const problems: FeedProblem[] = [];
  const all: Expanded[] = [];
  for (const field of feed.fields) {
    const config = Object.hasOwn(profile.fields, field.name) ? profile.fields[field.name] : undefined;
    if (!config) continue;
    try {
      const values = field.items.flatMap((item) => valuesOf(item, config.type));
      const holds = field.items.length === 1 && field.items[0]!.count === undefined && values.length === 1;
      all.push({ field, values, holds });
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const { start, end, message, remedy } = error as FeedError;
      problems.push({ keyPath: field.keyPath, start, end, message, remedy });
    }
  }
  const longest = all.filter(({ holds }) => !holds).toSorted((a, b) => b.values.length - a.values.length)[0];
  if (longest) problems.push(...all.flatMap((one) => tooShort(one, longest)));
  return {
    readings: longest?.values.length ?? Math.min(1, all.length),
    columns: all.map(({ field, values, holds }) => ({
      name: field.name,
      valueAt: (reading) => values[holds ? 0 : reading]!,
    })),
    problems,
  };
}

function tooShort({ field, values, holds }: Expanded, longest: Expanded): FeedProblem[] {
  const [given, wanted] = [values.length, longest.values.length];
  if (holds || given === wanted) return [];
  const message = `\`${field.name}\` has ${given} readings, \`${longest.field.name}\` beside it ${wanted}`;
  const remedy = `add _x${wanted - given} for readings without it; a single value without x holds throughout`;
  const end = field.items.at(-1)!.end;
  return [{ keyPath: field.keyPath, start: 0, end, message, remedy }];
}
