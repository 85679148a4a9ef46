/**
 * The kinds of values all files share, as zod schemas: durations, sizes, names, paths, expressions.
 *
 * Invariant: each says in its JSON Schema what it accepts, so that editors know it, and in its own words what is
 * wrong and what to write instead. Not here: keys and defaults.
 */

import { resolve } from 'node:path';
import { z } from 'zod';
import { GatewayError } from '../core/errors.ts';
import { durationPattern, formatDuration, parseDuration } from './duration.ts';
import { parsed, refuse, show } from './shapes.ts';
import { formatSize, parseSize, sizePattern } from './size.ts';

/** Text of any kind, not empty. */
export const text = z.string().min(1);

function asText(value: unknown, what: string, remedy: string): string {
  if (typeof value === 'string') return value;
  throw new GatewayError(`${show(value)} is not ${what}`, { remedy });
}

/** Milliseconds, within limits that are durations themselves. */
export function duration({ min = '0s', max = '1000d' }: { min?: string; max?: string } = {}) {
  const [minMs, maxMs] = [parseDuration(min), parseDuration(max)];
  return parsed({ type: 'string', pattern: durationPattern }, (value) => {
    const ms = parseDuration(
      typeof value === 'number' ? String(value) : asText(value, 'a duration', durationRemedy),
    );
    if (ms >= minMs && ms <= maxMs) return ms;
    const [word, limit] = ms < minMs ? ['shorter', min] : ['longer', max];
    const remedy = `write ${min} to ${max}`;
    throw new GatewayError(`\`${formatDuration(ms)}\` is ${word} than ${limit}`, { remedy });
  });
}
const durationRemedy = 'write a number and a unit: 500ms, 30s, 5m, 1h, 7d';

/** Bytes, within limits that are sizes themselves. */
export function size({ min, max }: { min: string; max: string }) {
  const [minBytes, maxBytes] = [parseSize(min), parseSize(max)];
  return parsed({ type: 'string', pattern: sizePattern }, (value) => {
    const bytes = parseSize(typeof value === 'number' ? String(value) : asText(value, 'a size', sizeRemedy));
    if (bytes >= minBytes && bytes <= maxBytes) return bytes;
    const [word, limit] = bytes < minBytes ? ['less', min] : ['more', max];
    throw new GatewayError(`\`${formatSize(bytes)}\` is ${word} than ${limit}`, {
      remedy: `write ${min} to ${max}`,
    });
  });
}
const sizeRemedy = 'write a number and a unit: 256KB, 512MB, 1GB';

/** A path, made absolute from the folder of the file it stands in. */
export function pathFrom(folder: string) {
  return text.transform((path) => resolve(folder, path));
}

/**
 * A URL of one of the protocols, given as `http:`. `ratherThanUser` is what to write instead of user and password in it,
 * where they must not be: such a URL is shown to people.
 */
export function url(protocols: readonly string[], ratherThanUser?: string) {
  const accepted = protocols.map((protocol) => `${protocol}//`).join(' or ');
  return parsed({ type: 'string' }, (value) => {
    const written = asText(value, 'a URL', `write a URL that starts with ${accepted}`);
    // The URL itself is not shown: it may hold a password.
    const remedy = `write a URL that starts with ${accepted}`;
    if (!URL.canParse(written)) throw new GatewayError('this is not a URL', { remedy });
    if (!protocols.includes(new URL(written).protocol)) {
      throw new GatewayError(`this URL does not start with ${accepted}`, { remedy });
    }
    const { username, password } = new URL(written);
    if (ratherThanUser !== undefined && `${username}${password}` !== '') {
      throw new GatewayError('this URL holds a user or a password, and is shown in logs and status', {
        remedy: ratherThanUser,
      });
    }
    return written;
  });
}

/** An expression in CEL; a bare number or boolean of YAML is one too. */
export const expression = parsed({ type: ['string', 'number', 'boolean'] }, (value) => {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const written = asText(value, 'an expression', 'write it as text, in quotes if it starts with { or [');
  if (written.trim() === '')
    throw new GatewayError('the expression is empty', { remedy: 'write one, or remove the key' });
  return written;
});

const labelPattern = /^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,99}$/u;

/** A name with something in place of what it cannot hold. */
function fitted(name: string, odd: RegExp, instead: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(odd, instead)
    .replace(/^[-_.]+|[-_.]+$/g, '');
}

/** A name of a gateway, device, rule, source or notifier: part of topics and tags. */
export const label = z
  .string()
  .meta({ pattern: labelPattern.source })
  .superRefine((name, context) => {
    if (labelPattern.test(name)) return;
    const better = fitted(name, /[^\p{L}\p{N}_.-]+/gu, '-');
    const like = labelPattern.test(better) ? `, such as \`${better}\`` : '';
    const remedy = `use letters, digits, _ . and -; start with a letter or digit; at most 100${like}`;
    refuse(context, `${show(name)} cannot be a name`, remedy);
  });

const identifierPattern = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

/** Words that CEL keeps for itself (CEL language definition, "Syntax"). */
const reserved = new Set(
  `as break const continue else false for function if import in let loop package namespace null return true var void while`.split(
    ' ',
  ),
);

/** What the place beyond the name's own means, so it would clash: InfluxDB drops `time`, every point is tagged `gateway`. */
const taken: Readonly<Record<string, string>> = {
  time: 'InfluxDB keeps `time` for the time of the point',
  gateway: 'every point already has a tag `gateway`',
};

/** A name used in expressions: of a field, tag, lookup or computed value. */
export const identifier = z
  .string()
  .meta({ pattern: identifierPattern.source })
  .superRefine((name, context) => {
    const why = Object.hasOwn(taken, name) ? taken[name] : undefined;
    if (why) refuse(context, `\`${name}\` cannot be a name: ${why}`, `choose another, such as \`${name}_\``);
    else if (reserved.has(name)) {
      refuse(
        context,
        `\`${name}\` is a word of the expression language`,
        `choose another, such as \`${name}_\``,
      );
    } else if (!identifierPattern.test(name) || name === '__proto__') {
      const remedy = /[()]/.test(name)
        ? 'a comma in { } ends the value before it: put an expression that has commas in quotes'
        : `use letters a-z, digits and _ only, not starting with a digit${identifierLike(name)}`;
      refuse(context, `${show(name)} cannot be used as a name in expressions`, remedy);
    }
  });

/** A suggestion for a name that holds anything else. */
function identifierLike(name: string): string {
  const better = fitted(name, /[^A-Za-z0-9_]+/g, '_');
  return identifierPattern.test(better) ? `, such as \`${better}\`` : '';
}

/** Of a list of names. */
const mostItems = 1000;

/** One text or a list of them. */
export function oneOrMore<T extends z.ZodType<string>>(item: T) {
  return z.union([item.transform((one) => [one]), z.array(item).min(1).max(mostItems)]);
}

/** Quality of service of MQTT. */
export const qos = z.literal([0, 1, 2]);
