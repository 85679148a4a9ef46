/**
 * `npm run deb [-- ARCHITECTURE…]`: Debian packages for amd64 and arm64 in dist/deb, from a machine of either kind.
 *
 * A package needs nothing but a C library: it brings its own Node.js. Nothing of the target is run, so nothing is emulated.
 * Invariant: the same source gives the same package; its files have the date of the last commit (SOURCE_DATE_EPOCH).
 */

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  globSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { targets } from './runtime.ts';
import { makeTree, root, type Stage } from './stage.ts';

const out = join(root, 'dist/deb');
const scripts = ['postinst', 'prerm', 'postrm'];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !targets.some(({ architecture }) => architecture === name));
if (unknown.length > 0) {
  process.stderr.write(`no package for ${unknown.join(', ')}; there are amd64 and arm64\n`);
  process.exit(2);
}

execFileSync(process.execPath, [join(root, 'build.ts')], { cwd: root, stdio: 'inherit' });
mkdirSync(out, { recursive: true });
for (const target of targets) {
  if (wanted.length > 0 && !wanted.includes(target.architecture)) continue;
  const path = build({
    target,
    version: versionOf(),
    tree: join(out, 'tree'),
    cache: join(root, 'node_modules/.cache/headgate'),
    dateS: dateS(),
  });
  process.stdout.write(`${path}\n`);
}

/** Gives the package's path. */
function build(stage: Stage): string {
  const { tree, target, version } = stage;
  rmSync(tree, { recursive: true, force: true });
  makeTree(stage);
  const control = join(tree, 'DEBIAN');
  mkdirSync(control);
  for (const name of scripts) {
    cpSync(join(import.meta.dirname, '../debian', name), join(control, name));
    chmodSync(join(control, name), 0o755);
  }
  writeFileSync(join(control, 'conffiles'), conffiles(tree));
  writeFileSync(join(control, 'md5sums'), sums(tree));
  writeFileSync(join(control, 'control'), controlOf(stage));
  // Whatever this machine's umask is.
  execFileSync('chmod', ['-R', 'u=rwX,go=rX', tree]);
  const path = join(out, `headgate_${version}_${target.architecture}.deb`);
  execFileSync(
    'dpkg-deb',
    ['--root-owner-group', `-Z${process.env.HEADGATE_DEB_COMPRESSION ?? 'xz'}`, '--build', tree, path],
    {
      stdio: 'pipe',
      env: { ...process.env, SOURCE_DATE_EPOCH: String(stage.dateS) },
    },
  );
  rmSync(tree, { recursive: true });
  return path;
}

function controlOf({ target, tree, version }: Stage): string {
  const kib = execFileSync('du', ['-sk', '--apparent-size', tree], { encoding: 'utf8' }).split('\t')[0]!;
  return readFileSync(join(import.meta.dirname, '../debian/control'), 'utf8')
    .replace('@VERSION@', version)
    .replace('@ARCHITECTURE@', target.architecture)
    .replace('@SIZE@', kib);
}

function filesOf(tree: string, pattern: string): string[] {
  return globSync(pattern, { cwd: tree })
    .filter((path) => lstatSync(join(tree, path)).isFile())
    .sort();
}

/** The files that are the user's once they are installed: dpkg keeps what was changed in them. */
function conffiles(tree: string): string {
  return filesOf(tree, 'etc/**')
    .map((path) => `/${path}\n`)
    .join('');
}

function sums(tree: string): string {
  const files = filesOf(tree, 'usr/**');
  return execFileSync('md5sum', files, { cwd: tree, encoding: 'utf8', maxBuffer: 1 << 24 });
}

/** Of the program, and of its package. */
function versionOf(): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return `${version}-1`;
}

function dateS(): number {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined) return Number(given);
  return Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }));
}
