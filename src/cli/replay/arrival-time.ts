/**
 * The time at the front of a recorded line, as `mosquitto_sub -F` writes it: `%U` and `%u` (seconds since 1970, with a
 * fraction), `%I` (`2016-08-10T09:47:38+0100`), and RFC 3339 in general.
 */

const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:([Zz])|([+-])(\d\d):?(\d\d))$/;
const unixSeconds = /^(\d{9,11})(?:\.(\d{1,9}))?$/;

/** Milliseconds since 1970 in whole microseconds, as arrivals are; NaN when it is no such time. */
export function parseArrival(text: string): number {
  const seconds = unixSeconds.exec(text);
  if (seconds !== null) return Number(seconds[1]) * 1000 + fractionMs(seconds[2]);
  const parts = rfc3339.exec(text);
  if (parts === null) return Number.NaN;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as number[] as Six;
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const valid =
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    new Date(ms).getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  if (!valid) return Number.NaN;
  const offset = parts[8] === undefined ? (Number(parts[10]) * 60 + Number(parts[11])) * 60_000 : 0;
  return ms + fractionMs(parts[7]) - (parts[9] === '-' ? -offset : offset);
}

type Six = [number, number, number, number, number, number];

/** The microseconds of a fraction of a second, in ms. */
function fractionMs(digits: string | undefined): number {
  return digits === undefined ? 0 : Number(digits.slice(0, 6).padEnd(6, '0')) / 1000;
}
