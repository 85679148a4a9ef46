import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Aedes } from 'aedes';
import { type DurableHandshakes, keepHandshakes } from './handshakes.ts';
import { keepRetained, type RetainedLimits } from './retained.ts';
import { boundQueues, defaultSessionLimits, type Persistence, type StoredPacket } from './sessions.ts';

/** The broker's real persistence, bounded. */
async function bounded(limits: Partial<typeof defaultSessionLimits & RetainedLimits> = {}) {
  const broker = await Aedes.createBroker({});
  broker.close();
  const persistence = (broker as unknown as { persistence: Persistence }).persistence;
  const counters = { queueDropped: 0, retainedRefused: 0, handshakesForgotten: 0 };
  boundQueues(persistence, counters, { ...defaultSessionLimits, ...limits });
  keepRetained(persistence, counters, { messages: 10_000, bytes: 1 << 20, ...limits });
  return { persistence, counters };
}

async function all(stream: AsyncIterable<StoredPacket>): Promise<StoredPacket[]> {
  const packets: StoredPacket[] = [];
  for await (const packet of stream) packets.push(packet);
  return packets;
}
const queueOf = (persistence: Persistence, id: string) => all(persistence.outgoingStream({ id }));
const retained = (persistence: Persistence) => all(persistence.createRetainedStreamCombi(['#']));
const packet = (messageId: number, size = 1, topic = 't') => ({
  cmd: 'publish',
  topic,
  messageId,
  payload: Buffer.alloc(size, 'x'),
});

describe('messages queued for a session', () => {
  test('are bounded in number, each session by itself, and make room when taken', async () => {
    const { persistence, counters } = await bounded({ queuedMessages: 2 });
    const [a, b] = [{ clientId: 'a' }, { clientId: 'b' }];
    for (let id = 1; id <= 3; id++) await persistence.outgoingEnqueueCombi([a], packet(id));
    await persistence.outgoingEnqueueCombi([a, b], packet(4));
    assert.equal((await queueOf(persistence, 'a')).length, 2);
    assert.equal((await queueOf(persistence, 'b')).length, 1);
    assert.equal(counters.queueDropped, 2);
    await persistence.outgoingClearMessageId({ id: 'a' }, { messageId: undefined! });
    await persistence.outgoingEnqueueCombi([a], packet(5));
    assert.equal((await queueOf(persistence, 'a')).length, 2);
    assert.equal(counters.queueDropped, 2);
  });

  test('are bounded in bytes over all sessions', async () => {
    const { persistence, counters } = await bounded({ queuedBytes: 2000 });
    const subscriptions = ['a', 'b', 'c'].map((clientId) => ({ clientId }));
    await persistence.outgoingEnqueueCombi(subscriptions, packet(1, 400));
    assert.equal(counters.queueDropped, 1);
    await persistence.outgoingClearMessageId({ id: 'a' }, { messageId: undefined! });
    await persistence.outgoingEnqueueCombi(subscriptions.slice(2), packet(1, 400));
    assert.equal((await queueOf(persistence, 'c')).length, 1);
  });
});

test('empty messages queued for a session are bounded, too', async () => {
  const { persistence, counters } = await bounded({ queuedBytes: 10_000 });
  for (let id = 0; id < 100; id++) await persistence.outgoingEnqueueCombi([{ clientId: 'a' }], packet(id, 0));
  assert.ok((await queueOf(persistence, 'a')).length < 40);
  assert.ok(counters.queueDropped > 60);
});

describe('retained messages', () => {
  test('are bounded in number; one already there is replaced, and an empty one makes room', async () => {
    const { persistence, counters } = await bounded({ messages: 2 });
    for (const topic of ['a', 'b', 'c']) await persistence.storeRetained(packet(1, 1, topic));
    await persistence.storeRetained(packet(1, 5, 'a'));
    assert.deepEqual(
      (await retained(persistence)).map(({ topic, payload }) => [topic, payload!.length]),
      [
        ['a', 5],
        ['b', 1],
      ],
    );
    assert.equal(counters.retainedRefused, 1);
    await persistence.storeRetained(packet(1, 0, 'a'));
    await persistence.storeRetained(packet(1, 1, 'c'));
    assert.deepEqual(
      (await retained(persistence)).map(({ topic }) => topic),
      ['b', 'c'],
    );
  });

  test('are bounded in bytes', async () => {
    const { persistence, counters } = await bounded({ bytes: 100 });
    await persistence.storeRetained(packet(1, 60, 'a'));
    await persistence.storeRetained(packet(1, 60, 'b'));
    await persistence.storeRetained(packet(1, 90, 'a'));
    assert.deepEqual(
      (await retained(persistence)).map(({ payload }) => payload!.length),
      [90],
    );
    assert.equal(counters.retainedRefused, 1);
  });

  test('do not keep alive the chunk their payload is a slice of', async () => {
    const { persistence } = await bounded();
    const chunk = Buffer.alloc(1 << 20);
    await persistence.storeRetained({
      cmd: 'publish',
      topic: 'a',
      messageId: 1,
      payload: chunk.subarray(0, 20),
    });
    const [kept] = await retained(persistence);
    assert.ok((kept!.payload as Buffer).buffer.byteLength < chunk.length);
  });
});

const notDurable: DurableHandshakes = { open: [], end: (_, done) => done() };

describe('half-open QoS 2 handshakes', () => {
  const taken = (done: (error?: Error) => void) => done();
  async function inboxWith(perSession: number, everything: number) {
    const { persistence, counters } = await bounded();
    const inbox = keepHandshakes(persistence, counters, notDurable, { perSession, all: everything });
    let journaled = 0;
    const errors: string[] = [];
    const receive = (id: string, messageId: number, dup = false) =>
      inbox.receive(
        id,
        { messageId, dup },
        (done) => {
          journaled += 1;
          taken(done);
        },
        (error) => error && errors.push(error.message),
      );
    return { persistence, counters, receive, journaled: () => journaled, errors };
  }

  test('of one session beyond the bound are refused', async () => {
    const { receive, errors, journaled, persistence } = await inboxWith(2, 100);
    for (let id = 1; id <= 3; id++) receive('a', id);
    assert.deepEqual(errors, ['more than 2 QoS 2 publishes await their PUBREL']);
    await persistence.incomingDelPacket({ id: 'a' }, packet(1));
    receive('a', 4);
    assert.equal(journaled(), 3);
  });

  test('of all sessions beyond the bound: the one longest without a new one is forgotten, and counted', async () => {
    const { receive, counters, journaled } = await inboxWith(10, 3);
    receive('old', 1);
    receive('busy', 1);
    receive('old', 2);
    receive('new', 1);
    assert.equal(counters.handshakesForgotten, 1);
    receive('old', 1, true);
    receive('new', 1, true);
    assert.equal(journaled(), 4);
    receive('busy', 1, true);
    assert.equal(journaled(), 5);
  });

  test('end with a clean session', async () => {
    const { receive, persistence, journaled } = await inboxWith(10, 100);
    receive('a', 1);
    await persistence.cleanIncoming({ id: 'a' });
    receive('a', 1, true);
    assert.equal(journaled(), 2);
  });
});
