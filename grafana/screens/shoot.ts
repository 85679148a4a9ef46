/**
 * A picture of a dashboard: its page, drawn by a headless Chromium, as a PNG with a small palette.
 *
 * Not here: what is drawn (page/), where the answers come from.
 */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Scene } from './page/scene.ts';

const execute = promisify(execFile);
const pageFolder = join(import.meta.dirname, 'page');
const uplotFolder = join(import.meta.dirname, '../../node_modules/uplot/dist');
const width = 1440;

const types: Readonly<Record<string, string>> = {
  html: 'text/html',
  css: 'text/css',
  js: 'text/javascript',
  ts: 'text/javascript',
};

/** Runs a program of the system; gives what it writes. */
async function run(program: string, args: readonly string[]): Promise<string> {
  try {
    return (await execute(program, args, { maxBuffer: 64e6 })).stdout;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error(`${program} is not installed: apt-get install chromium pngquant`);
  }
}

/** Writes the picture. */
export async function shoot(scene: Scene, path: string): Promise<void> {
  const server = createServer(async (request, response) => {
    const name = request.url === '/' ? 'index.html' : request.url!.slice(1);
    if (name === 'scene.json') return void response.end(JSON.stringify(scene));
    const found = await fileOf(name).catch(() => undefined);
    if (found === undefined) return void response.writeHead(404).end();
    response
      .writeHead(200, { 'content-type': `${types[name.split('.').at(-1)!]}; charset=utf-8` })
      .end(found);
  });
  server.listen(0, '127.0.0.1');
  const profile = await mkdtemp(join(tmpdir(), 'headgate-screens-'));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const chromium = [
      ...[
        '--headless=new',
        '--no-sandbox',
        '--disable-gpu',
        '--hide-scrollbars',
        '--force-device-scale-factor=1',
      ],
      ...[`--user-data-dir=${profile}`, '--virtual-time-budget=15000'],
    ];
    const drawn = await run('chromium', [...chromium, '--dump-dom', url]);
    const height = /<title>ready (\d+)</.exec(drawn)?.[1];
    if (height === undefined) throw new Error(`${path}: the page did not draw\n${drawn.slice(0, 2000)}`);
    await run('chromium', [...chromium, `--window-size=${width},${height}`, `--screenshot=${path}`, url]);
    await run('pngquant', ['--force', '--speed', '1', '--strip', '--output', path, '64', path]);
  } finally {
    server.close();
    await rm(profile, { recursive: true, force: true });
  }
}

async function fileOf(name: string): Promise<string> {
  if (name.toLowerCase().startsWith('uplot')) return readFile(join(uplotFolder, name), 'utf8');
  const text = await readFile(join(pageFolder, name), 'utf8');
  return name.endsWith('.ts') ? stripTypeScriptTypes(text) : text;
}
