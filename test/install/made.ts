/** What `run.ts` has made for the tests, and what it found that this machine cannot. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** The package for an architecture, of the version that is here: those of others may lie beside it. */
export function packageFor(architecture: 'amd64' | 'arm64'): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const path = join(root, `dist/deb/headgate_${version}-1_${architecture}.deb`);
  if (!existsSync(path)) throw new Error('there is no package: npm run test:install makes it');
  return path;
}

/** Why tests that boot a Debian are left out; false where they are not. */
export const noBoot: string | false = process.env.HEADGATE_TEST_NO_BOOT ?? false;

/** Why tests in the root folder of a Debian are left out; false where they are not. */
export const noRoot: string | false = process.env.HEADGATE_TEST_NO_ROOT ?? false;

/** Why tests that run programs of arm64 are left out; false where they are not. */
export const noLibraries: string | false = process.env.HEADGATE_TEST_NO_LIBRARIES ?? false;

/** Why Dockerfile and compose.yaml are not linted; false where they are. */
export const noLinters: string | false = process.env.HEADGATE_TEST_NO_LINTERS ?? false;
