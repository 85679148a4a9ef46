/** What `headgate init` refuses before it does anything. As a process, and at a terminal: test/init.test.ts. */

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import { GatewayError } from '../../core/errors.ts';
import { UsageError } from '../failure.ts';
import type { InitFlags } from './flags.ts';
import { addressOf } from './flags.ts';
import { initCommand } from './init.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-init-'));
after(() => rmSync(folder, { recursive: true }));
const config = join(folder, 'headgate.yaml');

function run(flags: InitFlags, yes: boolean, input = ''): Promise<number> {
  const stdin = Readable.from(input === '' ? [] : [Buffer.from(input)]) as unknown as NodeJS.ReadStream;
  const silent = { write: () => true };
  return initCommand({
    flags,
    config,
    yes,
    dryRun: false,
    terminal: { stdin, stderr: silent },
    stdout: silent,
  });
}

test('nothing is guessed, nothing contradictory done: the flag is named, nothing written', async () => {
  const url = 'http://127.0.0.1:1';
  const cases: readonly (readonly [InitFlags, boolean, RegExp])[] = [
    [{}, false, /--name NAME, --influx URL or --no-influx/],
    [{ name: 'a' }, false, /not said: --influx URL or --no-influx$/],
    [{ name: 'a', database: 'x' }, false, /--database needs --influx URL/],
    [
      { influx: url, database: 'x', bucket: 'y' },
      false,
      /--database is for InfluxDB 1\.x, --bucket for 2 and 3/,
    ],
    [{ name: 'a', influx: url, tokenFile: 't' }, false, /--token-file needs --bucket NAME/],
    [{ name: 'a', influx: false, org: 'o' }, false, /--org needs --influx URL/],
    [{ influx: 'influx.example' }, true, /this is not a URL/],
    [{ influx: 'http://user:hunter2@influx.example' }, true, /user|password/],
    [{ name: 'a b' }, true, /`a b` cannot be a name/],
    [{ listen: '0.0.0.0:1883' }, true, /listening on `0\.0\.0\.0` lets anybody on the network in/],
    [{ listen: '1.2.3.4:99999' }, true, /no address to listen on/],
    [{ publish: ['#'] }, true, /--publish needs --user NAME/],
    [{ user: 'a/b' }, true, /cannot be the name of a user/],
    [{ user: 'a', publish: ['a/#/b'] }, true, /a\/#\/b: # is not the last level/],
  ];
  for (const [flags, yes, words] of cases) {
    await assert.rejects(run(flags, yes, 'secret'), (error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, words);
      assert.doesNotMatch(`${error.message} ${error.remedy}`, /hunter2/);
      return true;
    });
  }
  await assert.rejects(run({ user: 'a', userPasswordFile: join(folder, 'none') }, true), GatewayError);
  assert.deepEqual(readdirSync(folder), []);
});

test('a file with mistakes of before is not touched', async () => {
  for (const text of ['gateway: [\n', 'gatway: x\n', 'sources: { a: { broker: {} }, b: { broker: {} } }\n']) {
    writeFileSync(config, text);
    await assert.rejects(run({ listen: '1883' }, true), GatewayError);
    assert.equal(readFileSync(config, 'utf8'), text);
  }
  assert.deepEqual(readdirSync(folder), ['headgate.yaml']);
});

test('addresses to listen on', () => {
  const cases: Readonly<Record<string, readonly [string, number]>> = {
    '1884': ['127.0.0.1', 1884],
    '0.0.0.0:1884': ['0.0.0.0', 1884],
    '0.0.0.0': ['0.0.0.0', 1883],
    '[::]:8883': ['::', 8883],
    '[fe80::1]': ['fe80::1', 1883],
    'depot-7.local:1883': ['depot-7.local', 1883],
    localhost: ['localhost', 1883],
  };
  for (const [text, [host, port]] of Object.entries(cases)) assert.deepEqual(addressOf(text), { port, host });
  for (const text of ['', ':', 'a b', '::', '1883:1883:1', '[::]1883'])
    assert.throws(() => addressOf(text), UsageError, text);
});
