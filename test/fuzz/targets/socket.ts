/** The gateway's local socket: whatever comes, each line is answered by one line of JSON, and the next asker is served. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Claim, claimDataFolder } from '../../../src/cli/status-socket.ts';
import { GatewayError } from '../../../src/core/errors.ts';
import { mutated } from '../mutate.ts';
import type { Target } from '../target.ts';

const seeds = [
  '{"command":"ping"}\n',
  '{"command":"echo","args":{"a":[1,2]}}\n{"command":"fail"}\n',
  '{"command":"__proto__","args":{"__proto__":{"x":1}}}\n',
  '[]\nnull\n"x"\n',
].map((line) => Buffer.from(line));

let claimed: Promise<{ readonly folder: string; readonly claim: Claim }> | undefined;

/** One gateway for all inputs. */
async function opened() {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-fuzz-'));
  const claim = await claimDataFolder(folder);
  claim.answer({
    echo: (args) => args,
    fail: () => {
      throw new GatewayError('refused', { remedy: 'ask for something else' });
    },
  });
  return { folder, claim };
}

export async function closeSocket(): Promise<void> {
  const { folder, claim } = (await claimed) ?? {};
  await claim?.release();
  if (folder !== undefined) rmSync(folder, { recursive: true });
}

async function answersTo(path: string, input: Buffer): Promise<string> {
  const socket = connect(path);
  socket.on('error', () => {});
  socket.end(input);
  return text(socket).catch(() => '');
}

export const socket: Target = {
  make: (random) => mutated(random, seeds, ['\n', '{', '"command":', '"args":', '"toString"', 'constructor']),
  async check(input) {
    claimed ??= opened();
    const path = join((await claimed).folder, 'headgate.sock');
    const lines = (await answersTo(path, input)).split('\n').slice(0, -1);
    assert.ok(lines.length <= input.toString().split('\n').length - 1);
    for (const line of lines) assert.equal(typeof (JSON.parse(line) as { ok: unknown }).ok, 'boolean');
    assert.match(await answersTo(path, Buffer.from('{"command":"echo"}\n')), /"ok":true/);
  },
};
