/**
 * An image made as its Dockerfile says, where there is no Docker: each stage is a root folder, RUN runs in it by chroot.
 *
 * Invariant: what is not understood is refused, not skipped. Not here: layers, caching. What is for another
 * processor is made, but cannot be run.
 */

import { execFileSync } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, matchesGlob, resolve } from 'node:path';
import { copyOfRoot } from './debian-root.ts';
import { parseDockerfile, type Step } from './dockerfile-steps.ts';
import { root as context } from './made.ts';

export interface Image {
  readonly folder: string;
  readonly environment: Record<string, string>;
  /** As `docker run` makes of them: user, folder, what starts, what asks after its health, signal to stop it, volumes. */
  readonly settings: Map<string, string>;
  remove(): void;
}

/** How this machine reaches the registry: what a builder is told of it. */
const authorities = process.env.NODE_EXTRA_CA_CERTS;
const wayToRegistry: Record<string, string> = {
  ...Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] =>
      /^((https?|no)_proxy|npm_config_fetch_retries)$/i.test(entry[0]),
    ),
  ),
  ...(authorities === undefined ? {} : { NODE_EXTRA_CA_CERTS: authorities }),
  npm_config_registry: execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim(),
};

/** Builds the last stage of a Dockerfile at the top of the project, for a processor as BuildKit calls it: TARGETARCH. */
export function buildImage(dockerfile: string, target: 'amd64' | 'arm64'): Image {
  const stages: { readonly name: string; readonly image: Image }[] = [];
  try {
    for (const step of parseDockerfile(dockerfile)) {
      if (step.keyword === 'FROM') {
        const [, base = '', , name = ''] = /^(?:--platform=\S+ )?(\S+)( AS (\S+))?$/.exec(step.rest) ?? [];
        stages.push({ name, image: baseImage(base, `${target}-${stages.length}`) });
      } else if (step.keyword === 'ARG') {
        if (step.rest !== 'TARGETARCH') throw new Error(`ARG ${step.rest} is not known here`);
        stages.at(-1)!.image.environment.TARGETARCH = target;
      } else {
        const from = (name: string): Image => stages.find((stage) => stage.name === name)!.image;
        perform(step, stages.at(-1)!.image, from);
      }
    }
    const last = stages.pop()!.image;
    return last;
  } finally {
    for (const { image } of stages) image.remove();
  }
}

/** node:24-slim as far as it matters: Debian, Node.js and npm in /usr/local, the user node. */
function baseImage(base: string, name: string): Image {
  if (base !== 'node:24-slim') throw new Error(`FROM ${base}: only node:24-slim can be stood in for`);
  const folder = copyOfRoot(`image-${name}`);
  cpSync(process.execPath, join(folder, 'usr/local/bin/node'));
  const npm = dirname(
    dirname(execFileSync('sh', ['-c', 'realpath "$(command -v npm)"'], { encoding: 'utf8' })),
  );
  cpSync(npm, join(folder, 'usr/local/lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(folder, 'usr/local/bin/npm'));
  for (const path of ['/etc/resolv.conf', authorities ?? '/etc/hosts'])
    cpSync(path, join(folder, path), { dereference: true });
  execFileSync('chroot', [folder, 'useradd', '--uid', '1000', '--user-group', '--create-home', 'node']);
  const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' };
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  return { folder, environment, settings: new Map([['WORKDIR', '/']]), remove };
}

function perform({ keyword, rest }: Step, image: Image, from: (stage: string) => Image): void {
  const { folder, environment, settings } = image;
  switch (keyword) {
    case 'RUN':
      execFileSync(...commandIn(image, '0:0', ['sh', '-c', rest]), {
        env: { ...environment, ...wayToRegistry },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      return;
    case 'ENV':
      for (const word of rest.split(/\s+/))
        environment[word.split('=')[0]!] = word.slice(word.indexOf('=') + 1);
      return;
    case 'WORKDIR':
      mkdirSync(join(folder, rest), { recursive: true });
      settings.set('WORKDIR', resolve(settings.get('WORKDIR')!, rest));
      return;
    case 'COPY':
      copy(rest, image, from);
      return;
    case 'USER':
    case 'VOLUME':
    case 'EXPOSE':
    case 'STOPSIGNAL':
    case 'HEALTHCHECK':
    case 'ENTRYPOINT':
    case 'CMD':
      settings.set(keyword, rest);
      return;
    default:
      throw new Error(`${keyword} is not known here`);
  }
}

/**
 * The words that run a command in an image: in its folder, with processes to be seen as programs expect it. `writable`: of all the
 * image only this folder may be written, as with `read_only` and a volume.
 */
export function commandIn(
  image: Image,
  user: string,
  command: readonly string[],
  writable?: string,
): [string, string[]] {
  const { folder, settings } = image;
  const readOnly = `mount --bind "$0" "$0" && mount --bind "$0${writable}" "$0${writable}" && mount -o remount,bind,ro "$0" &&`;
  const script = `${writable === undefined ? '' : readOnly}
    mount -t proc proc "$0/proc" && user=$1 folder=$2 && shift 2 &&
    exec chroot --userspec="$user" "$0" sh -c 'cd "$0" && exec "$@"' "$folder" "$@"`;
  return ['unshare', ['--mount', 'sh', '-c', script, folder, user, settings.get('WORKDIR')!, ...command]];
}

/** COPY: a folder's contents, or files; of the project only what .dockerignore lets through. */
function copy(rest: string, image: Image, from: (stage: string) => Image): void {
  const words = rest.split(/\s+/);
  const flags = new Map(
    words.filter((word) => word.startsWith('--')).map((word) => word.slice(2).split('=') as [string, string]),
  );
  const paths = words.filter((word) => !word.startsWith('--'));
  const target = resolve(image.settings.get('WORKDIR')!, paths.pop()!);
  const isFolder = rest.endsWith('/') || paths.length > 1;
  const stage = flags.get('from');
  const source = stage === undefined ? context : from(stage).folder;
  const isWanted = stage === undefined ? notIgnored() : () => true;
  for (const path of paths) {
    const whole = join(source, path);
    if (!existsSync(whole) || !isWanted(whole)) throw new Error(`COPY ${rest}: there is no ${path}`);
    const isFile = statSync(whole).isFile();
    const to = join(image.folder, target, isFile && isFolder ? path.split('/').at(-1)! : '');
    const before = new Set(globSync(`${to}/*`));
    cpSync(whole, to, { recursive: true, verbatimSymlinks: true, filter: isWanted });
    const owner = flags.get('chown')?.split(':').map(Number);
    if (owner !== undefined)
      for (const made of globSync(`${to}/*`)) if (!before.has(made)) chownSync(made, owner[0]!, owner[1]!);
  }
}

/** Whether .dockerignore lets a path through: the last pattern that is about it, or about a folder it is in, decides. */
function notIgnored(): (path: string) => boolean {
  const lines = readFileSync(join(context, '.dockerignore'), 'utf8').split('\n');
  const patterns = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return (path) => {
    const parts = path.slice(context.length + 1).split('/');
    const above = parts.map((_, i) => parts.slice(0, i + 1).join('/'));
    const isAbout = (pattern: string): boolean => above.some((part) => matchesGlob(part, pattern));
    const last = patterns.findLast((pattern) => isAbout(pattern.replace(/^!/, '')));
    return last === undefined || last.startsWith('!');
  };
}
