/** Who is told of what, under any order of alerts, silences, acknowledgements and restarts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Alert, type Severity, severities } from '../core/types.ts';
import { withAcknowledged } from '../settings/acknowledgements.ts';
import { noSettings, type Settings } from '../settings/settings.ts';
import { withoutSilence, withSilence } from '../settings/silences.ts';
import { acknowledgementOf, silenceOf } from '../settings/testing.ts';
import { isReleased, judgeDelivery, nextReleaseMs, withhold } from './gate.ts';
import { sampleAlert } from './notifier.contract.ts';
import { createWithheld, readWithheld } from './withheld.ts';

type Event =
  | { readonly what: 'fires'; readonly severity: Severity; readonly notify: readonly string[] }
  | { readonly what: 'reminds' | 'clears' | 'restarts' | 'acknowledges' }
  | { readonly what: 'silences'; readonly forMs: number }
  | { readonly what: 'ends silences' }
  | { readonly what: 'waits'; readonly forMs: number };

const severity = fc.constantFrom(...severities);
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    what: fc.constant('fires' as const),
    severity,
    notify: fc.subarray(['ops', 'floor'], { minLength: 1 }),
  }),
  fc.record({ what: fc.constantFrom('reminds' as const, 'clears', 'restarts', 'acknowledges') }),
  fc.record({ what: fc.constant('silences' as const), forMs: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ what: fc.constant('ends silences' as const) }),
  fc.record({ what: fc.constant('waits' as const), forMs: fc.integer({ min: 1, max: 20 }) }),
);

/** One rule and key as the engine gives its alerts; a notifier as tell.ts drives the gate. */
function createWorld() {
  let settings: Settings = noSettings;
  let nowMs = 0;
  let withheld = createWithheld();
  let episodes = 0;
  let firing: Alert | undefined;
  const told: Alert[] = [];

  const give = (alert: Alert): void => {
    firing = alert.state === 'ok' ? undefined : alert;
    if (!alert.notify.includes('ops')) return;
    const isFiring = (episode: string): boolean => firing?.episode === episode;
    const verdict = judgeDelivery(alert, withheld, { settings, nowMs, isFiring });
    if (verdict.act === 'withhold') assert.ok(withhold('ops', alert, withheld));
    if (verdict.act === 'tell') told.push(alert);
    if (verdict.act === 'tell' || alert.state === 'ok') withheld.forget(alert.episode);
  };
  const release = (): void => {
    for (const { alert } of withheld.all()) {
      if (alert.episode !== firing?.episode || !isReleased(alert, settings, nowMs)) continue;
      told.push(alert);
      withheld.forget(alert.episode);
    }
  };
  const apply = (one: Event): void => {
    const { what } = one;
    if (what === 'fires') {
      if (firing?.severity === one.severity) return;
      const before = firing?.notify ?? [];
      const notify = [...new Set([...before, ...one.notify])];
      const { reminder: _, ...last } = firing ?? { ...sampleAlert, episode: `e${episodes++}` };
      const toldBefore = before.length > 0 ? { toldBefore: before } : {};
      give({ ...last, state: 'firing', severity: one.severity, notify, ...toldBefore });
    } else if (what === 'waits') nowMs += one.forMs;
    else if (what === 'silences')
      settings = withSilence(settings, silenceOf({ untilMs: nowMs + one.forMs }), nowMs);
    else if (what === 'ends silences') settings = withoutSilence(settings, 's1', nowMs);
    else if (what === 'restarts') withheld = readWithheld(JSON.parse(JSON.stringify({ withheld })).withheld)!;
    else if (firing === undefined) return;
    else if (what === 'reminds') give({ ...firing, toldBefore: firing.notify, reminder: 1 });
    else if (what === 'clears') {
      const { reminder: _, ...last } = firing;
      give({ ...last, state: 'ok', toldBefore: firing.notify });
    } else {
      const { episode, severity: as } = firing;
      settings = withAcknowledged(settings, [acknowledgementOf({ episode, severity: as })]);
    }
  };
  return {
    told,
    step(one: Event): void {
      apply(one);
      release();
    },
    get isSilent() {
      return settings.silences.some(({ untilMs }) => untilMs > nowMs);
    },
    get firing() {
      return firing;
    },
    isAcknowledged: () => settings.acknowledged.some(({ episode }) => episode === firing?.episode),
    withheld: () => withheld,
    settings: () => settings,
    now: () => nowMs,
  };
}

const stories = fc.array(event, { maxLength: 40 });

