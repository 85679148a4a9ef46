/**
 * Words of the files' language that this version does not understand yet.
 *
 * Invariant: each gives a diagnostic that says so; none is ignored. A line leaves this list when it is built.
 */

import type { KeyPath } from './located.ts';
import type { FileKind } from './schema.ts';

/** Key paths with `*` for any name or index; after `=` a value that is not understood yet. */
const later: Readonly<Record<FileKind, readonly string[]>> = {
  gateway: ['sources.*.broker.users', 'sources.*.serial.framing=slip', 'sources.*.serial.framing=cobs'],
  device: [],
  rules: [],
  test: [],
};

/** Whether a key, or this value of it, belongs to a later version. */
export function isLater(kind: FileKind, path: KeyPath, value?: unknown): boolean {
  return later[kind].some((entry) => {
    const [pattern, word] = entry.split('=');
    const parts = pattern!.split('.');
    const samePath =
      parts.length === path.length && parts.every((part, i) => part === '*' || part === path[i]);
    return samePath && (word === undefined || word === value);
  });
}
