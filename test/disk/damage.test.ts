/**
 * Damage to every file of a data folder, of a run that was stopped and one that crashed: see damaged.ts. A sample of all
 * cases; all of them, and any number more, by hand: `npm run damage -- --rounds 10 --seed 7`.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { damagesOf, nameOf } from './damage.ts';
import { type Base, copy, faultsOf, makeBases, outcomeOf } from './damaged.ts';
import { compare, type Outlet, type Receiver, randomFrom, startReceiver } from './site.ts';

/** One of so many cases, another one in each of the four data folders. */
const share = 12;
const seed = 20_240_115;

const root = mkdtempSync(join(tmpdir(), 'headgate-damage-'));
let receiver: Receiver;
before(async () => {
  receiver = await startReceiver();
});
after(async () => {
  await receiver.stop();
  rmSync(root, { recursive: true, force: true });
});

async function check(base: Base, number: number): Promise<void> {
  const folder = join(root, 'case');
  const reference = await outcomeOf(base, receiver, undefined, () => {}, folder);
  assert.deepEqual(reference.saidAgain, []);
  assert.ok(reference.points.size > 200 && reference.alerts.size > 3);
  const random = randomFrom(seed);
  const damages = damagesOf(base.folder, random).filter((_, i) => i % share === number);
  assert.ok(damages.length > 15);
  for (const damage of damages) {
    const faults = await faultsOf(damage, base, reference, receiver, random, folder);
    assert.deepEqual(faults, [], nameOf(damage));
  }
}

for (const [i, outlet] of (['influx', 'files'] satisfies Outlet[]).entries()) {
  test(`a gateway comes through damage to its files, points going to ${outlet}`, async () => {
    const bases = await makeBases(root, outlet, receiver);
    for (const [j, base] of bases.entries()) await check(base, (i * 2 + j) % share);
  });
}

test('a gateway comes through files of different days, and folders that are gone', async () => {
  const [crashed, stopped] = (await makeBases(join(root, 'mixed'), 'influx', receiver)) as [Base, Base];
  const [other] = (await makeBases(join(root, 'other'), 'influx', receiver)) as [Base, Base];
  const gone =
    (...names: readonly string[]) =>
    (data: string): void => {
      for (const name of names) rmSync(join(data, name), { recursive: true });
    };
  const from = (base: Base, name: string) => (data: string) => {
    gone(name)(data);
    copy(join(base.folder, name), join(data, name));
  };
  const harms: Record<string, (data: string) => void> = {
    'no journal': gone('journal'),
    'no outbox': gone('outbox'),
    'no points': gone('outbox/points'),
    'no alerts': gone('outbox/alerts'),
    'no checkpoint': gone('checkpoint', 'checkpoint.previous'),
    'a checkpoint of another gateway': from(other, 'checkpoint'),
    'a journal of another gateway': from(other, 'journal'),
    'an older or newer checkpoint': from(stopped, 'checkpoint'),
    'an older or newer journal': from(crashed, 'journal'),
    'an older or newer outbox': from(crashed, 'outbox'),
  };
  const folder = join(root, 'case');
  for (const base of [crashed, stopped]) {
    const reference = await outcomeOf(base, receiver, undefined, () => {}, folder);
    for (const [name, harm] of Object.entries(harms)) {
      const outcome = await outcomeOf(base, receiver, undefined, harm, folder);
      const what = `${name}, of a run that ${base.end}`;
      const isEqual =
        compare(reference.points, outcome.points) === undefined &&
        [...reference.alerts].every((message) => outcome.alerts.has(message));
      assert.ok(isEqual || outcome.said.some(({ level }) => level === 'error'), `nothing is said: ${what}`);
      assert.deepEqual(outcome.saidAgain, [], what);
    }
  }
});
