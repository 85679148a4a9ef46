import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../core/log.ts';
import { createSimulatedDisk } from '../log/simulated-disk.ts';
import { countMissing, isForeign } from './fit.ts';
import { type Journal, openJournal, type Position } from './journal.ts';

/** A journal of so many blocks of one frame; the clock starts where told. */
async function journalOf(blocks: number, startMs: number): Promise<Journal> {
  const clock = {
    ms: startMs,
    now: () => clock.ms,
    waitMs: () => 0,
    offsetMs: () => 0,
    isPlausible: () => true,
  };
  const options = { disk: createSimulatedDisk(), clock, budgetBytes: 1 << 20, logger: silentLogger };
  const journal = await openJournal('/journal', options);
  for (let i = 0; i < blocks; i++) {
    clock.ms += 10;
    await new Promise((stored) => journal.append('s', 't', Buffer.from('x'), 'durable', stored));
  }
  return journal;
}

/** Behind so many blocks. */
async function positionIn(journal: Journal, blocks: number): Promise<Position> {
  const reader = journal.follow({ sequence: 0, frame: 0 });
  const untilMs = (await journal.firstArrivalMs(blocks - 1))! + 1;
  for await (const _ of reader.read(untilMs));
  assert.equal(reader.position.sequence, blocks);
  return reader.position;
}

test('a position is known to be of its journal, or of another', async () => {
  const [own, other] = await Promise.all([journalOf(5, 1000), journalOf(5, 2000)]);
  const position = await positionIn(own, 3);
  assert.equal(await isForeign(own, position), false);
  assert.equal(await isForeign(other, position), true);
  assert.equal(await isForeign(await journalOf(2, 2000), position), false, 'it cannot be told');
});

test('what a journal lacks is counted, and no number given twice', async () => {
  const position = await positionIn(await journalOf(5, 1000), 4);
  const empty = await journalOf(0, 1000);
  countMissing(empty, position, silentLogger);
  assert.equal(empty.losses.lostRecords, 4);
  assert.equal(empty.end.sequence, 4);
  const whole = await journalOf(5, 1000);
  countMissing(whole, position, silentLogger);
  assert.equal(whole.losses.lostRecords, 0);
});
