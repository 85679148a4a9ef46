/**
 * A field's raw value as its typed value: number, boolean (1 and 0) or text; null when it has none.
 *
 * Invariant: null and absent are null silently; anything else that gives no value is reported, once, with the reason.
 * The type is what the device sends: `integer` is checked before `scale · x + offset`, so a register of tenths of a
 * degree is `type: integer, scale: 0.1`. The range is of the scaled value, both ends included.
 */

import type { FieldConfig } from '../config/schema.ts';
import { isDecimal } from './decimal.ts';
import { quote } from './text.ts';

/** Why a value was set aside. */
export type FieldFault = 'wrong type' | 'not finite' | 'not an integer' | 'beyond 2^53' | 'out of range';

export type Report = (reason: FieldFault, detail: string) => void;

/** Numbers and booleans as numbers, text as text, null for none. */
export type FieldReader = (value: unknown, report: Report) => number | string | null;

/** Compiles the field of a profile. `scale`, `offset` and `range` concern numbers and integers only. */
export function compileField(name: string, config: FieldConfig): FieldReader {
  if (config.type === 'boolean') return (value, report) => readBoolean(name, value, report);
  if (config.type === 'string') return (value, report) => readText(name, value, report);
  const convert = compileConversion(name, config);
  const integer = config.type === 'integer';
  return (value, report) => {
    if (value === undefined || value === null) return null;
    const number = typeof value === 'number' ? value : numberOf(name, value, report);
    if (number === null) return null;
    if (integer && !Number.isSafeInteger(number)) return reportInteger(name, number, report);
    return convert(number, value, report);
  };
}

function numberOf(name: string, value: unknown, report: Report): number | null {
  if (typeof value === 'string') {
    const text = value.trim();
    if (isDecimal(text)) return Number(text);
  }
  // Codecs give integers as bigint only when a double cannot hold them.
  if (typeof value === 'bigint') report('beyond 2^53', `${name}: ${value} cannot be held exactly`);
  else report('wrong type', `${name}: expected a number, found ${describe(value)}`);
  return null;
}

/** 2^53 itself is refused too: it may have been 2^53 + 1 in the payload. */
function reportInteger(name: string, number: number, report: Report): null {
  if (!Number.isFinite(number)) report('not finite', `${name}: the number is too large`);
  else if (Number.isInteger(number)) report('beyond 2^53', `${name}: ${number} cannot be held exactly`);
  else report('not an integer', `${name}: expected a whole number, found ${number}`);
  return null;
}

function compileConversion(name: string, config: FieldConfig) {
  const { scale, offset, outside } = config;
  const [low, high] = config.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const unit = config.unit === undefined || config.unit === '1' ? '' : ` ${config.unit}`;
  return (raw: number, sent: unknown, report: Report): number | null => {
    const number = raw * scale + offset;
    if (!Number.isFinite(number)) {
      report('not finite', `${name}: ${describe(sent)} is too large`);
      return null;
    }
    if ((number >= low && number <= high) || outside === 'keep') return number;
    if (outside === 'clamp') return number < low ? low : high;
    report('out of range', `${name}: ${number}${unit} is outside ${low} … ${high}${unit}`);
    return null;
  };
}

const words: ReadonlyMap<string, 0 | 1> = new Map([
  ['true', 1],
  ['on', 1],
  ['yes', 1],
  ['1', 1],
  ['false', 0],
  ['off', 0],
  ['no', 0],
  ['0', 0],
]);

function readBoolean(name: string, value: unknown, report: Report): 0 | 1 | null {
  if (value === true || value === 1) return 1;
  if (value === false || value === 0) return 0;
  if (value === undefined || value === null) return null;
  const known = typeof value === 'string' ? words.get(value.trim().toLowerCase()) : undefined;
  if (known !== undefined) return known;
  report('wrong type', `${name}: expected true or false, found ${describe(value)}`);
  return null;
}

function readText(name: string, value: unknown, report: Report): string | null {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object') return String(value);
  report('wrong type', `${name}: expected text, found ${describe(value)}`);
  return null;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? `text ${quote(value)}` : `${typeof value} ${String(value)}`;
}
