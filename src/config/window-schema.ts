/**
 * `window:` of a rule: which kind it is, and how its results come.
 *
 * Invariant: exactly one kind; a key beside it that means nothing there is refused, never ignored.
 * Not here: what a cron expression or a zone means (schedule/), and when windows close (engine/).
 */

import { z } from 'zod';
import { greatestCommonDivisor } from '../core/divisor.ts';
import { GatewayError } from '../core/errors.ts';
import { formatDuration, parseDuration } from './duration.ts';
import type { WindowConfig } from './schema.ts';
import { type Context, parsed, refuse, section, show } from './shapes.ts';
import { duration, text } from './values.ts';

/** Each reading is followed by so many results, and a key that falls silent by all of them at once. */
const maxResultsInWindow = 100_000;
const maxCount = 1_000_000;
/** Of a window by count. */
const maxParts = 10_000;
const leastMs = 10;
const keepByDefaultMs = parseDuration('10m');

const wholeNumber = z.int().min(1).max(maxCount);

/** A duration for sliding windows, a number of readings for windows by count. */
const every = parsed({ type: ['string', 'integer'] }, (value): { ms: number } | { count: number } => {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return { count: value };
  if (typeof value === 'string') return { ms: parseDuration(value) };
  const remedy = 'write a duration such as 10s, or a number of readings beside `count`';
  throw new GatewayError(`${show(value)} is neither a duration nor a number of readings`, { remedy });
});

const shortest = { min: formatDuration(leastMs) };

const written = section({
  tumbling: duration(shortest).exactOptional().describe('One window after the other, so long each.'),
  sliding: duration(shortest).exactOptional().describe('Windows so long that overlap; needs `every`.'),
  session: duration(shortest).exactOptional().describe('Ends when so long no reading came; `max` bounds it.'),
  count: wholeNumber.exactOptional().describe('The last so many readings; `every` so many.'),
  calendar: text
    .exactOptional()
    .describe('From one time of this cron expression to the next: "0 6,14,22 * * *"; with `zone`.'),
  every: every
    .exactOptional()
    .describe('A sliding window gives a result so often, a window by count after so many readings.'),
  offset: duration()
    .exactOptional()
    .describe('Tumbling and sliding: windows start at multiples of their length (`every`) plus this.'),
  max: duration(shortest).exactOptional().describe('Session: it ends at the latest so long after its start.'),
  zone: text.exactOptional().describe('Calendar: IANA time zone, such as Europe/Helsinki. Default: UTC.'),
  emit: duration({ min: '100ms' })
    .exactOptional()
    .describe('Also give early results so often; the final one overwrites them.'),
  late: z
    .enum(['drop', 'revise'])
    .exactOptional()
    .describe('`revise`: a late reading rewrites the point of its window. Default: it is set aside.'),
  keep: duration().exactOptional().describe('With `late: revise`: for so long after its end. Default: 10m.'),
  watermark: z
    .enum(['key', 'global'])
    .default('key')
    .describe(
      '`global`: one watermark for all keys of the rule, as in Spark. Default: each key has its own.',
    ),
});

type Written = z.output<typeof written>;
type Shape = Pick<WindowConfig & { kind: 'time' }, 'kind' | 'lengthMs' | 'everyMs' | 'offsetMs'>;

const kinds = ['tumbling', 'sliding', 'session', 'count', 'calendar'] as const;
type Kind = (typeof kinds)[number];

/** Keys that mean something beside some kinds only. */
const companions: Readonly<Partial<Record<keyof Written, readonly Kind[]>>> = {
  every: ['sliding', 'count'],
  offset: ['tumbling', 'sliding'],
  max: ['session'],
  zone: ['calendar'],
  late: ['tumbling', 'sliding', 'calendar'],
  keep: ['tumbling', 'sliding', 'calendar'],
};

/** The window of a rule. */
export const window = written.transform((given, context): WindowConfig => {
  const shape = shapeOf(given, context);
  if (shape === undefined) return z.NEVER;
  if (given.keep !== undefined && given.late !== 'revise') {
    const remedy = given.late === undefined ? 'add `late: revise`' : 'write `revise` for `drop`';
    refuse(context, '`keep` needs `late: revise` beside it', remedy, {
      path: ['keep'],
      at: 'key',
    });
  }
  if (shape.kind === 'count' && given.watermark === 'global') {
    const remedy = 'remove it: a window by count takes readings as they arrive';
    refuse(context, 'a window by count has no watermark', remedy, { path: ['watermark'], at: 'key' });
  }
  const keepMs = given.late === 'revise' ? (given.keep ?? keepByDefaultMs) : undefined;
  return { ...shape, emitMs: given.emit, keepMs, watermark: given.watermark };
});

