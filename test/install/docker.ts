/**
 * The Dockerfile without Docker: hadolint looks at it, its steps are run in root folders of a Debian, and what comes of them runs as
 * a container would: as its user, with its health check.
 */

import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { freePort } from '../peers/free-port.ts';
import { until } from '../peers/until.ts';
import { words } from './dockerfile-steps.ts';
import { buildImage, commandIn, type Image } from './image.ts';
import { noLinters, noRoot, root } from './made.ts';
import { outcome } from './outcome.ts';
import { composeSchema, hadolint } from './pypi.ts';

const patienceMs = 120_000;
const path = join(root, 'Dockerfile');
let image: Image;
before(() => {
  if (noRoot === false) image = buildImage(readFileSync(path, 'utf8'), 'amd64');
});
after(() => image?.remove());
const skip = noRoot;

test('hadolint has nothing to say', { skip: noLinters }, () => {
  const { status, stdout, stderr } = spawnSync(hadolint, [path], { encoding: 'utf8' });
  assert.equal(stdout + stderr, '');
  assert.equal(status, 0);
});

test('compose.yaml is of the schema', { skip: noLinters }, () => {
  // The schema names what is local to it in the old way, and calls `10s` a duration, which of JSON Schema it is not.
  const schema = JSON.parse(
    readFileSync(composeSchema, 'utf8').replaceAll('#/definitions/', '#/$defs/'),
    (key, value: unknown) => (key === 'format' && value === 'duration' ? undefined : value),
  ) as Record<string, unknown>;
  const { definitions, id, $schema, ...rest } = schema;
  assert.ok(definitions !== undefined && id !== undefined && $schema !== undefined);
  const validator = z.fromJSONSchema({
    ...rest,
    $defs: definitions as Record<string, z.core.JSONSchema.JSONSchema>,
  });
  const text = readFileSync(join(root, 'docs/docker/compose.yaml'), 'utf8');
  // The name of the project came to the format later.
  const { name, ...compose } = parse(text, { merge: true }) as Record<string, unknown>;
  assert.equal(name, 'headgate');
  assert.deepEqual(validator.safeParse(compose).error?.issues, undefined);
  assert.ok(!validator.safeParse({ ...compose, servics: {} }).success, 'a misspelt key is found');
});

test('in the image is the program, its packages, and native modules of the target alone', { skip }, () => {
  const lib = join(image.folder, 'opt/headgate');
  assert.ok(existsSync(join(lib, 'dist/main.js')));
  assert.ok(!existsSync(join(lib, 'src')));
  assert.ok(!existsSync(join(lib, 'node_modules/typescript')), 'what only developers need');
  assert.match(nativeModules(image), /^\S*linux-x64\/\S*\.glibc\.node$/);
  assert.ok(!existsSync(join(image.folder, 'build')));
});

test('for arm64 it is made the same way, without running anything of it', { skip }, () => {
  const other = buildImage(readFileSync(path, 'utf8'), 'arm64');
  try {
    assert.match(nativeModules(other), /^\S*linux-arm64\/\S*\.glibc\.node$/);
    const count = ({ folder }: Image): number => globSync('**', { cwd: join(folder, 'opt/headgate') }).length;
    assert.equal(count(other), count(image));
  } finally {
    other.remove();
  }
});

/** Their paths, one a line. */
function nativeModules({ folder }: Image): string {
  return globSync('**/*.node', { cwd: join(folder, 'opt/headgate') }).join('\n');
}

test('nothing of it belongs to the user but the state', { skip }, () => {
  assert.equal(image.settings.get('USER'), '1000:1000');
  assert.equal(statSync(join(image.folder, 'var/lib/headgate')).uid, 1000);
  assert.equal(statSync(join(image.folder, 'var/lib/headgate')).mode & 0o777, 0o700);
  const found = execFileSync('find', ['opt', 'etc/headgate', 'usr/local', '-user', '1000'], {
    cwd: image.folder,
    encoding: 'utf8',
  });
  assert.equal(found, '');
});

test('it runs, says that it is healthy, and stops in order', { skip }, async (t) => {
  const settings = join(image.folder, 'etc/headgate/headgate.yaml');
  const port = await freePort();
  writeFileSync(settings, readFileSync(settings, 'utf8').replace('port: 1883', `port: ${port}`));
  assert.equal(spawnSync(...inside(['touch', '/var/lib/headgate/ours'])).status, 0);
  assert.notEqual(
    spawnSync(...inside(['touch', '/tmp/elsewhere'])).status,
    0,
    'read only, as in compose.yaml',
  );
  const health = words(image.settings.get('HEALTHCHECK')!.replace(/^.* CMD /, ''));
  const healthy = (): boolean => spawnSync(...inside(health)).status === 0;
  assert.ok(!healthy(), 'nothing runs yet');
  const entry = words(image.settings.get('ENTRYPOINT'));
  const gateway: ChildProcess = spawn(...inside([...entry, ...words(image.settings.get('CMD'))]));
  t.after(() => gateway.kill('SIGKILL'));
  const ended = outcome(gateway);
  await until(() => healthy() || gateway.exitCode !== null, 'health', patienceMs);
  assert.ok(readdirSync(join(image.folder, image.settings.get('VOLUME')!)).includes('journal'));
  gateway.kill(image.settings.get('STOPSIGNAL') as NodeJS.Signals);
  const { code, said } = await ended;
  assert.equal(code, 0, said);
  assert.match(said, /is running/);
  assert.ok(!healthy(), 'nothing runs any more');
});

/** A command in the image, as its user, with its environment; of its files only the volume may be written. */
function inside(command: readonly string[]): [string, string[], { env: Record<string, string> }] {
  const [name, args] = commandIn(image, image.settings.get('USER')!, command, image.settings.get('VOLUME'));
  return [name, args, { env: image.environment }];
}
