/** Users of the broker and what they may do, packet by packet. */

import assert from 'node:assert/strict';
import { before, describe, type TestContext, test } from 'node:test';
import type { IConnectPacket } from 'mqtt-packet';
import { mosquittoPub, mosquittoSub } from '../../test/peers/mosquitto.ts';
import { connectPacket, openWire, publishPacket, type Wire } from '../../test/peers/mqtt-wire.ts';
import { until } from '../../test/peers/until.ts';
import type { BrokerConfig } from '../config/schema.ts';
import type { UserConfig } from '../config/users-schema.ts';
import { hashPassword } from '../core/password-hash.ts';
import { startBroker } from './mqtt-broker.ts';
import { createContext, createRecorder } from './source.contract.ts';

let users: UserConfig[];
before(async () => {
  const password = await hashPassword(Buffer.from('secret'));
  users = [
    { name: 'fleet', password, publish: ['bus/{client}/#'], subscribe: ['alerts/#', 'bus/{client}/#'] },
    { name: 'desk', password: await hashPassword(Buffer.from('desk')), publish: [], subscribe: ['#'] },
    { name: 'ops', password, publish: ['#'], subscribe: ['$SYS/#', 'bus/#'] },
  ];
});

async function brokerOf(t: TestContext, config: Partial<BrokerConfig> = {}) {
  const recorder = createRecorder();
  const warnings: string[] = [];
  const logger = {
    ...createContext(recorder).context.logger,
    warn: (details: object, message: string) => void warnings.push(`${message} ${JSON.stringify(details)}`),
  };
  const { context, stop } = createContext(recorder, { users, logger });
  const source = await startBroker(
    { listen: [{ port: 0, host: '127.0.0.1' }], users: 'users.yaml', allowAnonymous: false, ...config },
    context,
  );
  t.after(() => {
    stop();
    return source.closed;
  });
  const port = source.ports![0]!;
  const counters = () => source.status().counters;
  async function connect(options: Partial<IConnectPacket>): Promise<Wire> {
    const wire = await openWire(port);
    wire.send(connectPacket(options));
    await wire.first('connack');
    return wire;
  }
  /** What CONNECT is answered with. */
  async function answer(options: Partial<IConnectPacket>): Promise<number> {
    const wire = await connect(options);
    const { returnCode } = await wire.first('connack');
    if (returnCode !== 0) await until(() => wire.closed, 'the connection ends');
    else wire.destroy();
    return returnCode!;
  }
  const as = (
    username: string,
    password: string,
    clientId = username,
    more: Partial<IConnectPacket> = {},
  ) => ({
    ...{ username, password: Buffer.from(password), clientId, ...more },
  });
  return { source, port, recorder, counters, connect, answer, as, warnings };
}

async function granted(wire: Wire, ...topics: string[]): Promise<unknown> {
  const before = wire.all('suback').length;
  wire.send({
    cmd: 'subscribe',
    messageId: before + 1,
    subscriptions: topics.map((topic) => ({ topic, qos: 1 as const })),
  });
  await until(() => wire.all('suback').length > before, 'suback');
  return wire.all('suback').at(-1)!.granted;
}

