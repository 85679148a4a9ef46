/**
 * Cron expressions of five fields, by node-cron: which minutes of which days.
 *
 * node-cron counts from the present only, and a replay asks for any past, so no timer of it is ever started: it parses,
 * and decides the days that are not plain numbers (L, W, #). Days are local and have no zone here.
 * Not here: what becomes of a local time in a zone (instants.ts, active-hours.ts).
 */

import { createTask, parse, validateDetailed } from 'node-cron';
import { GatewayError } from '../core/errors.ts';

const dayMs = 86_400_000;
const minutesInHour = 60;

export interface Cron {
  /** Minutes since local midnight, ascending, each once; never empty. */
  readonly minutes: readonly number[];
  /** The hours are `*` or a step of all: it means time that passes, not hours of the clock. */
  readonly everyHour: boolean;
  /** Every day is one of the expression's. */
  readonly everyDay: boolean;
  /** Weekdays and a few days of the month are both given: a day must be both, where other crons take either. */
  readonly bothDays: boolean;
  /** Whether a day is one of the expression's; in days since 1970-01-01. */
  isOn(day: number): boolean;
}

type Fields = ReturnType<typeof parse>;

/** Throws GatewayError that names each field that is wrong. */
export function parseCron(text: string): Cron {
  refuseMistakes(text);
  const fields = parse(text);
  const { hour, minute, dayOfMonth, month, dayOfWeek } = fields;
  const everyDate = new Set(dayOfMonth).size === 31;
  const everyWeekday = new Set(dayOfWeek).size === 7;
  const hours = ascending(hour);
  return {
    minutes: hours.flatMap((h) => ascending(minute).map((m) => h * minutesInHour + m)),
    everyHour: hours.length === 24 || rawFields(text)[1]?.includes('*') === true,
    everyDay: everyDate && everyWeekday && new Set(month).size === 12,
    bothDays: new Set(dayOfMonth).size < 7 && !everyWeekday,
    isOn: daysOf(fields),
  };
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

function rawFields(text: string): string[] {
  return text.trim().split(/ +/);
}

/** Plain numbers mean themselves; node-cron is asked about the others, which is slow: some µs. */
function daysOf({ dayOfMonth, month, dayOfWeek }: Fields): (day: number) => boolean {
  const arePlain = [...dayOfMonth, ...dayOfWeek].every((value) => typeof value === 'number');
  const matches = arePlain ? undefined : remembered(matcherOf({ dayOfMonth, month, dayOfWeek }));
  return (day) => {
    const date = new Date(day * dayMs);
    if (!month.includes(date.getUTCMonth() + 1)) return false;
    if (matches !== undefined) return matches(day);
    return dayOfMonth.includes(date.getUTCDate()) && dayOfWeek.includes(date.getUTCDay());
  };
}

function matcherOf(fields: Pick<Fields, 'dayOfMonth' | 'month' | 'dayOfWeek'>): (day: number) => boolean {
  const days = [fields.dayOfMonth, fields.month, fields.dayOfWeek].map((values) => values.join(','));
  const task = createTask(`0 0 ${days.join(' ')}`, () => undefined, { timezone: 'UTC' });
  // It still answers, and node-cron's list of tasks forgets it.
  void task.destroy();
  return (day) => task.match(new Date(day * dayMs));
}

const keptDays = 20_000;

function remembered(ask: (day: number) => boolean): (day: number) => boolean {
  const known = new Map<number, boolean>();
  return (day) => {
    let answer = known.get(day);
    if (answer === undefined) {
      if (known.size >= keptDays) known.clear();
      answer = ask(day);
      known.set(day, answer);
    }
    return answer;
  };
}

const example = 'write five fields, minute hour day month weekday: "0 6,14,22 * * *"';

/** What each field is called here and takes; `last` is its greatest step that is one. */
const fieldTexts: Readonly<Record<string, { name: string; takes: string; last: number }>> = {
  minute: { name: 'minute', takes: 'minutes are 0-59, as 0, 0,30, */15 or 5-59/10', last: 59 },
  hour: { name: 'hour', takes: 'hours are 0-23, as 6, 6,14,22, 6-21, */2 or 1-23/2', last: 23 },
  dayOfMonth: {
    name: 'day of the month',
    takes:
      'days are 1-31; L is the last one, L-2 two before it, 15W the working day nearest to the 15th, LW the last one',
    last: 30,
  },
  month: { name: 'month', takes: 'months are 1-12 or jan-dec', last: 11 },
  dayOfWeek: {
    name: 'weekday',
    takes: 'weekdays are 0-7 (0 and 7 are Sunday) or mon-sun; 5L is the last Friday, 1#2 the second Monday',
    last: 6,
  },
};
const fieldOrder = Object.keys(fieldTexts);

function refuseMistakes(text: string): void {
  const raw = rawFields(text);
  if (raw.length === 6) {
    const remedy = `leave the seconds out: "${raw.slice(1).join(' ')}"`;
    throw new GatewayError(`\`${text}\` has six fields: cron times here are of whole minutes`, { remedy });
  }
  // node-cron writes a range out before it looks whether its ends are minutes.
  const beyond = raw.findIndex((field) => /\d{3}/.test(field.replaceAll(/\/\d+/g, '')));
  if (beyond >= 0 && raw.length === fieldOrder.length) {
    throw errorOf(text, [{ field: fieldOrder[beyond]!, value: raw[beyond]!, message: '' }]);
  }
  const { valid, errors } = validateDetailed(text);
  if (!valid) throw errorOf(text, errors);
  for (const [i, field] of raw.entries()) refuseLongStep(field, fieldTexts[fieldOrder[i]!]);
}

function errorOf(text: string, errors: readonly { field: string; value?: string; message: string }[]) {
  const impossible = errors.find(({ message }) => message.includes('impossible'));
  if (impossible !== undefined) return neverComes(text);
  const wrong = errors.filter(({ field }) => field in fieldTexts);
  if (wrong.length === 0) {
    return new GatewayError(`\`${text}\` is no cron expression`, { remedy: example });
  }
  const message = wrong.map(({ field, value }) => `\`${value}\` is no ${fieldTexts[field]!.name}`).join(', ');
  const remedy = wrong.map(({ field }) => fieldTexts[field]!.takes).join('; ');
  return new GatewayError(`${message}: \`${text}\``, { remedy });
}

export function neverComes(text: string): GatewayError {
  const remedy = 'choose a day that those months have; L is the last day of a month';
  return new GatewayError(`\`${text}\` never comes`, { remedy });
}

/** node-cron takes a step that leaves the field for its first value: every 90 minutes would be every hour. */
function refuseLongStep(field: string, texts: (typeof fieldTexts)[string] | undefined): void {
  const step = field.split(',').find((part) => Number(part.split('/')[1]) > (texts?.last ?? Infinity));
  if (step === undefined) return;
  const remedy = 'a step begins anew with each hour, day, month or year; for others use { tumbling: 90m }';
  throw new GatewayError(`\`${step}\` steps over every ${texts!.name} but the first`, { remedy });
}
