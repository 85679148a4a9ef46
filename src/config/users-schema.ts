/**
 * The users file of a broker: who may log in, and what each may publish and subscribe.
 *
 * Invariant: what is left out is not permitted. Not here: checking passwords; which file belongs to which broker.
 */

import { z } from 'zod';
import { GatewayError } from '../core/errors.ts';
import { parsePasswordHash } from '../core/password-hash.ts';
import { type Context, evenIfWrong, parsed, refuse, section, show } from './shapes.ts';
import { parseTopic, TopicError } from './topic.ts';
import { text } from './values.ts';

export interface UserConfig {
  readonly name: string;
  /** Hash; either this or `certificate`. */
  readonly password?: string;
  /** Common name of the client certificate that stands for a password. */
  readonly certificate?: string;
  /** Filters in which `{user}` and `{client}` stand for one whole level. */
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** What the placeholders of a permission may be. */
export const placeholders: readonly string[] = ['user', 'client'];

/** A user name becomes a level of topics. */
const namePattern = /^(?!\s)[^\p{C}/+#]{1,100}(?<!\s)$/u;

export const userName = z
  .string()
  .meta({ pattern: namePattern.source })
  .superRefine((name, context) => {
    if (namePattern.test(name)) return;
    const remedy = 'at most 100 letters, digits and signs, without / + # and control characters';
    refuse(context, `${show(name)} cannot be the name of a user`, remedy);
  });

const passwordHash = parsed({ type: 'string' }, (value) => {
  if (typeof value === 'string') {
    parsePasswordHash(value);
    return value;
  }
  throw new GatewayError('this is no password hash', { remedy: 'write it with `headgate passwd NAME`' });
});

export const permission = parsed({ type: 'string' }, (value) => {
  if (typeof value !== 'string') {
    throw new GatewayError(`${show(value)} is no topic filter`, { remedy: 'write text: "bus/{client}/#"' });
  }
  if (value.startsWith('$share/')) {
    const remedy = 'the broker has no shared subscriptions: write the filter after the group';
    throw new TopicError('a permission names no group', { start: 0, end: value.length }, remedy);
  }
  // A level that is the same twice, such as {user}/{user}, is no use to anybody.
  for (const name of parseTopic(value).tagNames) {
    if (placeholders.includes(name)) continue;
    const start = value.indexOf(`{${name}}`);
    const span = { start, end: start + name.length + 2 };
    throw new TopicError(
      `{${name}} stands for nothing here`,
      span,
      '{user} and {client} do; for any level write +',
    );
  }
  return value;
});

const user = section({
  name: userName.describe('User name of the login.'),
  password: passwordHash.exactOptional().describe('Its hash, as `headgate passwd` writes it.'),
  certificate: text
    .exactOptional()
    .describe('Instead of a password: common name (CN) of the client certificate.'),
  publish: z
    .array(permission)
    .default([])
    .describe('Filters of topics to publish to; {user} and {client} are one level. Default: none.'),
  subscribe: z
    .array(permission)
    .default([])
    .describe('Filters that may be subscribed, and all that they include. Default: none.'),
}).superRefine((one, context) => {
  const given = ['password', 'certificate'].filter((key) => key in one);
  if (given.length === 1) return;
  const message =
    given.length === 0 ? 'this user cannot log in' : '`password` and `certificate` exclude each other';
  const remedy =
    given.length === 0
      ? 'give it a password with `headgate passwd NAME`, or write `certificate: CN`'
      : 'keep one of them';
  refuse(context, message, remedy, given.length === 0 ? {} : { path: ['certificate'], at: 'key' });
}, evenIfWrong);

/** Beside other mistakes, so that all come at once. */
const alsoOfWrongUsers = { when: ({ value }: { value: unknown }): boolean => Array.isArray(value) };

/** The whole file. */
export const usersFileSchema: z.ZodType<{ readonly users: readonly UserConfig[] }> = section({
  users: z
    .array(user)
    .superRefine(refuseTwice('name', 'name of a user'), alsoOfWrongUsers)
    .superRefine(refuseTwice('certificate', 'certificate of a user'), alsoOfWrongUsers)
    .describe('Who may log in.'),
});

function refuseTwice(key: 'name' | 'certificate', what: string) {
  return (users: readonly Partial<UserConfig>[], context: Context): void => {
    const seen = new Set<unknown>();
    for (const [i, one] of users.entries()) {
      const value: unknown = one?.[key];
      if (value !== undefined && seen.has(value)) {
        refuse(context, `${show(value)} is the ${what} twice`, 'keep one of them', { path: [i, key] });
      }
      seen.add(value);
    }
  };
}
