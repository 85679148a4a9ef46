/** Arguments of questions, checked: whoever can open the socket may write anything. Each throws `GatewayError`. */

import { GatewayError } from '../../core/errors.ts';
import type { Tags } from '../../settings/settings.ts';
import type { Arguments } from '../status-socket.ts';

/** In characters. */
const longestText = 500;
const mostTags = 100;

/** Text of at least one character. */
export function textOf(args: Arguments, name: string): string {
  const value = args[name];
  if (typeof value !== 'string' || value === '') throw new GatewayError(`\`${name}\` is not a text`);
  return refuseLong(name, value);
}

/** Undefined when it is left out or empty. */
export function optionalTextOf(args: Arguments, name: string): string | undefined {
  return args[name] === undefined || args[name] === '' ? undefined : textOf(args, name);
}

function refuseLong(name: string, text: string): string {
  if (text.length <= longestText) return text;
  throw new GatewayError(`\`${name}\` has ${text.length} characters`, {
    remedy: `write at most ${longestText}`,
  });
}

/** Tags of a key; left out: none. */
export function tagsOf(args: Arguments, name: string): Tags {
  const value = args[name] ?? {};
  const entries = typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : [];
  if (typeof value !== 'object' || Array.isArray(value) || entries.length > mostTags) {
    throw new GatewayError(`\`${name}\` is not a map of tags`);
  }
  for (const [tag, text] of entries) {
    if (typeof text !== 'string') throw new GatewayError(`tag \`${tag}\` is not a text`);
    refuseLong(tag, text);
  }
  return value as Tags;
}

/** Milliseconds, from `min` to `max`. */
export function durationOf(
  args: Arguments,
  name: string,
  { min, max }: { min: number; max: number },
): number {
  const value = args[name];
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new GatewayError(`\`${name}\` is not a number of milliseconds from ${min} to ${max}`);
}

/** A list of texts; left out: none. */
export function textsOf(args: Arguments, name: string): readonly string[] {
  const value = args[name] ?? [];
  if (!Array.isArray(value) || value.length > mostTags)
    throw new GatewayError(`\`${name}\` is not a list of texts`);
  return value.map((one: unknown) => {
    if (typeof one !== 'string') throw new GatewayError(`\`${name}\` is not a list of texts`);
    return refuseLong(name, one);
  });
}