test('whoever is told that it fires is told of its end, once, and nobody else is', () => {
  fc.assert(
    fc.property(stories, (story) => {
      const world = createWorld();
      for (const one of [...story, { what: 'clears' } as const]) world.step(one);
      for (const told of Map.groupBy(world.told, ({ episode }) => episode).values()) {
        assert.equal(told[0]!.state, 'firing');
        assert.equal(told[0]!.reminder, undefined);
        assert.deepEqual(
          told.map(({ state }) => state === 'ok'),
          told.map((_, i) => i === told.length - 1),
        );
      }
      assert.equal(world.withheld().size(), 0);
    }),
    { numRuns: 2000 },
  );
});

test('nothing but ends is told in a silence; afterwards its notifier knows how severe it is', () => {
  fc.assert(
    fc.property(stories, (story) => {
      const world = createWorld();
      for (const one of story) {
        const before = world.told.length;
        world.step(one);
        const told = world.told.slice(before);
        if (world.isSilent) assert.ok(told.every(({ state }) => state === 'ok'));
        const { firing } = world;
        if (world.isSilent || firing === undefined || !firing.notify.includes('ops')) continue;
        const last = world.told.findLast(({ episode }) => episode === firing.episode);
        assert.ok(world.isAcknowledged() || last?.severity === firing.severity);
      }
    }),
    { numRuns: 2000 },
  );
});

test('without silences every change is told; without acknowledgements every reminder too', () => {
  const without = (...whats: Event['what'][]) =>
    stories.map((s) => s.filter(({ what }) => !whats.includes(what)));
  fc.assert(
    fc.property(without('silences'), (story) => {
      const world = createWorld();
      for (const one of story) {
        const before = { told: world.told.length, firing: world.firing, seen: world.isAcknowledged() };
        world.step(one);
        const isNews = (world.firing ?? before.firing)?.notify.includes('ops') === true;
        const isChange = world.firing?.severity !== before.firing?.severity;
        const isReminder = one.what === 'reminds' && before.firing !== undefined;
        if (isNews && isChange) assert.equal(world.told.length, before.told + 1);
        else if (isNews && isReminder && !before.seen) assert.equal(world.told.length, before.told + 1);
        else if (!isReminder) assert.equal(world.told.length, before.told);
      }
    }),
    { numRuns: 1000 },
  );
});

test('an acknowledged alert reminds nobody, until it is more severe', () => {
  const withheld = createWithheld();
  const settings = withAcknowledged(noSettings, [acknowledgementOf({ episode: 'e1', severity: 'warning' })]);
  const judge = (alert: Partial<Alert>): string =>
    judgeDelivery({ ...sampleAlert, ...alert }, withheld, { settings, nowMs: 0, isFiring: () => true }).act;
  assert.equal(judge({ severity: 'warning', reminder: 1 }), 'drop');
  assert.equal(judge({ severity: 'critical', toldBefore: ['ops'] }), 'tell');
  assert.equal(judge({ severity: 'critical', reminder: 2 }), 'tell');
  assert.equal(judge({ severity: 'warning', state: 'ok' }), 'tell');
});

test('a reminder of what is over by now is not told', () => {
  const moment = { settings: noSettings, nowMs: 0, isFiring: () => false };
  assert.deepEqual(judgeDelivery({ ...sampleAlert, reminder: 1 }, createWithheld(), moment), {
    act: 'drop',
    why: 'over',
  });
  assert.equal(judgeDelivery(sampleAlert, createWithheld(), moment).act, 'tell');
});

test('the next release is that of the first silence to end', () => {
  const withheld = createWithheld();
  const silences = [silenceOf({ rule: 'a', untilMs: 30 }), silenceOf({ rule: 'b', untilMs: 20 })];
  const settings = { ...noSettings, silences };
  assert.equal(nextReleaseMs(settings, withheld, 0), Number.POSITIVE_INFINITY);
  for (const rule of ['a', 'b', 'c']) withhold('ops', { ...sampleAlert, rule, episode: rule }, withheld);
  assert.equal(nextReleaseMs(settings, withheld, 0), 20);
  assert.equal(nextReleaseMs(settings, withheld, 20), 30);
});

test('no more than 10,000 are withheld; of those already withheld the newest is kept', () => {
  const withheld = createWithheld();
  for (let i = 0; i < 10_000; i++)
    assert.ok(withhold('ops', { ...sampleAlert, episode: String(i) }, withheld));
  assert.equal(withhold('ops', { ...sampleAlert, episode: 'more' }, withheld), false);
  assert.ok(withhold('ops', { ...sampleAlert, episode: '7', id: 'newer' }, withheld));
  assert.equal(withheld.get('7')?.alert.id, 'newer');
  assert.equal(readWithheld(JSON.parse(JSON.stringify(withheld)))?.size(), 10_000);
  for (const wrong of [null, {}, [{}], [{ alert: {}, wasTold: true }]])
    assert.equal(readWithheld(wrong), undefined);
});
