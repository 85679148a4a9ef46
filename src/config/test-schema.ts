/**
 * rules/*.test.yaml: readings to feed to the rules of a file, and what must come of them.
 *
 * Not here: whether the names in it exist and the values fit; test-checks.ts knows the devices and rules.
 */

import { z } from 'zod';
import { GatewayError } from '../core/errors.ts';
import { type Severity, severities } from '../core/types.ts';
import { type FeedItem, parseFeed } from './feed.ts';
import type { KeyPath } from './located.ts';
import { type Context, evenIfWrong, parsed, refuse, section, show } from './shapes.ts';
import { duration, text } from './values.ts';

export interface TestFile {
  /** Of the rule file, from the folder of the test file. */
  readonly rules: string;
  readonly tests: readonly RuleTest[];
}

export interface RuleTest {
  readonly name: string;
  readonly startMs: number;
  readonly feed: readonly Feed[];
  readonly expect: readonly Expectation[];
}

/** Readings of one device and its tags, one after the other. */
export interface Feed {
  readonly device: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly everyMs: number;
  /** From the start of the test to the first reading. */
  readonly afterMs: number;
  readonly fields: readonly FeedField[];
}

export interface FeedField {
  readonly name: string;
  /** From the feed on. */
  readonly keyPath: KeyPath;
  readonly items: readonly FeedItem[];
}

export type Expectation = AlertExpectation | PointExpectation;

export interface AlertExpectation {
  /** Event time since the start of the test. */
  readonly atMs: number;
  readonly alert: string;
  readonly state: 'firing' | 'ok';
  /** Absent: any. */
  readonly severity?: Severity;
  /** Of the key; absent ones may be anything. */
  readonly tags: Readonly<Record<string, string>>;
}

export interface PointExpectation {
  readonly atMs: number;
  readonly point: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Null: the point lacks the field. `none`: there is no such point. */
  readonly fields: Readonly<Record<string, FieldExpectation>> | 'none';
}

export type FieldExpectation = number | boolean | string | null;

const fieldFeed = parsed({ type: ['string', 'number', 'boolean'] }, (value) => {
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  if (isScalar) return parseFeed(String(value));
  throw new GatewayError(`expected values, got ${show(value)}`, {
    remedy: 'write them on one line: 20x12 81x12',
  });
});

const instant = parsed({ type: 'string' }, (value) => {
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/i.test(String(value));
  const ms = isTime ? Date.parse(String(value)) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  const remedy = 'write a day, or a time with its offset: 2026-01-05, 2026-01-05T06:00:00Z';
  throw new GatewayError(`${show(value)} is not a time`, { remedy });
});

const tags = z.record(text, z.string()).default({});

const feed = z
  .object({
    device: text.describe('The device whose readings these are.'),
    tags: tags.describe('Its tags, those of the topic too; the same for each reading.'),
    every: duration({ min: '1ms' }).prefault('1s').describe('From one reading to the next. Default: 1s.'),
    after: duration()
      .prefault('0s')
      .describe('From the start of the test to the first reading. Default: 0s.'),
    fields: z
      .record(text, fieldFeed)
      .exactOptional()
      .describe('Fields whose names are keys of a feed, such as `every`.'),
  })
  .catchall(fieldFeed.describe('Values of a field: 20, 20x12, 20..80x12, _ for none; separated by spaces.'))
  .superRefine(refuseTwice, evenIfWrong)
  .transform(({ device, tags, every, after, fields, ...rest }): Feed => {
    const own = Object.entries(rest as Record<string, FeedItem[]>);
    const nested = Object.entries((fields ?? {}) as Record<string, FeedItem[]>);
    return {
      device,
      tags,
      everyMs: every,
      afterMs: after,
      fields: [
        ...own.map(([name, items]) => ({ name, keyPath: [name], items })),
        ...nested.map(([name, items]) => ({ name, keyPath: ['fields', name], items })),
      ],
    };
  });

function refuseTwice(given: object, context: Context): void {
  const { fields } = given as { fields?: unknown };
  for (const name of Object.keys(typeof fields === 'object' && fields ? fields : {})) {
    if (feedKeys.includes(name) || !Object.hasOwn(given, name)) continue;
    refuse(context, `field \`${name}\` stands twice`, 'keep one of them', {
      path: ['fields', name],
      at: 'key',
    });
  }
}

/** What a key of a feed means that is no field. */
export const feedKeys = ['device', 'tags', 'every', 'after', 'fields'];

const expectation = section({
  at: duration().describe(
    'When, in event time since the start: the end of a window, the moment of an alert.',
  ),
  alert: text.exactOptional().describe('The rule whose alert is meant.'),
  severity: z
    .enum(severities as [Severity, ...Severity[]])
    .exactOptional()
    .describe('Default: any.'),
  state: z.enum(['firing', 'ok']).exactOptional().describe('Of the alert at that time.'),
  point: text.exactOptional().describe('The rule whose point is meant.'),
  tags: tags.describe('Tags of the key; those left out may be anything.'),
  fields: z
    .union([z.literal('none'), z.record(text, z.union([z.number(), z.string(), z.boolean(), z.null()]))])
    .exactOptional()
    .describe('Fields of the point; null for one it lacks. `none`: there is no such point.'),
})
  .superRefine(refuseMixed, evenIfWrong)
  .transform(({ at, alert, point, severity, state, tags, fields }): Expectation => {
    if (alert === undefined) return { atMs: at, point: point!, tags, fields: fields ?? {} };
    return { atMs: at, alert, state: state!, ...(severity && { severity }), tags };
  });

/** An expectation is either of an alert or of a point. */
function refuseMixed(given: object, context: Context): void {
  const at = (key: string) => ({ path: [key], at: 'key' }) as const;
  if ('alert' in given === 'point' in given) {
    const message = 'an expectation has either `alert` or `point`';
    const remedy = 'write { at: 1m, alert: RULE, state: firing } or { at: 1m, point: RULE, fields: { … } }';
    refuse(context, message, remedy, 'alert' in given ? at('point') : {});
    return;
  }
  const isAlert = 'alert' in given;
  const [other, own] = isAlert ? ['a point', 'an alert'] : ['an alert', 'a point'];
  for (const key of isAlert ? ['fields'] : ['severity', 'state']) {
    if (key in given) refuse(context, `\`${key}\` is of ${other}, not of ${own}`, 'remove it', at(key));
  }
  if (isAlert && !('state' in given)) {
    refuse(context, '`state` is missing', 'add `state: firing` or `state: ok`', at('alert'));
  }
}

const ruleTest = section({
  name: text.describe('What is proved, in words.'),
  start: instant
    .prefault('2026-01-05')
    .describe('Event time of the start. Default: 2026-01-05T00:00:00Z, a Monday.'),
  feed: z.array(feed).min(1).describe('Readings, by device and tags.'),
  expect: z.array(expectation).min(1).describe('What must come of them.'),
}).transform(({ start, ...rest }): RuleTest => ({ ...rest, startMs: start }));

/** A test file. */
export const testFileSchema: z.ZodType<TestFile> = section({
  rules: text.describe('The rule file, from the folder of this file.'),
  tests: z.array(ruleTest).min(1).superRefine(refuseSameNames).describe('The tests of this file.'),
});

function refuseSameNames(tests: readonly RuleTest[], context: Context): void {
  const names = tests.map(({ name }) => name);
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) === i) continue;
    refuse(context, `a second test ${show(name)}`, 'give one of them another name', { path: [i, 'name'] });
  }
}
