/**
 * `npm run test:install`: makes the packages and a bare Debian, looks whether that boots on this machine, and runs the tests.
 *
 *     npm run test:install                     all
 *     npm run test:install -- service upgrade  only those
 *
 * Where no Debian can be made, or a bare one does not boot, what needs one is left out, and this says so. So are programs of
 * arm64 where their libraries cannot be fetched, and linters; all of it on another processor, and where there is no package of
 * npm to be had. Everything else fails.
 */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fetchLibraries } from './arm64-libraries.ts';
import { whyNoBoot } from './booted-root.ts';
import { makeCleanRoot } from './debian-root.ts';
import { outcome } from './outcome.ts';
import { fetchLinters } from './pypi.ts';

const root = join(import.meta.dirname, '../..');
const files = ['lintian', 'package', 'service', 'upgrade', 'unit', 'arm64', 'docker'];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !files.includes(name));
if (unknown.length > 0) {
  console.error(`no install test is called ${unknown.join(', ')}; there are ${files.join(', ')}`);
  process.exit(2);
}

if (process.arch !== 'x64') {
  console.error(`NOT TRIED, as this machine cannot: it boots Debian for amd64, and this is ${process.arch}`);
  process.exit(0);
}

// One answer of the registry that is lost among hundreds is no fault of a package.
process.env.npm_config_fetch_retries = '4';

const [noRoot, noLibraries, noLinters, packages] = await Promise.all([
  makeCleanRoot(),
  fetchLibraries(),
  fetchLinters(),
  makePackages(),
]);
if (packages !== undefined) {
  console.error(packages);
  if (!(await isRegistryThere())) {
    console.error('NOT TRIED, as this machine cannot: the registry of npm does not answer');
    process.exit(0);
  }
  process.exit(1);
}
const noBoot = noRoot ?? (await whyNoBoot());
process.exitCode = await test();
for (const reason of new Set([noRoot, noBoot, noLibraries, noLinters]))
  if (reason !== undefined) console.error(`NOT TRIED, as this machine cannot: ${reason}`);

/** Gives what went wrong, if so. */
async function makePackages(): Promise<string | undefined> {
  const env = { ...process.env, HEADGATE_DEB_COMPRESSION: 'gzip' };
  const { code, said } = await outcome(spawn('npm', ['run', '-s', 'deb'], { cwd: root, env }));
  return code === 0 ? undefined : `npm run deb fails:\n${said}`;
}

async function isRegistryThere(): Promise<boolean> {
  const words = ['view', 'npm', 'name', '--prefer-online', '--fetch-retries=1'];
  return (await outcome(spawn('npm', words, { cwd: root }))).code === 0;
}

/** Gives the exit code. */
async function test(): Promise<number> {
  const env = { ...process.env };
  if (noRoot !== undefined) env.HEADGATE_TEST_NO_ROOT = noRoot;
  if (noBoot !== undefined) env.HEADGATE_TEST_NO_BOOT = noBoot;
  if (noLibraries !== undefined) env.HEADGATE_TEST_NO_LIBRARIES = noLibraries;
  if (noLinters !== undefined) env.HEADGATE_TEST_NO_LINTERS = noLinters;
  const paths = files
    .filter((name) => wanted.length === 0 || wanted.includes(name))
    .map((name) => join(import.meta.dirname, `${name}.ts`));
  const flags = ['--test', '--test-timeout=1200000', '--test-concurrency=2'];
  const child = spawn(process.execPath, [...flags, ...paths], { cwd: root, env, stdio: 'inherit' });
  return (await outcome(child)).code;
}
