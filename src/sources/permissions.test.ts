/**
 * Any users, clients and order of packets: nothing reaches the journal or a client but what a permission says. The judge is
 * a regular expression for each permission, not the loops of grants.ts.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { connectPacket, openWire, publishPacket, type Wire } from '../../test/peers/mqtt-wire.ts';
import { until } from '../../test/peers/until.ts';
import type { UserConfig } from '../config/users-schema.ts';
import { hashPassword } from '../core/password-hash.ts';
import { startBroker } from './mqtt-broker.ts';
import { createContext, createRecorder } from './source.contract.ts';

const names = ['u', 'v', '$w'];
const ids = ['a', 'b', '+', '#', 'a/b', '$SYS', 'u'];
const level = fc.constantFrom('a', 'b', 'u', '+', '{user}', '{client}', '$SYS');
const permission = fc
  .tuple(fc.array(level, { minLength: 1, maxLength: 3 }), fc.constantFrom('', '/#'))
  .map(
    ([levels, end]) =>
      levels.filter((one, i) => levels.indexOf(one) === i || !one.startsWith('{')).join('/') + end,
  );
const permissions = fc.array(
  fc.oneof({ arbitrary: permission, weight: 3 }, { arbitrary: fc.constant('#'), weight: 1 }),
  {
    minLength: 1,
    maxLength: 3,
  },
);
const filter = fc
  .tuple(
    fc.array(fc.constantFrom('a', 'b', 'u', '+', '$SYS'), { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '/#'),
  )
  .map(([levels, end]) => levels.join('/') + end);
const topic = fc
  .array(fc.constantFrom('a', 'b', 'u', '$x'), { minLength: 1, maxLength: 3 })
  .map((levels) => levels.join('/'));
const who = fc.integer({ min: 0, max: 3 });
const step = fc.oneof(
  fc.record({
    kind: fc.constant('connect' as const),
    who,
    user: fc.constantFrom(...names),
    id: fc.constantFrom(...ids),
    clean: fc.boolean(),
    will: fc.option(topic),
  }),
  fc.record({
    kind: fc.constant('subscribe' as const),
    who,
    filters: fc.array(fc.oneof(filter, fc.constant('#')), { minLength: 1, maxLength: 3 }),
    qos: fc.constantFrom(0, 1, 2),
  }),
  fc.record({
    kind: fc.constant('publish' as const),
    who,
    topic,
    qos: fc.constantFrom(0, 1, 2),
    retain: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('vanish' as const), who }),
);

/** Section 4.7 of MQTT 3.1.1, and the placeholders. */
function permits(filters: readonly string[], user: string, client: string, name: string): boolean {
  return filters.some((one) => {
    const values = one.split('/').map((part) => ({ '{user}': user, '{client}': client })[part] ?? part);
    const odd = one
      .split('/')
      .some(
        (part, i) =>
          part.startsWith('{') && (/[/+#]/.test(values[i]!) || (i === 0 && values[i]!.startsWith('$'))),
      );
    if (odd || (name.startsWith('$') && /^[+#]/.test(one))) return false;
    const parts = values.map((part) => (part === '+' ? '[^/]*' : part.replaceAll('$', '\\$')));
    const open = parts.at(-1) === '#' ? parts.pop() : undefined;
    const head = parts.join('/');
    return new RegExp(`^${head}${open ? (head === '' ? '.*' : '(/.*)?') : ''}$`).test(name);
  });
}

interface Guest {
  readonly wire: Wire;
  readonly user: string;
  readonly id: string;
}

async function settle({ wire }: Guest): Promise<void> {
  const before = wire.all('pingresp').length;
  wire.send({ cmd: 'pingreq' });
  await until(() => wire.closed || wire.all('pingresp').length > before, 'pingresp');
}

test('nothing passes that no permission includes', async (t) => {
  const password = await hashPassword(Buffer.from('secret'));
  const nobody = names.map((name): UserConfig => ({ name, password, publish: [], subscribe: [] }));
  const recorder = createRecorder();
  const { context, stop } = createContext(recorder, { users: nobody });
  const listen = [{ port: 0, host: '127.0.0.1' }];
  const source = await startBroker({ listen, users: 'u', allowAnonymous: false }, context);
  const scenario = fc.tuple(
    fc.tuple(...names.map(() => fc.record({ publish: permissions, subscribe: permissions }))),
    fc.array(step, { minLength: 30, maxLength: 60, size: 'max' }),
  );
  t.after(() => {
    stop();
    return source.closed;
  });
  // One broker for all: sessions and retained messages of before come to users with other permissions.
  await fc.assert(
    fc.asyncProperty(scenario, async ([rights, steps]) => {
      const users = nobody.map((user, i): UserConfig => ({ ...user, ...rights[i]! }));
      source.replaceUsers!(users);
      recorder.frames.length = 0;
      const guests = new Map<number, Guest>();
      const all: Guest[] = [];
      let messageId = 0;
      for (const one of steps) {
        const guest = guests.get(one.who);
        if (one.kind === 'connect') {
          guest?.wire.destroy();
          const { user, id, clean } = one;
          const wire = await openWire(source.ports![0]!);
          const will = {
            topic: one.will ?? '',
            payload: Buffer.from(`${user}|${id}`),
            qos: 1 as const,
            retain: true,
          };
          wire.send(
            connectPacket({
              username: user,
              password: Buffer.from('secret'),
              clientId: id,
              clean,
              ...(one.will !== null && { will }),
            }),
          );
          const { returnCode } = await wire.first('connack');
          const fresh = { wire, user, id };
          if (returnCode === 0) guests.set(one.who, fresh);
          else guests.delete(one.who);
          if (returnCode === 0) all.push(fresh);
        } else if (!guest || guest.wire.closed) {
        } else if (one.kind === 'subscribe') {
          const subscriptions = one.filters.map((filter) => ({ topic: filter, qos: one.qos as 0 | 1 | 2 }));
          guest.wire.send({ cmd: 'subscribe', messageId: ++messageId, subscriptions });
          await settle(guest);
        } else if (one.kind === 'publish') {
          const flags = {
            retain: one.retain,
            ...(one.qos > 0 && { qos: one.qos as 1 | 2, messageId: ++messageId }),
          };
          guest.wire.send(publishPacket(one.topic, `${guest.user}|${guest.id}`, flags));
          if (one.qos === 2) guest.wire.send({ cmd: 'pubrel', messageId });
          await settle(guest);
        } else {
          guest.wire.destroy();
          guests.delete(one.who);
        }
      }
      for (const guest of guests.values()) await settle(guest);
      for (const { topic: name, payload } of recorder.frames) {
        const [user, id] = payload.toString().split('|') as [string, string];
        const { publish } = users.find((one) => one.name === user)!;
        assert.ok(permits(publish, user, id, name), `${user} as ${id} published to ${name}`);
      }
      for (const { wire, user, id } of all) {
        const { subscribe } = users.find((one) => one.name === user)!;
        for (const { topic: name } of wire.all('publish'))
          assert.ok(permits(subscribe, user, id, name), `${user} as ${id} got ${name}`);
      }
      for (const { wire } of all) wire.destroy();
      await until(() => source.status().counters.clients === 0, 'all have left');
      passed.frames += recorder.frames.length;
      passed.delivered += all.reduce((sum, { wire }) => sum + wire.all('publish').length, 0);
    }),
    { numRuns: 60, seed: 4, endOnFailure: true },
  );
  // Else it would prove nothing.
  assert.ok(passed.frames > 100 && passed.delivered > 100, JSON.stringify(passed));
});

const passed = { frames: 0, delivered: 0 };
