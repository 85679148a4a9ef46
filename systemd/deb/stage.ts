/**
 * The file tree of a package, as it lies on the machine it is for.
 *
 *     /usr/bin/headgate                      runs the gateway with its own runtime
 *     /usr/lib/headgate/                     program, production dependencies, runtime
 *     /etc/headgate/                         headgate.yaml, devices/, rules/: the user's from then on
 *     /usr/lib/systemd/system, udev/rules.d  service and names of serial adapters
 *     /usr/share/                            man page, completion, documentation, licences
 *
 * Invariant: of native modules only the target's are in it; nothing of the machine it is made on.
 */

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { completion } from './completion.ts';
import { manPage } from './man-page.ts';
import { runtimeIn, type Target } from './runtime.ts';

export const root = join(import.meta.dirname, '../..');
const own = join(import.meta.dirname, '..');

export interface Stage {
  readonly target: Target;
  readonly version: string;
  /** Where the tree is made. */
  readonly tree: string;
  /** Keeps what was fetched. */
  readonly cache: string;
  /** Of everything in the package, so that the same source gives the same package. */
  readonly dateS: number;
}

export function makeTree(stage: Stage): void {
  const { tree, target, cache, version } = stage;
  const put = (path: string, content: string | Buffer, mode = 0o644): void => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), content, { mode });
  };
  const runtime = runtimeIn(cache, target);
  const lib = join(tree, 'usr/lib/headgate');
  mkdirSync(lib, { recursive: true });
  putProgram(lib, target);
  cpSync(join(runtime, 'bin/node'), join(lib, 'node'));
  chmodSync(join(lib, 'node'), 0o755);
  put('usr/bin/headgate', launcher(), 0o755);

  for (const name of ['headgate.yaml', 'devices', 'rules'])
    cpSync(join(root, name), join(tree, 'etc/headgate', name), { recursive: true });
  put('etc/headgate/headgate.yaml', installedConfig(readFileSync(join(root, 'headgate.yaml'), 'utf8')));
  put('usr/lib/systemd/system/headgate.service', readFileSync(join(own, 'headgate.service')));
  put('usr/lib/udev/rules.d/65-headgate-serial.rules', readFileSync(join(own, '65-headgate-serial.rules')));

  const date = new Date(stage.dateS * 1000);
  put('usr/share/man/man1/headgate.1.gz', zipped(manPage(version, date)));
  put('usr/share/bash-completion/completions/headgate', completion());
  const doc = 'usr/share/doc/headgate';
  put(`${doc}/copyright`, copyright(lib));
  put(`${doc}/node-licence.gz`, zipped(readFileSync(join(runtime, 'LICENSE'), 'utf8')));
  put(`${doc}/changelog.gz`, zipped(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')));
  put(`${doc}/changelog.Debian.gz`, zipped(debianChangelog(version, date)));
  for (const name of readdirSync(join(root, 'docs')))
    if (name.endsWith('.md')) put(`${doc}/${name}`, readFileSync(join(root, 'docs', name)));
  for (const name of ['dashboards', 'provisioning'])
    cpSync(join(root, 'grafana', name), join(tree, doc, 'examples/grafana', name), { recursive: true });
  put(`${doc}/examples/journald-small.conf`, readFileSync(join(own, 'journald-small.conf')));
  put('usr/share/lintian/overrides/headgate', readFileSync(join(own, 'debian/lintian-overrides')));
}

/** What `npm install` gives users, without what only other machines need. */
function putProgram(lib: string, { cpu }: Target): void {
  for (const name of ['package.json', 'package-lock.json']) cpSync(join(root, name), join(lib, name));
  const flags = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
  execFileSync('npm', ['ci', ...flags, '--os=linux', `--cpu=${cpu}`, '--libc=glibc'], {
    cwd: lib,
    stdio: 'pipe',
  });
  rmSync(join(lib, 'package-lock.json'));
  for (const name of readdirSync(join(root, 'dist')).filter((entry) => entry !== 'deb'))
    cpSync(join(root, 'dist', name), join(lib, 'dist', name), { recursive: true });
  // What it is run with stands in the launcher.
  const main = join(lib, 'dist/main.js');
  writeFileSync(main, readFileSync(main, 'utf8').replace(/^#!.*\n/, ''));
  chmodSync(main, 0o644);
  const wanted = new RegExp(`linux-${cpu}/[^/]*glibc\\.node$`);
  const modules = join(lib, 'node_modules');
  for (const path of globSync('**/*.node', { cwd: modules }))
    if (!wanted.test(path)) rmSync(join(modules, path));
  for (const path of globSync('**/{prebuilds/*,.bin,.package-lock.json}', { cwd: modules })) {
    const whole = join(modules, path);
    if (existsSync(whole) && (!path.includes('prebuilds/') || readdirSync(whole).length === 0))
      rmSync(whole, { recursive: true });
  }
  removeWhatNeverRuns(modules);
}

const neverRun = '**/{.*,*.{ts,cts,mts,map,flow,gyp,gypi,c,cc,cpp,h,bat,sh,yml,html,png,jpg,svg,gif}}';
const foldersNeverRun = '{*,@*/*}/{test,tests,.github,docs,example,examples,benchmark,benchmarks,man,bin}';

/** Sources, types, tests, settings of editors and commands of packages. */
function removeWhatNeverRuns(modules: string): void {
  for (const pattern of [foldersNeverRun, neverRun])
    for (const path of globSync(pattern, { cwd: modules }))
      rmSync(join(modules, path), { recursive: true, force: true });
  for (const path of globSync('**/*.{js,cjs,mjs}', { cwd: modules })) chmodSync(join(modules, path), 0o644);
}

/**
 * With the options of the first line of main.js, which a shell would have read, and, where nobody says otherwise, the service's own
 * file, unless one is here, and its credentials, which that file may name.
 */
function launcher(): string {
  const first = readFileSync(join(root, 'dist/main.js'), 'utf8').split('\n', 1)[0]!;
  const options = first.match(/ --\S+/g)?.join('') ?? '';
  return `#!/bin/sh
[ -e headgate.yaml ] || export HEADGATE_CONFIG="\${HEADGATE_CONFIG:-/etc/headgate/headgate.yaml}"
export CREDENTIALS_DIRECTORY="\${CREDENTIALS_DIRECTORY:-/run/credentials/headgate.service}"
exec /usr/lib/headgate/node${options} /usr/lib/headgate/dist/main.js "$@"
`;
}

/** The shipped example with its state where a service keeps it. */
function installedConfig(text: string): string {
  return text.replace(/^data: \S+/m, 'data: /var/lib/headgate');
}

function zipped(text: string): Buffer {
  // Without a time in its header: the same text gives the same bytes.
  return gzipSync(text, { level: 9 });
}

/** deb-changelog(5); what is new stands in the changelog of the program. */
function debianChangelog(version: string, date: Date): string {
  const when = date.toUTCString().replace(/GMT$/, '+0000');
  return `headgate (${version}) stable; urgency=medium

  * See changelog.gz.

 -- Headgate maintainers <maintainers@headgate.example>  ${when}
`;
}

/** Whose work is in the package, under which licence. */
function copyright(lib: string): string {
  const packages = globSync('**/node_modules/{*,@*/*}/package.json', { cwd: lib })
    .sort()
    .map((path) => JSON.parse(readFileSync(join(lib, path), 'utf8')) as { name?: string; license?: string })
    .filter(({ name }) => name !== undefined);
  const list = new Set(packages.map(({ name, license }) => ` ${name}: ${license ?? 'see its folder'}`));
  return `${readFileSync(join(own, 'debian/copyright'), 'utf8')}
Packages in /usr/lib/headgate/node_modules, each with its licence in its own folder:

${[...list].join('\n')}

The runtime /usr/lib/headgate/node is Node.js: node-licence.gz beside this file.
`;
}
