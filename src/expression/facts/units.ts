/**
 * Units of measurement, as far as it takes to say that two of them cannot be compared.
 *
 * Invariant: silent rather than wrong. Spellings of one unit (°C, degC, Celsius) are one; units that differ by capitals
 * alone (kwh, kWh) are taken for one; "1" is no unit.
 * Not here: conversion, dimensions.
 */

/** Of an expression: undefined is not known; the empty text fits any (constants). */
export type Unit = string | undefined;

export const fitsAny: Unit = '';

const spellings: readonly string[] = [
  'degc °c ℃ c cel celsius deg_c',
  'degf °f ℉ f fahrenheit [degf] deg_f',
  'k kelvin degk °k',
  's sec secs second seconds',
  'ms msec millisecond milliseconds',
  'min mins minute minutes',
  'h hr hrs hour hours',
  'd day days',
  '% percent pct prozent',
  'm/s mps',
  'km/h kmh kph kmph',
  'hpa mbar millibar',
  'pa n/m2 pascal',
  'v volt volts',
  'a amp amps ampere amperes',
  'w watt watts va var',
  'j ws nm joule joules',
  'hz 1/s cps hertz',
  'rpm 1/min u/min r/min',
  'l liter liters litre litres dm3',
  'ml cm3 ccm cc',
  'm3 cbm',
  'm meter meters metre metres',
  'g gram grams',
  'kg kilogram kilograms',
  't ton tons tonne tonnes',
  'deg ° degree degrees',
  'lx lux',
  'ohm ω ohms',
  'um micron microns',
  'ppm mg/l mg/kg',
  'kg/m3 g/l',
  'ms/cm ds/m',
];

const canonical: ReadonlyMap<string, string> = new Map(
  spellings.flatMap((line) => {
    const words = line.split(' ');
    return words.map((word) => [word, words[0]!] as const);
  }),
);

/** Quantities that say of nothing in which unit they are. */
const none = new Set(['', '1', '-', '#', 'count', 'counts', 'number', 'bool', 'n/a', 'none']);

/** The unit a device profile gives a field. */
export function unitOf(written: string | undefined): Unit {
  return written === undefined || none.has(written.trim().toLowerCase()) ? undefined : written.trim();
}

function normal(unit: string): string {
  const plain = unit
    .toLowerCase()
    .replace(/[µμ]/g, 'u')
    .replace(/²/g, '2')
    .replace(/³/g, '3')
    .replace(/[\s^·*]|\*\*/g, '')
    .replace(/per/g, '/')
    // Energy, charge … by the second: what `rate` gives.
    .replace(/(?:j|ws)\/s$/, 'w')
    .replace(/as\/s$/, 'a');
  return canonical.get(plain) ?? plain;
}

export function sameUnit(a: string, b: string): boolean {
  return normal(a) === normal(b);
}

/** Whether two values are known to be in different units. */
export function differ(a: Unit, b: Unit): boolean {
  if (!a || !b) return false;
  const [one, other] = [normal(a), normal(b)];
  const isFrequency = [one, other].includes('hz') && [one, other].some((unit) => unit.endsWith('/s'));
  return one !== other && !isFrequency;
}

/** The unit of a value that is one or the other. */
export function either(a: Unit, b: Unit): Unit {
  if (a === fitsAny) return b;
  if (b === fitsAny) return a;
  return a !== undefined && b !== undefined && sameUnit(a, b) ? a : undefined;
}

/** Scales whose zero is somewhere: a difference of two of them is in another unit (K), and a sum in none. */
function hasOffset(unit: string): boolean {
  return ['degc', 'degf'].includes(normal(unit));
}

/**
 * Of a sum or a difference. With a constant it is not known: `t + 273.15` is a conversion. Two constants fit any unit.
 */
export function ofSum(a: Unit, b: Unit): Unit {
  if (a === fitsAny && b === fitsAny) return fitsAny;
  if (!a || !b || !sameUnit(a, b)) return undefined;
  return ofDifference(a);
}

/** Of differences between values of a unit, such as their standard deviation. */
export function ofDifference(unit: Unit): Unit {
  return unit && !hasOffset(unit) ? unit : undefined;
}

/** Of a growth by the second. */
export function bySecond(unit: Unit): Unit {
  const grown = ofDifference(unit);
  return grown && !grown.includes('/') ? `${grown}/s` : undefined;
}
