/**
 * docs/docker/compose.yaml holds together with what it names: files of the repository, Grafana's data source, the gateway's
 * settings, the passwords asked for; and nothing is open to others. Its schema is looked at by `npm run test:install`.
 */

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { headgateIn } from '../peers/command.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'docs/docker');
const text = readFileSync(join(folder, 'compose.yaml'), 'utf8');

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}
const { services, volumes } = parse(text) as Compose;
const mounts = Object.values(services).flatMap((service) => service.volumes ?? []);

test('every volume and every file it mounts is there', () => {
  for (const mount of mounts) {
    const [source = ''] = mount.split(':');
    if (source.startsWith('.')) assert.ok(existsSync(join(folder, source)), mount);
    else assert.ok(source in volumes, mount);
  }
  assert.ok(existsSync(join(folder, services.headgate!.build!, 'Dockerfile')));
});

test('ports are open to this machine alone', () => {
  for (const { ports = [] } of Object.values(services))
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:/);
});

test('no password has a default: each is asked for, and named in the example of .env', () => {
  const asked = [...text.matchAll(/\$\{([^}]*)\}/g)].map((match) => match[1]!);
  for (const words of asked) assert.match(words, /^\w+:\?/);
  const example = readFileSync(join(folder, '.env.example'), 'utf8');
  const names = [...example.matchAll(/^(\w+)=$/gm)].map((match) => match[1]);
  assert.deepEqual(new Set(names), new Set(asked.map((words) => words.split(':')[0])));
  assert.doesNotMatch(text, /PASSWORD: (?!\$)/);
});

test('images have a version', () => {
  for (const { image, build } of Object.values(services))
    assert.ok(build !== undefined || /:\d+\.\d+/.test(image), image);
});

test('Grafana is told all that its data source asks for, and finds the dashboards', () => {
  const { environment = {}, volumes: mounted = [] } = services.grafana!;
  const provisioning = join(root, 'grafana/provisioning');
  const source = readFileSync(join(provisioning, 'datasources/headgate.yaml'), 'utf8').replace(/^#.*$/gm, '');
  for (const [, name = ''] of source.matchAll(/\$(\w+)/g)) assert.ok(name in environment, name);
  const dashboards = readFileSync(join(provisioning, 'dashboards/headgate.yaml'), 'utf8');
  const [, path = ''] = /^ +path: (\S+)/m.exec(dashboards)!;
  assert.ok(
    mounted.some((mount) => mount.split(':')[1] === path),
    path,
  );
});

test('all three speak of the same server, database and users', () => {
  const gateway = parse(readFileSync(join(folder, 'etc/headgate.yaml'), 'utf8')) as {
    forward: { influx: { url: string; database: string; username: string } };
  };
  const { url, database, username } = gateway.forward.influx;
  const [influx, grafana] = [services.influxdb!.environment!, services.grafana!.environment!];
  assert.ok(new URL(url).hostname in services);
  assert.equal(grafana.INFLUX_URL, url);
  assert.deepEqual([influx.INFLUXDB_DB, grafana.INFLUX_DATABASE], [database, database]);
  assert.equal(influx.INFLUXDB_WRITE_USER, username);
  assert.equal(influx.INFLUXDB_READ_USER, grafana.INFLUX_USER);
  assert.equal(influx.INFLUXDB_READ_USER_PASSWORD, grafana.INFLUX_PASSWORD);
  assert.equal(influx.INFLUXDB_WRITE_USER_PASSWORD, services.headgate!.environment!.INFLUX_PASSWORD);
});

test("the gateway's settings pass headgate check", async () => {
  const home = mkdtempSync(join(tmpdir(), 'headgate-compose-'));
  try {
    const settings = readFileSync(join(folder, 'etc/headgate.yaml'), 'utf8');
    writeFileSync(join(home, 'headgate.yaml'), settings.replaceAll('/etc/headgate-examples', root));
    const env = { INFLUX_PASSWORD: 'secret' };
    const { code, stdout, stderr } = await headgateIn(['check'], { cwd: home, env });
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /fine$/m);
  } finally {
    rmSync(home, { recursive: true });
  }
});
