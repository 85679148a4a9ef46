/** What the kernel shows as a file. */

import { readFile } from 'node:fs/promises';

/** Without the blanks around it; undefined when it cannot be read. */
export async function textOf(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text?.trim();
}
