import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceProfile } from '../config/schema.ts';
import { deviceOf } from '../rules/testing.ts';
import { createUnroutedTopics } from './unrouted.ts';

const profile = (topic: string, source = ''): DeviceProfile => ({
  ...deviceOf(`device: room\ntopic: ${topic}\ncodec: json\nfields: { t: {} }\n`),
  ...(source !== '' && { source }),
});

function hintFor(topic: string, profiles: readonly DeviceProfile[]): string | undefined {
  const topics = createUnroutedTopics();
  topics.note({ source: 'mqtt', topic }, 0);
  return topics.list(profiles)[0]!.hint;
}

test('the last 20 topics, those heard last first, with their frames', () => {
  const topics = createUnroutedTopics();
  for (let i = 0; i < 25; i++) topics.note({ source: 'mqtt', topic: `t/${i}` }, i);
  topics.note({ source: 'mqtt', topic: 't/10' }, 30);
  const list = topics.list([]);
  assert.equal(list.length, 20);
  assert.deepEqual(list[0], { source: 'mqtt', topic: 't/10', frames: 2, lastArrivalMs: 30 });
  assert.deepEqual(list.at(-1)!.topic, 't/5');
});

test('a topic of any length takes little room', () => {
  const topics = createUnroutedTopics();
  topics.note({ source: 'mqtt', topic: 'x'.repeat(60_000) }, 0);
  assert.equal(topics.list([])[0]!.topic.length, 201);
});

test('what the nearest profile wants instead', () => {
  const rooms = profile('site/room/{room}');
  assert.equal(hintFor('site/rom/a', [rooms]), 'device room wants site/room/{room}: `room`, not `rom`');
  assert.equal(hintFor('site/room', [rooms]), 'device room wants site/room/{room}, which has more levels');
  assert.equal(
    hintFor('site/room/a/t', [rooms]),
    'device room wants site/room/{room}, which has fewer levels',
  );
  assert.equal(hintFor('something/else', [rooms]), undefined);
  const plant = profile('site/room/{room}', 'plant');
  assert.equal(hintFor('site/room/a', [plant]), 'device room wants it from source plant');
});

test('after an edit, topics that are wanted now are gone', () => {
  const before = createUnroutedTopics();
  before.note({ source: 'mqtt', topic: 'a' }, 1);
  before.note({ source: 'mqtt', topic: 'b' }, 2);
  const after = createUnroutedTopics();
  after.takeOver(before, ({ topic }) => topic === 'a');
  assert.deepEqual(
    after.list([]).map(({ topic }) => topic),
    ['b'],
  );
});
