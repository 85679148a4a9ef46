/** The small bounds that sources share, on a clock of the test. */

import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { createInFlight } from './in-flight.ts';
import { limitLog } from './limit-log.ts';
import { createSlowGuard, widen } from './slow-subscriber.ts';
import { maxTopicLevels, topicProblem } from './topic.ts';

describe('frames in flight', () => {
  test('are bounded by number and by bytes; who waits goes on in order', () => {
    const inFlight = createInFlight(2, 100);
    const order: string[] = [];
    inFlight.add(10);
    inFlight.whenRoom(() => order.push('at once'));
    inFlight.add(10);
    inFlight.whenRoom(() => {
      order.push('first');
      inFlight.add(99);
    });
    inFlight.whenRoom(() => order.push('second'));
    assert.deepEqual(order, ['at once']);
    inFlight.remove(10);
    assert.deepEqual(order, ['at once', 'first']);
    inFlight.remove(10);
    assert.deepEqual(order, ['at once', 'first', 'second']);
    assert.equal(inFlight.frames, 1);
  });

  test('drained: at once, when the last is gone, or after the time', async () => {
    const inFlight = createInFlight(2, 100);
    await inFlight.drained(0);
    inFlight.add(1);
    await inFlight.drained(1);
    assert.equal(inFlight.frames, 1);
    const drained = inFlight.drained(60_000);
    inFlight.remove(1);
    await drained;
  });
});

test('a burst in the log: the first line at once, then one in an interval with the count of the rest', () => {
  let nowMs = 0;
  const lines: object[] = [];
  const warn = limitLog(
    (details) => lines.push(details),
    1000,
    () => nowMs,
  );
  for (const n of [1, 2, 3]) warn({ n }, 'x');
  nowMs = 1000;
  warn({ n: 4 }, 'x');
  warn({ n: 5 }, 'x');
  nowMs = 2000;
  warn({ n: 6 }, 'x');
  assert.deepEqual(lines, [{ n: 1 }, { n: 4, alsoHeldBack: 2 }, { n: 6, alsoHeldBack: 1 }]);
});

test('a socket is widened for what is written to it, not for what is read', () => {
  const socket = new Socket();
  const { readableHighWaterMark } = socket;
  widen(socket);
  assert.equal(socket.writableHighWaterMark, 2 << 20);
  assert.equal(socket.readableHighWaterMark, readableHighWaterMark);
});

describe('a slow subscriber', () => {
  function subscriber(qos: number) {
    const conn = { writableLength: 0, destroyed: false, destroy: () => (conn.destroyed = true) };
    return { conn, subscriptions: { t: { qos } } };
  }
  function guard() {
    let nowMs = 0;
    const counters = { slowDropped: 0, slowDisconnected: 0 };
    const mayForward = createSlowGuard(counters, () => nowMs);
    return { counters, mayForward, pass: (ms: number) => (nowMs += ms) };
  }

  test('a burst is not slowness, to be behind for half a second is', () => {
    const { counters, mayForward, pass } = guard();
    const client = subscriber(0);
    client.conn.writableLength = 300 << 10;
    assert.equal(mayForward(client, 0), true);
    pass(400);
    assert.equal(mayForward(client, 0), true);
    client.conn.writableLength = 0;
    assert.equal(mayForward(client, 0), true);
    client.conn.writableLength = 300 << 10;
    pass(400);
    assert.equal(mayForward(client, 0), true);
    pass(501);
    assert.equal(mayForward(client, 0), false);
    assert.deepEqual(counters, { slowDropped: 1, slowDisconnected: 0 });
  });

  test('with more than a megabyte unread it is slow at once', () => {
    const { mayForward } = guard();
    const client = subscriber(0);
    client.conn.writableLength = (1 << 20) + 1;
    assert.equal(mayForward(client, 0), false);
  });

  test('is disconnected only for what it was promised', () => {
    const { counters, mayForward } = guard();
    const [atMostOnce, atLeastOnce] = [subscriber(0), subscriber(1)];
    for (const { conn } of [atMostOnce, atLeastOnce]) conn.writableLength = 2 << 20;
    mayForward(atMostOnce, 1);
    mayForward(atLeastOnce, 0);
    assert.deepEqual([atMostOnce.conn.destroyed, atLeastOnce.conn.destroyed], [false, false]);
    mayForward(atLeastOnce, 1);
    assert.equal(atLeastOnce.conn.destroyed, true);
    assert.deepEqual(counters, { slowDropped: 2, slowDisconnected: 1 });
  });
});

test('topics that cannot be published to', () => {
  for (const topic of ['', '$SYS/x', 'a/#', '+/a', 'a\0', '/'.repeat(maxTopicLevels)]) {
    assert.notEqual(topicProblem(topic), undefined, JSON.stringify(topic));
  }
  for (const topic of ['a', '/', '$share', '/'.repeat(maxTopicLevels - 1), 'Zürich/°C']) {
    assert.equal(topicProblem(topic), undefined, topic);
  }
});
