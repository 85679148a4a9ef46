/**
 * Words of the files' language that this version does not understand yet.
 *
 * Invariant: each gives a diagnostic that says so; none is ignored. A line leaves this list when it is built.
 */

import type { KeyPath } from './located.ts';
import type { FileKind } from './schema.ts';

/** Key paths with `*` for any name or index. */
const later: Readonly<Record<FileKind, readonly string[]>> = {
  gateway: ['sources.*.broker.users'],
  device: [],
  rules: [],
  test: [],
};

/** Whether a key belongs to a later version. */
export function isLater(kind: FileKind, path: KeyPath): boolean {
  return later[kind].some((entry) => {
    const parts = entry.split('.');
    return parts.length === path.length && parts.every((part, i) => part === '*' || part === path[i]);
  });
}
