/** Whether a user of the broker, as the command line names it, can stand in a users file. */

import { permission, userName } from '../config/users-schema.ts';
import { UsageError } from './failure.ts';

/** Throws a `UsageError` that names what is wrong. */
export function checkUser(name: string, filters: readonly string[]): void {
  const wrong = userName.safeParse(name).error?.issues[0];
  if (wrong) throw usage(wrong);
  for (const filter of filters) {
    const mistake = permission.safeParse(filter).error?.issues[0];
    if (mistake) throw usage({ ...mistake, message: `${filter}: ${mistake.message}` });
  }
}

function usage(issue: { readonly message: string; readonly params?: unknown }): UsageError {
  const { remedy } = (issue.params ?? {}) as { remedy?: unknown };
  return new UsageError(issue.message, typeof remedy === 'string' ? { remedy } : {});
}
