/** Durations as users write them: `500ms`, `30s`, `5m`, `1h`, `7d`. Not here: limits; each key has its own. */

import { GatewayError } from '../core/errors.ts';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What is accepted, for editors (JSON Schema). */
export const durationPattern = '^\\d+(\\.\\d+)?(ms|s|m|h|d)$';

/** Longest duration understood; a mistyped unit should not become a window of centuries. */
export const longestMs = 1000 * 86_400_000;

/** Milliseconds of a duration. Fractions are fine (`1.5h`) as long as whole milliseconds come out. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (!match) throw new GatewayError(`\`${text}\` is not a duration`, { remedy: remedyFor(text) });
  const exactMs = Number(match[1]) * unitMs[match[2]!]!;
  const ms = Math.round(exactMs);
  if (Math.abs(exactMs - ms) > 1e-6) {
    throw new GatewayError(`\`${text}\` is not a whole number of milliseconds`, {
      remedy: 'the finest duration is 1ms',
    });
  }
  if (ms > longestMs) {
    throw new GatewayError(`\`${text}\` is longer than 1000d`, {
      remedy: 'check the unit: ms, s, m, h or d',
    });
  }
  return ms;
}

/** The shortest exact writing: 90000 → `90s`, 60000 → `1m`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  const units = ['d', 'h', 'm', 's'] as const;
  const unit = units.find((name) => ms % unitMs[name]! === 0);
  return unit ? `${ms / unitMs[unit]!}${unit}` : `${ms}ms`;
}

function remedyFor(text: string): string {
  const bare = /^\d+(\.\d+)?$/.test(text);
  if (bare) return `add a unit: ${text}ms, ${text}s, ${text}m, ${text}h or ${text}d`;
  const close = /^(\d+(?:\.\d+)?)\s*(ms|[smhd])[a-z]*$/i.exec(text.trim());
  const accepted = 'write a number and a unit without a space: 500ms, 30s, 5m, 1h, 7d';
  return close ? `did you mean \`${close[1]}${close[2]!.toLowerCase()}\`? ${accepted}` : accepted;
}
