import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acknowledgementOf as ackOf, withAcknowledged, withoutEnded } from './acknowledgements.ts';
import { noSettings, type Settings } from './settings.ts';
import { isAbout, maxSilences, silencedUntilMs, withoutSilence, withSilence } from './silences.ts';
import { acknowledgementOf, nowMs, silenceOf } from './testing.ts';

const bus = { rule: 'bus-load', key: { route: '4735', vehicle: '01029' } };

test('a silence is about a rule or all, and about keys that have its tags', () => {
  const about = (rule: string, key: Record<string, string>): boolean => isAbout({ rule, key }, bus);
  assert.equal(about('bus-load', {}), true);
  assert.equal(about('*', { vehicle: '01029' }), true);
  assert.equal(about('bus-load', bus.key), true);
  assert.equal(about('bus', {}), false);
  assert.equal(about('bus-load', { vehicle: '01030' }), false);
  assert.equal(about('bus-load', { vehicle: '01029', depot: '7' }), false);
  assert.equal(about('bus-load', { vehicle: '01029', depot: '' }), true);
});

test('of several silences the longest counts, until it is over', () => {
  const silences = [
    silenceOf({ untilMs: nowMs + 10 }),
    silenceOf({ untilMs: nowMs + 30 }),
    silenceOf({ untilMs: nowMs + 20 }),
    silenceOf({ rule: 'other', untilMs: nowMs + 40 }),
  ];
  const settings = { ...noSettings, silences };
  assert.equal(silencedUntilMs(settings, bus, nowMs), nowMs + 30);
  assert.equal(silencedUntilMs(settings, bus, nowMs + 29), nowMs + 30);
  assert.equal(silencedUntilMs(settings, bus, nowMs + 30), undefined);
});

test('each edit forgets the silences that are over; too many are refused', () => {
  const over = silenceOf({ id: 'over', untilMs: nowMs });
  const settings = withSilence({ ...noSettings, silences: [over] }, silenceOf({ id: 'a' }), nowMs);
  assert.deepEqual(
    settings.silences.map(({ id }) => id),
    ['a'],
  );
  assert.deepEqual(withoutSilence(settings, 'a', nowMs).silences, []);
  const many = Array.from({ length: maxSilences }, (_, i) => silenceOf({ id: String(i) }));
  assert.throws(() => withSilence({ ...noSettings, silences: many }, silenceOf(), nowMs), {
    message: 'there are 10000 silences already',
    remedy: /end some of them/,
  });
  assert.equal(withSilence({ ...noSettings, silences: many }, silenceOf(), nowMs + 1000).silences.length, 1);
});

test('what was acknowledged is so until it gets more severe', () => {
  const settings = withAcknowledged(noSettings, [acknowledgementOf()]);
  assert.equal(ackOf(settings, { episode: 'e1', severity: 'warning' })?.by, 'aino');
  assert.equal(ackOf(settings, { episode: 'e1', severity: 'info' })?.by, 'aino');
  assert.equal(ackOf(settings, { episode: 'e1', severity: 'critical' }), undefined);
  assert.equal(ackOf(settings, { episode: 'e2', severity: 'info' }), undefined);
  const again = withAcknowledged(settings, [acknowledgementOf({ severity: 'critical' })]);
  assert.equal(again.acknowledged.length, 1);
  assert.ok(ackOf(again, { episode: 'e1', severity: 'critical' }));
});

test('a note stays until there is another', () => {
  const noted = withAcknowledged(noSettings, [acknowledgementOf({ note: 'door open' })]);
  const again = withAcknowledged(noted, [acknowledgementOf({ by: 'veikko' })]);
  assert.equal(again.acknowledged[0]!.note, 'door open');
  const other = withAcknowledged(again, [acknowledgementOf({ note: 'door shut' })]);
  assert.equal(other.acknowledged[0]!.note, 'door shut');
});

test('ended episodes are forgotten; too many are refused', () => {
  const settings: Settings = withAcknowledged(noSettings, [
    acknowledgementOf(),
    acknowledgementOf({ episode: 'e2' }),
  ]);
  assert.equal(
    withoutEnded(settings, () => false),
    settings,
  );
  const left = withoutEnded(settings, (episode) => episode === 'e1');
  assert.deepEqual(
    left.acknowledged.map(({ episode }) => episode),
    ['e2'],
  );
  const many = Array.from({ length: 10_001 }, (_, i) => acknowledgementOf({ episode: String(i) }));
  assert.throws(() => withAcknowledged(settings, many), { remedy: /headgate silence RULE --for 2h/ });
});