describe('CONNACK', () => {
  test('0 with the right password; 4 with a wrong one, none, or for a user there is not; 5 without a user', async (t) => {
    const { answer, as, counters } = await brokerOf(t);
    assert.equal(await answer(as('fleet', 'secret')), 0);
    assert.equal(await answer(as('fleet', 'desk')), 4);
    assert.equal(await answer({ username: 'desk' }), 4);
    assert.equal(await answer(as('nobody', 'secret')), 4);
    assert.equal(await answer(as('constructor', 'secret')), 4);
    assert.equal(await answer({}), 5);
    assert.equal(counters().loginsRefused, 5);
  });

  test('0 without a user where that is written down', async (t) => {
    const { answer, as } = await brokerOf(t, { allowAnonymous: true });
    assert.equal(await answer({}), 0);
    assert.equal(await answer(as('fleet', 'wrong')), 4);
  });

  test('5 for a will to a topic that is not permitted', async (t) => {
    const { answer, as, recorder, connect } = await brokerOf(t);
    const will = (topic: string) => ({ topic, payload: Buffer.from('x'), qos: 1 as const, retain: false });
    assert.equal(await answer(as('fleet', 'secret', '1', { will: will('bus/2/gone') })), 5);
    assert.deepEqual(recorder.frames, []);
    const allowed = await connect(as('fleet', 'secret', '1', { will: will('bus/1/gone') }));
    allowed.destroy();
    await until(() => recorder.frames.length === 1, 'the will');
  });

  test('2 for a client id that another user has, also while only its session is there', async (t) => {
    const { answer, as, connect, counters } = await brokerOf(t);
    const owner = await connect(as('desk', 'desk', 'x', { clean: false }));
    assert.deepEqual(await granted(owner, 'a'), [1]);
    assert.equal(await answer(as('fleet', 'secret', 'x')), 2);
    assert.ok(!owner.closed);
    owner.destroy();
    await until(() => counters().clients === 0, 'the owner has left');
    for (const clean of [true, false]) assert.equal(await answer(as('fleet', 'secret', 'x', { clean })), 2);
    assert.equal(counters().clientIdsRefused, 3);
    const again = await connect(as('desk', 'desk', 'x', { clean: false }));
    assert.equal((await again.first('connack')).sessionPresent, true);
    again.destroy();
    await until(() => counters().clients === 0, 'it has left again');
    assert.equal(await answer(as('desk', 'desk', 'x', { clean: true })), 0);
    await until(() => counters().clients === 0, 'its session has ended');
    assert.equal(await answer(as('fleet', 'secret', 'x')), 0);
  });

  test('the same user takes its own id over', async (t) => {
    const { as, connect } = await brokerOf(t);
    const first = await connect(as('desk', 'desk', 'x'));
    const second = await connect(as('desk', 'desk', 'x'));
    await until(() => first.closed, 'the first ends');
    assert.deepEqual(await granted(second, 'a'), [1]);
  });

  test('the log names the address and the user, no password, and no name that nobody has', async (t) => {
    const { answer, as, warnings } = await brokerOf(t);
    await answer(as('hunter2', 'hunter2'));
    for (let i = 0; i < 3; i++) await answer(as('fleet', 'hunter2'));
    assert.equal(warnings.length, 1, 'the others are held back');
    assert.match(warnings[0]!, /login refused .*"from":"127.0.0.1"/);
    assert.doesNotMatch(warnings.join(), /hunter2"[^:]*"user"|"user":"hunter2"/);
  });
});

test('a storm of wrong passwords holds up nobody who is in, nor who was', async (t) => {
  const { connect, as, port, answer, counters } = await brokerOf(t);
  const ops = await connect(as('ops', 'secret'));
  const storm = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const wire = await openWire(port);
      wire.send(connectPacket(as('fleet', `guess ${i}`, `guess${i}`)));
      return wire;
    }),
  );
  for (let messageId = 1; messageId <= 100; messageId++) {
    ops.send(publishPacket('x', 'x', { qos: 1, messageId }));
    await until(() => ops.all('puback').length === messageId, 'the answer');
  }
  assert.equal(await answer(as('ops', 'secret', 'again')), 0, 'its password is known');
  assert.ok(
    storm.some((wire) => !wire.closed),
    'the storm still waits',
  );
  for (const wire of storm) wire.destroy();
  await until(() => counters().clients === 1, 'only ops is there');
});

describe('publishing what is not permitted', () => {
  test('is answered as if it were, and reaches neither journal nor subscribers nor what is retained', async (t) => {
    const { as, connect, recorder, counters } = await brokerOf(t);
    const desk = await connect(as('desk', 'desk'));
    assert.deepEqual(await granted(desk, '#'), [1]);
    const bus = await connect(as('fleet', 'secret', '7'));
    const topic = 'bus/8/apc';
    bus.send(publishPacket(topic, 'x', { retain: true }));
    bus.send(publishPacket(topic, 'x', { qos: 1, messageId: 1, retain: true }));
    await bus.first('puback');
    for (let messageId = 1; messageId <= 1100; messageId++) {
      bus.send(publishPacket(topic, 'x', { qos: 2, messageId }));
      await until(() => bus.all('pubrec').length === messageId, 'pubrec');
      bus.send({ cmd: 'pubrel', messageId });
    }
    await until(() => bus.all('pubcomp').length === 1100, 'pubcomp');
    bus.send(publishPacket('bus/7/apc', 'mine', { qos: 1, messageId: 2 }));
    await desk.first('publish');
    assert.deepEqual(
      recorder.frames.map(({ topic: name }) => name),
      ['bus/7/apc'],
    );
    assert.equal(desk.all('publish').length, 1);
    assert.equal(counters().publishesDenied, 1102);
    const late = await connect(as('desk', 'desk', 'late'));
    assert.deepEqual(await granted(late, 'bus/#', 'end'), [1, 1]);
    assert.deepEqual(late.all('publish'), []);
  });

  test('mosquitto does the same', async (t) => {
    const { port, counters, recorder } = await brokerOf(t);
    const login = ['-u', 'fleet', '-P', 'secret', '-i', '7'];
    for (const qos of ['0', '1', '2']) {
      await mosquittoPub(port, [...login, '-q', qos, '-t', 'bus/8'], ['x']);
      await mosquittoPub(port, [...login, '-q', qos, '-t', 'bus/7'], ['x']);
    }
    await until(() => recorder.frames.length === 3, 'what is permitted');
    assert.equal(counters().publishesDenied, 3);
    await assert.rejects(mosquittoPub(port, ['-u', 'fleet', '-P', 'no', '-t', 'a', '-q', '1'], ['x']));
  });
});

