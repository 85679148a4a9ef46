import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { until } from '../../test/peers/until.ts';
import { hashPassword } from '../core/password-hash.ts';
import { createLoginQueue, type LoginQueueOptions } from './login-queue.ts';

let hash: string;
before(async () => {
  hash = await hashPassword(Buffer.from('right'));
});

interface Asked {
  readonly password: string;
  readonly address?: string;
  /** Null: there is no such user. */
  readonly stored?: string | null;
  readonly isGone?: () => boolean;
}

/** A queue on a clock of its own, with what it answered in order. */
function rig(options: Partial<LoginQueueOptions> = {}) {
  let now = 0;
  const queue = createLoginQueue({ concurrent: 1, penaltyMs: 0, nowMs: () => now, ...options });
  const results: string[] = [];
  function ask({ password, address = 'a', stored = hash, isGone = () => false }: Asked): void {
    const done = (result: string): void => void results.push(`${address} ${result}`);
    queue.check({ hash: stored ?? undefined, password: Buffer.from(password), address, isGone, done });
  }
  const settled = (count: number): Promise<void> =>
    until(() => results.length === count, `${count} answers, so far ${results.join()}`);
  return { queue, results, ask, settled, pass: (ms: number) => (now += ms) };
}

test('right, wrong, and of nobody', async () => {
  const { ask, results, settled } = rig();
  for (const asked of [
    { password: 'right' },
    { password: 'wrong' },
    { password: 'right', stored: null },
    { password: '' },
    { password: `right${'\0'.repeat(2000)}` },
  ]) {
    const before = results.length;
    ask(asked);
    await settled(before + 1);
  }
  assert.deepEqual(results, ['a right', 'a wrong', 'a wrong', 'a wrong', 'a wrong']);
});

test('a thousand that ask the same at once are answered by one check; then it is known, but not for another hash', async () => {
  const { ask, results, settled, pass } = rig({ waiting: 5000, waitingOfAddress: 5000, penaltyMs: 1 << 30 });
  for (let i = 0; i < 1000; i++) ask({ password: 'right' });
  await settled(1000);
  assert.ok(results.every((result) => result === 'a right'));
  ask({ password: 'wrong', address: 'b' });
  await settled(1001);
  ask({ password: 'right', address: 'b' });
  await settled(1002);
  assert.equal(results.at(-1), 'b right', 'known: it does not wait for its address');
  pass(1 << 30);
  ask({ password: 'right', stored: await hashPassword(Buffer.from('other')) });
  await settled(1003);
  assert.equal(results.at(-1), 'a wrong');
});

test('after wrong ones an address waits, the others do not, and a known password neither', async () => {
  const { ask, results, settled, pass } = rig({ penaltyMs: 1000 });
  ask({ password: 'right' });
  await settled(1);
  ask({ password: 'wrong' });
  await settled(2);
  ask({ password: 'guess' });
  ask({ password: 'right' });
  ask({ password: 'wrong', address: 'b' });
  await settled(4);
  assert.deepEqual(results.slice(2), ['a right', 'b wrong']);
  pass(1000);
  ask({ password: 'wrong', address: 'c' });
  await settled(6);
  assert.deepEqual(results.slice(4).toSorted(), ['a wrong', 'c wrong']);
  pass(1000);
  ask({ password: 'guess again' });
  ask({ password: 'wrong', address: 'd' });
  await settled(7);
  assert.equal(results.at(-1), 'd wrong', 'the second time it waits twice as long');
});

test('addresses take turns', async () => {
  const { ask, results, settled } = rig();
  for (let i = 0; i < 4; i++) ask({ password: `a${i}` });
  ask({ password: 'b0', address: 'b' });
  ask({ password: 'c0', address: 'c' });
  await settled(6);
  assert.deepEqual(
    results.map((result) => result[0]),
    ['a', 'a', 'b', 'c', 'a', 'a'],
  );
});

test('no more wait than may; who waits too long or has gone is not checked', async () => {
  const { ask, results, settled, pass, queue } = rig({ waiting: 3, waitingOfAddress: 2, patienceMs: 5000 });
  let isGone = false;
  ask({ password: 'first' });
  ask({ password: 'x', isGone: () => isGone });
  ask({ password: 'y' });
  ask({ password: 'one too many of this address' });
  ask({ password: 'z', address: 'b' });
  ask({ password: 'one too many of all', address: 'c' });
  isGone = true;
  await settled(6);
  assert.deepEqual(results.slice(0, 2), ['a busy', 'c busy']);
  assert.equal(results.filter((result) => result === 'a wrong').length, 2);
  assert.equal(results.filter((result) => result === 'a busy').length, 2);
  ask({ password: '1', address: 'd' });
  ask({ password: '2', address: 'd' });
  pass(6000);
  await settled(8);
  assert.deepEqual(results.slice(6), ['d wrong', 'd busy']);
  ask({ password: '3', address: 'e' });
  ask({ password: '4', address: 'e' });
  queue.stop();
  ask({ password: '5', address: 'e' });
  await settled(11);
  assert.equal(results.slice(8).filter((result) => result === 'e busy').length, 2);
});
