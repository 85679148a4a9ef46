/** Half-open handshakes over crashes: known if and only if the message is in the journal and its end is not. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '../core/clock.ts';
import { silentLogger } from '../core/log.ts';
import type { Handshake } from '../core/types.ts';
import type { Disk } from '../log/files.ts';
import { createSimulatedDisk, failure } from '../log/simulated-disk.ts';
import { type Journal, openJournal, type Position, type SavedHandshakes } from './journal.ts';

const start: Position = { sequence: 0, frame: 0 };
const clock: Clock = {
  ...{ now: () => 1_768_000_000_000, waitMs: () => 0, offsetMs: () => 0, isPlausible: () => true },
};
const turns = async (count = 20): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
};

interface Checkpoint {
  readonly saved: SavedHandshakes;
  readonly from: Position;
}

async function open(disk: Disk, { saved, from }: Checkpoint = { saved: [], from: start }): Promise<Journal> {
  const journal = await openJournal('/journal', {
    ...{ clock, disk, budgetBytes: 1 << 22, blockBytes: 300, logger: silentLogger },
  });
  await journal.recoverHandshakes(saved, from);
  return journal;
}

function begin(journal: Journal, handshake: Handshake, payload = 'x'): Promise<Error | undefined> {
  return new Promise((resolve) => {
    journal.append('mqtt', 't', Buffer.from(payload), 'durable', resolve, handshake);
  });
}

const end = (journal: Journal, handshake: Handshake): Promise<Error | undefined> =>
  new Promise((resolve) => journal.handshakes.end('mqtt', handshake, resolve));

async function framesOf(journal: Journal): Promise<string[]> {
  const frames: string[] = [];
  for await (const span of journal.read(start, Number.POSITIVE_INFINITY)) {
    span.visit((route, buffer, from, to) => {
      frames.push(`${span.routes[route]!.source} ${buffer.toString('utf8', from, to)}`);
    });
  }
  return frames;
}

const known = (journal: Journal): string[] =>
  journal.handshakes
    .of('mqtt')
    .map(({ client, messageId }) => `${client} ${messageId}`)
    .sort();

test('notes are no frames: they are not read, not counted, and an end alone is a block', async () => {
  const disk = createSimulatedDisk();
  const journal = await open(disk);
  const [one, two] = [
    { client: 'm\n"1"', messageId: 1 },
    { client: '', messageId: 65_535 },
  ];
  assert.deepEqual(await Promise.all([begin(journal, one, 'a'), begin(journal, two, 'b')]), [
    undefined,
    undefined,
  ]);
  assert.equal(await end(journal, one), undefined);
  assert.equal(await end(journal, one), undefined);
  assert.equal(journal.stats.frames, 2);
  assert.deepEqual(await framesOf(journal), ['mqtt a', 'mqtt b']);
  assert.deepEqual(journal.handshakes.of('plant'), []);
  await journal.close();
  const again = await open(disk);
  assert.deepEqual(known(again), [' 65535']);
  assert.deepEqual(await framesOf(again), ['mqtt a', 'mqtt b']);
});

test('an id that begins anew before its end is on disk is open', async () => {
  const disk = createSimulatedDisk();
  const journal = await open(disk);
  const handshake = { client: 'm', messageId: 1 };
  await begin(journal, handshake);
  await Promise.all([end(journal, handshake), begin(journal, handshake)]);
  assert.deepEqual(known(journal), ['m 1']);
  await journal.close();
  assert.deepEqual(known(await open(disk)), ['m 1']);
});

test('what cannot be stored neither begins nor ends', async () => {
  const disk = createSimulatedDisk();
  const journal = await open(disk);
  const handshake = { client: 'm', messageId: 1 };
  await begin(journal, handshake);
  disk.before = (step) => {
    if (step === 'write') throw failure('EIO');
  };
  assert.match(String(await end(journal, handshake)), /EIO/);
  assert.match(String(await begin(journal, { client: 'm', messageId: 2 })), /EIO/);
  assert.equal(journal.stats.refusedFrames, 1);
  disk.before = () => {};
  assert.deepEqual(known(journal), ['m 1']);
  let isOver = false;
  journal.handshakes.end('mqtt', { client: 'm', messageId: 2 }, () => {
    isOver = true;
  });
  assert.ok(isOver, 'there is nothing to end');
  await journal.close();
  assert.deepEqual(known(await open(disk)), ['m 1']);
});

const steps = fc.array(
  fc.record({
    what: fc.constantFrom('begin', 'begin', 'begin', 'end', 'end', 'checkpoint', 'wait', 'power cut'),
    id: fc.nat(4),
  }),
  { maxLength: 60 },
);

test('after a power cut every message that was answered is known, and none whose end was', async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      async (all, cut) => {
        const disk = createSimulatedDisk();
        let checkpoint: Checkpoint = { saved: [], from: start };
        let journal = await open(disk.attach(), checkpoint);
        /** What the sender knows of each id: its message was answered, its end was, or neither of what it asked for last. */
        const sender = new Map<number, 'answered' | 'ended' | 'unsure'>();
        const latest = new Map<number, string>();
        let begun = 0;
        for (const { what, id } of all) {
          const handshake = { client: 'm', messageId: id };
          if (what === 'begin' && sender.get(id) !== 'answered' && sender.get(id) !== 'unsure') {
            sender.set(id, 'unsure');
            latest.set(id, `${begun++}`);
            void begin(journal, handshake, latest.get(id)).then(
              (error) => error || sender.set(id, 'answered'),
            );
          } else if (what === 'end' && sender.get(id) === 'answered') {
            sender.set(id, 'unsure');
            void end(journal, handshake).then((error) => error || sender.set(id, 'ended'));
          } else if (what === 'wait') {
            await turns();
          } else if (what === 'checkpoint') {
            checkpoint = { saved: structuredClone(journal.saveHandshakes()), from: journal.end };
          } else if (what === 'power cut') {
            disk.crash(() => cut.next().value);
            journal = await open(disk.attach(), checkpoint);
            const found = new Set(known(journal));
            const frames = new Set(await framesOf(journal));
            for (const [name, state] of sender) {
              // Else the message would be taken for a copy of one that nobody has.
              if (found.has(`m ${name}`)) assert.ok(frames.has(`mqtt ${latest.get(name)}`), `${name}`);
              if (state !== 'unsure') assert.equal(found.has(`m ${name}`), state === 'answered', `${name}`);
              else sender.set(name, found.has(`m ${name}`) ? 'answered' : 'ended');
            }
          }
        }
      },
    ),
    { numRuns: 150 },
  );
});