describe('subscribing', () => {
  test('is granted filter by filter', async (t) => {
    const { as, connect, counters } = await brokerOf(t);
    const bus = await connect(as('fleet', 'secret', '7', { clean: false }));
    assert.deepEqual(
      await granted(bus, 'alerts/#', '#', 'bus/+/#', 'bus/7/x', '$SYS/#'),
      [1, 128, 128, 1, 128],
    );
    assert.equal(counters().subscriptionsDenied, 3);
    const ops = await connect(as('ops', 'secret'));
    assert.deepEqual(await granted(ops, '$SYS/#', '#'), [1, 128]);
    const desk = await connect(as('desk', 'desk'));
    assert.deepEqual(await granted(desk, '$SYS/#', '#'), [128, 1]);
  });

  test('a session keeps and queues only what was granted', async (t) => {
    const { as, connect, port, counters } = await brokerOf(t);
    const bus = await connect(as('fleet', 'secret', '7', { clean: false }));
    assert.deepEqual(await granted(bus, '#', 'alerts/#', 'bus/8/#'), [128, 1, 128]);
    bus.destroy();
    await until(() => counters().clients === 0, 'it has left');
    const login = ['-u', 'ops', '-P', 'secret', '-q', '1'];
    for (const topic of ['other', 'bus/8/x', 'alerts/x'])
      await mosquittoPub(port, [...login, '-t', topic], ['x']);
    const again = await connect(as('fleet', 'secret', '7', { clean: false }));
    await again.first('publish');
    assert.deepEqual(await granted(again, 'end'), [128]);
    assert.deepEqual(
      again.all('publish').map(({ topic }) => topic),
      ['alerts/x'],
    );
  });

  test('mosquitto_sub gets what it may', async (t) => {
    const { port } = await brokerOf(t);
    const desk = await mosquittoSub(port, ['-u', 'desk', '-P', 'desk', '-t', 'bus/#']);
    t.after(() => desk.stop());
    await mosquittoPub(port, ['-u', 'fleet', '-P', 'secret', '-i', '7', '-t', 'bus/7', '-q', '1'], ['x']);
    await until(() => desk.lines.length === 1, 'the message');
  });
});

describe('replaced users', () => {
  test('those who are gone or have another password are disconnected, the others stay and get new permissions', async (t) => {
    const { source, as, connect, counters, recorder, answer } = await brokerOf(t);
    const will = { topic: 'bus/7/gone', payload: Buffer.from('x'), qos: 1 as const, retain: false };
    const bus = await connect(as('fleet', 'secret', '7', { will, clean: false }));
    const desk = await connect(as('desk', 'desk'));
    const ops = await connect(as('ops', 'secret'));
    assert.deepEqual(await granted(bus, 'alerts/#'), [1]);
    assert.deepEqual(await granted(ops, 'bus/#'), [1]);
    const [, old, other] = users;
    source.replaceUsers!([
      { ...old!, password: await hashPassword(Buffer.from('new')) },
      { ...other!, publish: ['x'], subscribe: [] },
    ]);
    await until(() => bus.closed && desk.closed, 'they are disconnected');
    assert.equal(counters().usersDisconnected, 2);
    ops.send(publishPacket('bus/1', 'x', { qos: 1, messageId: 1 }));
    ops.send(publishPacket('x', 'x', { qos: 1, messageId: 2 }));
    await until(() => ops.all('puback').length === 2, 'ops goes on');
    assert.deepEqual(
      recorder.frames.map(({ topic }) => topic),
      ['x'],
      'neither the will of a user who is gone nor what is not permitted any more',
    );
    assert.deepEqual(await granted(ops, 'bus/1'), [128]);
    assert.equal(await answer(as('fleet', 'secret', '7')), 4);
    assert.equal(await answer(as('desk', 'desk')), 4);
    assert.equal(await answer(as('desk', 'new', '7', { clean: false })), 0);
  });

  test('while a password is being checked: the new one counts', async (t) => {
    const { source, as, port, counters } = await brokerOf(t);
    const wire = await openWire(port);
    wire.send(connectPacket(as('fleet', 'secret')));
    await until(() => counters().clients === 0, 'it is not in yet');
    source.replaceUsers!([]);
    assert.equal((await wire.first('connack')).returnCode, 4);
  });

  test('what a permission lost is not delivered any more', async (t) => {
    const { source, as, connect } = await brokerOf(t);
    const desk = await connect(as('desk', 'desk'));
    const ops = await connect(as('ops', 'secret'));
    assert.deepEqual(await granted(desk, '#'), [1]);
    const [fleet, old, other] = users;
    source.replaceUsers!([fleet!, { ...old!, subscribe: ['open'] }, other!]);
    ops.send(publishPacket('closed', 'x', { qos: 1, messageId: 1 }), publishPacket('open', 'x'));
    await desk.first('publish');
    assert.deepEqual(
      desk.all('publish').map(({ topic }) => topic),
      ['open'],
    );
  });
});
