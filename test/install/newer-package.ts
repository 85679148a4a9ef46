/** The package for amd64 as its next version would be: another version, edited files of the user's, the same program. */

import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageFor } from './made.ts';

/** What the next version adds to each of `edited`. */
export const addition = '# of the next version\n';

/** Writes it to `path`; `edited` are files below /etc/headgate that it ships otherwise. */
export function makeNewerPackage(path: string, edited: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-newer-'));
  try {
    execFileSync('dpkg-deb', ['--raw-extract', packageFor('amd64'), folder]);
    const control = join(folder, 'DEBIAN/control');
    writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*/m, 'Version: 99.0.0-1'));
    for (const name of edited) appendFileSync(join(folder, 'etc/headgate', name), addition);
    execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', folder, path], { stdio: 'pipe' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
