/** Values as Grafana writes them, for the units that the dashboards use. */

const missing = '–';

/** A value in its unit; `nowMs` is what "ago" counts from. */
export function inUnit(
  value: number | string | boolean | null,
  unit: string,
  decimals?: number,
  nowMs = 0,
): string {
  if (value === null) return missing;
  if (typeof value !== 'number') return String(value);
  if (unit.startsWith('suffix:')) return `${rounded(value, decimals)}${unit.slice(7)}`;
  return (writers[unit] ?? unknown(unit))(value, decimals, nowMs);
}

type Writer = (value: number, decimals: number | undefined, nowMs: number) => string;

const writers: Readonly<Record<string, Writer>> = {
  none: rounded,
  short: (value, decimals) => scaled(value, decimals, 1000, ['', ' K', ' Mil', ' Bil']),
  bytes: (value, decimals) => scaled(value, decimals, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']),
  percent: (value, decimals) => `${rounded(value, decimals)}%`,
  percentunit: (value, decimals) => `${rounded(value * 100, decimals)}%`,
  celsius: (value, decimals) => `${rounded(value, decimals)} °C`,
  kelvin: (value, decimals) => `${rounded(value, decimals)} K`,
  velocityms: (value, decimals) => `${rounded(value, decimals)} m/s`,
  s: (value, decimals) => lasting(value, decimals),
  m: (value, decimals) => lasting(value * 60, decimals, 60),
  dateTimeAsIso: (value) => clock(value, true),
  dateTimeFromNow: (value, _, nowMs) => ago(nowMs - value),
};

function unknown(unit: string): Writer {
  throw new Error(`the unit ${unit} cannot be written here yet: add it in units.ts`);
}

/** With so many decimals; without, as many as the size calls for. */
function rounded(value: number, decimals?: number): string {
  if (decimals !== undefined) return value.toFixed(decimals).replace(/^-(0(?:\.0*)?)$/, '$1');
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2).replace(/\.0+$/, '');
}

function scaled(value: number, decimals: number | undefined, base: number, names: readonly string[]): string {
  let left = value;
  let step = 0;
  while (Math.abs(left) >= base && step < names.length - 1) {
    left /= base;
    step += 1;
  }
  return `${rounded(left, step === 0 && Number.isInteger(left) ? 0 : decimals)}${names[step]}`;
}

const lengths: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, 'days'],
  [3600, 'hours'],
  [60, 'mins'],
  [1, 's'],
];

function lasting(seconds: number, decimals?: number, leastSeconds = 1): string {
  const size = Math.abs(seconds);
  if (size < 1 && leastSeconds === 1 && size > 0) return `${rounded(seconds * 1000, 0)} ms`;
  const [unit, name] =
    lengths.find(([one]) => size >= one && one >= leastSeconds) ??
    lengths.find(([one]) => one === leastSeconds)!;
  return `${rounded(seconds / unit, decimals)} ${name}`;
}

/** 06:30, or with the day and seconds. */
export function clock(ms: number, isLong = false): string {
  const iso = new Date(ms).toISOString();
  return isLong ? `${iso.slice(0, 10)} ${iso.slice(11, 19)}` : iso.slice(11, 16);
}

function ago(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 45) return 'a few seconds ago';
  const minutes = Math.round(seconds / 60);
  if (minutes < 2) return 'a minute ago';
  return minutes < 90 ? `${minutes} minutes ago` : `${Math.round(minutes / 60)} hours ago`;
}
