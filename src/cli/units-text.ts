/** Quantities as people read them: counts, bytes, durations, times. Not here: anything that is read back. */

const counts = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** `1,234,567`. */
export function countText(count: number): string {
  return counts.format(count);
}

/** Three significant digits, powers of 1024: `1.21 MB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? size : Number(size.toPrecision(3))} ${units[unit]}`;
}

/** The two largest units: `3 d 4 h`, `12 min 5 s`, `1.5 s`, `40 ms`. */
export function durationText(ms: number): string {
  const positive = Math.max(0, ms);
  if (positive < 999.5) return `${Math.round(positive)} ms`;
  if (positive < 9950) return `${(positive / 1000).toFixed(1)} s`;
  const seconds = Math.round(positive / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return two(seconds, 60, 'min', 's');
  if (seconds < 86_400) return two(Math.floor(seconds / 60), 60, 'h', 'min');
  return two(Math.floor(seconds / 3600), 24, 'd', 'h');
}

function two(smalls: number, perBig: number, big: string, small: string): string {
  const rest = smalls % perBig;
  return `${Math.floor(smalls / perBig)} ${big}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** RFC 3339 in UTC, with fractions of a second only when there are any. */
export function timeText(ms: number): string {
  if (!(Math.abs(ms) <= 8.64e15)) return '–';
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