function shapeOf(given: Written, context: Context) {
  const named = kinds.filter((kind) => given[kind] !== undefined);
  const [kind] = named;
  if (kind === undefined) {
    refuse(context, 'a window needs a kind', 'write { tumbling: 1m } or { sliding: 5m, every: 10s }');
    return undefined;
  }
  if (named.length > 1) {
    refuse(context, `a window is of one kind; this one is ${named.join(' and ')}`, 'keep one of them');
    return undefined;
  }
  if (!companionsFit(given, kind, context)) return undefined;
  return makers[kind](given, context);
}

function companionsFit(given: Written, kind: Kind, context: Context): boolean {
  const strange = Object.entries(companions).filter(
    ([key, fitting]) => given[key as keyof Written] !== undefined && !fitting.includes(kind),
  );
  for (const [key, fitting] of strange) {
    const message = `\`${key}\` means nothing beside \`${kind}\``;
    refuse(context, message, remedyOf(key, kind, fitting), { path: [key], at: 'key' });
  }
  return strange.length === 0;
}

function remedyOf(key: string, kind: Kind, fitting: readonly Kind[]): string {
  if (key === 'every' && kind === 'tumbling') return 'remove it, or write `sliding` for `tumbling`';
  if (key === 'late' || key === 'keep') {
    return `remove it: a late reading would move the end of a window by ${kind}; give the device a larger \`lateness\``;
  }
  return `remove it; it is for windows of ${fitting.join(' and ')}`;
}

const makers = {
  tumbling: ({ tumbling, offset = 0 }: Written): Shape => {
    return { kind: 'time', lengthMs: tumbling!, everyMs: tumbling!, offsetMs: offset };
  },
  sliding,
  session: ({ session, max }: Written, context: Context) => {
    if (max !== undefined && max < session!) {
      const remedy = `make \`max\` at least ${formatDuration(session!)}`;
      refuse(context, '`max` is shorter than the pause that ends a session', remedy, { path: ['max'] });
    }
    return { kind: 'session' as const, gapMs: session!, maxMs: max };
  },
  count,
  calendar: ({ calendar, zone = 'UTC' }: Written) => ({ kind: 'calendar' as const, cron: calendar!, zone }),
};

function sliding(
  { sliding: lengthMs, every: step, offset = 0 }: Written,
  context: Context,
): Shape | undefined {
  const at = { path: ['every'] };
  if (step === undefined) {
    refuse(context, 'a sliding window needs `every`', 'write { sliding: 5m, every: 10s }');
  } else if ('count' in step) {
    refuse(context, `\`${step.count}\` has no unit`, 'write a duration: 10s, 1m', at);
  } else if (step.ms < leastMs) {
    const message = `\`${formatDuration(step.ms)}\` is shorter than ${formatDuration(leastMs)}`;
    refuse(context, message, `write ${formatDuration(leastMs)} or more`, at);
  } else if (step.ms > lengthMs!) {
    const remedy =
      'readings between two windows would be skipped: make `every` at most as long as the window';
    refuse(context, '`every` is longer than the window', remedy, at);
  } else if (lengthMs! / step.ms > maxResultsInWindow) {
    const least = formatDuration(Math.ceil(lengthMs! / maxResultsInWindow / 1000) * 1000);
    const message = `a window with more than ${maxResultsInWindow} results in its length`;
    refuse(context, message, `make \`every\` at least ${least}, or the window shorter`, at);
  } else {
    return { kind: 'time', lengthMs: lengthMs!, everyMs: step.ms, offsetMs: offset };
  }
  return undefined;
}

function count({ count: size, every: step }: Written, context: Context) {
  const steps = step === undefined ? size! : 'count' in step ? step.count : undefined;
  const at = { path: ['every'] };
  if (steps === undefined) {
    refuse(context, 'a window by count has no duration', 'write a number of readings: every: 5', at);
  } else if (steps > size!) {
    const remedy = 'readings between two windows would be skipped: make `every` at most as large as `count`';
    refuse(context, '`every` is larger than the window', remedy, at);
  } else if (partsOf(size!, steps) > maxParts) {
    const message = `a window that is kept in ${partsOf(size!, steps)} parts: ${maxParts} are the most`;
    const remedy = `make \`every\` a divisor of \`count\`, ${Math.ceil(size! / maxParts)} or more`;
    refuse(context, message, remedy, at);
  } else {
    return { kind: 'count' as const, size: size!, every: steps };
  }
  return undefined;
}

/** Readings that no result parts are kept together. */
function partsOf(size: number, every: number): number {
  return size / greatestCommonDivisor(size, every);
}
