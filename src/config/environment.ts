/**
 * `${NAME}` in the texts of headgate.yaml, replaced from the environment; `$${NAME}` stays as `${NAME}`.
 *
 * Invariant: the value of a variable never gets into a message: `hide` puts the reference back.
 */

import type { Mistake } from './issues.ts';
import type { KeyPath } from './located.ts';
import { show } from './shapes.ts';

export interface Replaced {
  readonly value: unknown;
  readonly mistakes: readonly Mistake[];
  /** Whether the text at the path came from the environment, in whole or part. */
  isReplaced(path: KeyPath): boolean;
  /** A message about the path, with what came from the environment as it stands in the file. */
  hide(path: KeyPath, message: string): string;
}

interface Written {
  readonly written: string;
  readonly value: string;
}

/** Shorter values of other paths are in many words by chance. */
const shortestHidden = 4;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment in which every reference that is not set stays as it is written: that of a service is not that of who asks about
 * it.
 */
export function withUnsetKept(env: Environment): Environment {
  const textOf = (name: string): string => env[name] ?? `\${${name}}`;
  return new Proxy(
    {},
    {
      get: (_, name: string) => textOf(name),
      getOwnPropertyDescriptor: (_, name: string) => ({
        ...{ value: textOf(name), configurable: true, enumerable: true, writable: true },
      }),
    },
  );
}

/** A copy of the value with every text's references replaced. */
export function replaceReferences(root: unknown, env: Environment): Replaced {
  const mistakes: Mistake[] = [];
  const replaced = new Map<string, Written>();

  function visit(value: unknown, path: KeyPath): unknown {
    if (typeof value === 'string') return text(value, path);
    if (Array.isArray(value)) return value.map((item, i) => visit(item, [...path, i]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, [...path, key])]));
  }

  function text(written: string, path: KeyPath): string {
    const value = written.replace(/\$?\$\{([^{}]*)\}/g, (reference, name: string, start: number) => {
      if (reference.startsWith('$$')) return reference.slice(1);
      const found = Object.hasOwn(env, name) ? env[name] : undefined;
      if (found !== undefined) return found;
      mistakes.push({ path, at: 'value', start, end: start + reference.length, ...unset(name) });
      return reference;
    });
    if (value !== written) replaced.set(JSON.stringify(path), { written, value });
    return value;
  }

  const value = visit(root, []);
  return {
    value,
    mistakes,
    isReplaced: (path) => replaced.has(JSON.stringify(path)),
    hide(path, message) {
      const own = replaced.get(JSON.stringify(path));
      const told = [...replaced.values()].filter((one) => one === own || one.value.length >= shortestHidden);
      const hidden = (text: string, { value, written }: Written): string =>
        value === ''
          ? text
          : text.replaceAll(show(value), () => show(written)).replaceAll(value, () => written);
      return told.reduce(hidden, message);
    },
  };
}

function unset(name: string): { message: string; remedy: string } {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    return {
      message: `\`${name}\` is not the name of a variable`,
      remedy: 'write a name in the braces; a text that starts with a literal `${` is written with `$${`',
    };
  }
  return {
    message: `the environment variable ${name} is not set`,
    remedy: `set ${name} before starting, or write the value here`,
  };
}
