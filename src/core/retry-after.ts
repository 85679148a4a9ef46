/**
 * `Retry-After` of an HTTP answer (RFC 9110 section 10.2.3): seconds, or a date.
 *
 * A date is counted from the `Date` of the same answer: the clock here may be wrong by hours.
 */

/** Longest wait a server may ask for. */
const longestMs = 3_600_000;

/** In ms; undefined when the server asks for nothing that can be read. `nowMs` counts when the answer has no date. */
export function retryAfterMs(
  wish: string | null | undefined,
  date: string | null | undefined,
  nowMs: number,
): number | undefined {
  const text = wish?.trim();
  if (text === undefined || text === '') return undefined;
  const sentMs = Date.parse(date ?? '');
  const ms = /^\d+(\.\d+)?$/.test(text)
    ? Number(text) * 1000
    : Date.parse(text) - (Number.isNaN(sentMs) ? nowMs : sentMs);
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), longestMs) : undefined;
}
