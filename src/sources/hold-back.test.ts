import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectWire, publishPacket, type Wire } from '../../test/peers/mqtt-wire.ts';
import { until } from '../../test/peers/until.ts';
import { createPressure } from '../core/pressure.ts';
import type { Ingest } from '../core/types.ts';
import { holdBack } from './hold-back.ts';
import { startBroker } from './mqtt-broker.ts';
import { createContext, createRecorder } from './source.contract.ts';

/** A journal that takes everything at once, or refuses it. */
function createJournal() {
  const taken: string[] = [];
  let refusal: Error | undefined;
  const ingest: Ingest = (_source, _topic, payload, _when, acknowledge) => {
    if (refusal === undefined) taken.push(Buffer.from(payload).toString());
    acknowledge(refusal);
  };
  return { ingest, taken, refuse: () => (refusal = new Error('full')) };
}

test('block: everything is journalled at once, answers wait for their turn, in order', () => {
  const { ingest, taken } = createJournal();
  const pressure = createPressure();
  const gate = holdBack(ingest, pressure, 'block');
  const answered: string[] = [];
  const send = (text: string, when: 'durable' | 'accepted') =>
    gate.ingest('s', 't', Buffer.from(text), when, () => answered.push(text));
  send('a', 'durable');
  pressure.hold();
  send('b', 'accepted');
  send('c', 'durable');
  send('d', 'accepted');
  assert.deepEqual([taken, answered], [['a', 'b', 'c', 'd'], ['a']]);
  pressure.letPass(2);
  assert.deepEqual(answered, ['a', 'b', 'c']);
  pressure.ease();
  assert.deepEqual(answered, ['a', 'b', 'c', 'd']);
  assert.deepEqual(gate.counters, { heldBack: 3, shed: 0, queued: 0 });
});

test('the handshake of a QoS 2 publish comes to the journal with it, held back or not', () => {
  const seen: unknown[] = [];
  const pressure = createPressure();
  const { ingest } = holdBack((...frame) => seen.push(frame[5]), pressure, 'shed');
  const handshake = { client: 'c', messageId: 7 };
  ingest('s', 't', Buffer.from('a'), 'durable', () => {}, handshake);
  pressure.hold();
  ingest('s', 't', Buffer.from('b'), 'durable', () => {}, handshake);
  assert.deepEqual(seen, [handshake, handshake]);
});

test('shed: what nobody waits for is answered at once; the oldest are dropped, the newest come to the journal', () => {
  const { ingest, taken } = createJournal();
  const pressure = createPressure();
  const gate = holdBack(ingest, pressure, 'shed');
  let answered = 0;
  pressure.hold();
  for (let i = 0; i < 5000; i++) gate.ingest('s', 't', Buffer.from(String(i)), 'accepted', () => answered++);
  assert.deepEqual([taken.length, answered], [0, 5000]);
  assert.deepEqual(gate.counters, { heldBack: 5000, shed: 4000, queued: 1000 });
  assert.equal(pressure.waiting, 1000);
  pressure.letPass(1);
  assert.deepEqual(taken, ['4000']);
  pressure.ease();
  assert.deepEqual(
    taken,
    Array.from({ length: 1000 }, (_, i) => String(4000 + i)),
  );
  assert.deepEqual(gate.counters, { heldBack: 5000, shed: 4000, queued: 0 });
});

test('shed: what is to be durable is never dropped', () => {
  const { ingest, taken } = createJournal();
  const pressure = createPressure();
  const gate = holdBack(ingest, pressure, 'shed');
  let answered = 0;
  pressure.hold();
  for (let i = 0; i < 5000; i++) gate.ingest('s', 't', Buffer.from(String(i)), 'durable', () => answered++);
  assert.deepEqual([taken.length, answered], [5000, 0]);
  assert.equal(gate.counters.shed, 0);
});

test('shed: bytes are bounded as well, and turns by what waits, whatever the sizes', () => {
  const { ingest, taken } = createJournal();
  const pressure = createPressure();
  const gate = holdBack(ingest, pressure, 'shed');
  pressure.hold();
  const sizes = Array.from({ length: 20_000 }, (_, i) => (i % 900 === 0 ? 1 << 20 : 1000));
  for (const size of sizes) gate.ingest('s', 't', Buffer.alloc(size), 'accepted', () => {});
  assert.ok(pressure.waiting <= 1048, `${pressure.waiting} turns`);
  const { queued, shed } = gate.counters;
  assert.equal(shed + queued, sizes.length);
  pressure.ease();
  assert.equal(taken.length, queued);
  assert.ok(taken.reduce((sum, text) => sum + text.length, 0) <= 1 << 20);
});

test('shed: what the journal refuses in the end is counted as dropped', () => {
  const { ingest, refuse } = createJournal();
  const pressure = createPressure();
  const gate = holdBack(ingest, pressure, 'shed');
  pressure.hold();
  gate.ingest('s', 't', Buffer.from('a'), 'accepted', () => {});
  refuse();
  pressure.ease();
  assert.equal(gate.counters.shed, 1);
});

test("the broker's clients take turns, however much one of them has sent", async (t) => {
  const pressure = createPressure();
  const recorder = createRecorder();
  const { ingest } = holdBack(recorder.ingest, pressure, 'block');
  const { context, stop } = createContext(recorder, { ingest });
  const { ports, closed } = await startBroker(
    { listen: [{ host: '127.0.0.1', port: 0 }], allowAnonymous: false },
    context,
  );
  t.after(async () => {
    for (const wire of wires) wire.destroy();
    stop();
    await closed;
  });
  const wires: Wire[] = [];
  const flood = await connectWire(ports![0]!, { clientId: 'flood' });
  const device = await connectWire(ports![0]!, { clientId: 'device' });
  wires.push(flood, device);
  pressure.hold();
  flood.send(...Array.from({ length: 900 }, (_, i) => publishPacket('f', '', { qos: 1, messageId: i + 1 })));
  await until(() => pressure.waiting === 900, 'the flood waits');
  device.send(publishPacket('d', '', { qos: 1, messageId: 1 }));
  await until(() => pressure.waiting === 901, 'the device waits');
  pressure.letPass(2);
  await device.first('puback');
  await flood.first('puback');
  assert.equal(pressure.waiting, 899);
  pressure.ease();
  await until(() => flood.all('puback').length === 900, 'all are answered');
});
