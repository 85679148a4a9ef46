/** Alerts against a model that lets every second pass and remembers everything: repeat, flapping, `for`, severities. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Alert, type Severity, severities } from '../../core/types.ts';
import type { AlertLevel } from './alert-level.ts';
import { type AlertStates, createAlertStates } from './alert-state.ts';

interface Level extends AlertLevel {
  readonly severity: Severity;
}

/** One second of a story: a judgement, perhaps preceded by a checkpoint and a restart. */
interface Judged {
  readonly second: number;
  /** By level: 1 fires, 0 clears, NaN says nothing. */
  readonly when: readonly number[];
}

interface Story {
  readonly levels: readonly Level[];
  readonly judged: readonly Judged[];
  readonly firesByTime: boolean;
  readonly seconds: number;
}

const s = 1000;

/** What is told, as text: second, severity, state, number of the reminder. */
function model({ levels, judged, firesByTime, seconds }: Story): string[] {
  const told: string[] = [];
  const raw = levels.map(() => ({ phase: 'ok', since: 0, changes: [] as number[], counts: false }));
  let shown: number | undefined;
  let toldAt = 0;
  let reminders = 0;

  const flaps = (i: number, now: number): boolean => {
    const { flapping } = levels[i]!;
    if (flapping === undefined) return false;
    const recent = raw[i]!.changes.filter((at) => at > now - flapping.withinMs / s);
    return recent.length >= flapping.changes;
  };
  const setPhase = (i: number, phase: string, now: number): void => {
    const level = raw[i]!;
    if ((phase === 'firing') !== (level.phase === 'firing')) level.changes.push(now);
    level.phase = phase;
  };
  const say = (what: string, now: number): void => {
    told.push(`${now} ${what}`);
    toldAt = now;
  };
  const show = (now: number): boolean => {
    for (const [i, level] of raw.entries())
      level.counts = level.phase === 'firing' || (level.counts && flaps(i, now));
    const counting = levels.map((_, i) => i).filter((i) => raw[i]!.counts);
    counting.sort(
      (a, b) => severities.indexOf(levels[b]!.severity) - severities.indexOf(levels[a]!.severity),
    );
    const [highest] = counting;
    if (highest === shown) return false;
    if (highest !== undefined) say(`${levels[highest]!.severity} firing`, now);
    else {
      say(`${levels[shown!]!.severity} ok`, now);
      reminders = 0;
    }
    shown = highest;
    return true;
  };

  for (let now = 0; now <= seconds; now++) {
    for (const [i, level] of raw.entries()) {
      if (firesByTime && level.phase === 'pending' && now >= level.since + levels[i]!.forMs / s)
        setPhase(i, 'firing', now);
    }
    const changed = show(now);
    const repeatMs = shown === undefined ? undefined : levels[shown]!.repeatMs;
    if (!changed && repeatMs !== undefined && now >= toldAt + repeatMs / s)
      say(`${levels[shown!]!.severity} firing reminder ${++reminders}`, now);
    for (const { when } of judged.filter(({ second }) => second === now)) {
      for (const [i, level] of raw.entries()) {
        if (level.phase === 'firing') setPhase(i, when[i] === 0 ? 'ok' : 'firing', now);
        else if (when[i] !== 1) setPhase(i, 'ok', now);
        else {
          if (level.phase === 'ok') Object.assign(level, { phase: 'pending', since: now });
          if (now >= level.since + levels[i]!.forMs / s) setPhase(i, 'firing', now);
        }
      }
      show(now);
    }
  }
  return told;
}

interface Machine {
  states: AlertStates;
  readonly given: Alert[];
  restore(levels?: readonly Level[]): void;
}

function machine({ levels, firesByTime }: Pick<Story, 'levels' | 'firesByTime'>): Machine {
  const given: Alert[] = [];
  const create = (using: readonly Level[]): AlertStates =>
    createAlertStates({
      rule: 'r',
      levels: using,
      tagsOf: (key) => ({ key: String(key) }),
      give: (alert) => given.push(alert),
      firesByTime,
    });
  return {
    states: create(levels),
    given,
    restore(edited = levels) {
      const saved = structuredClone(this.states.save());
      this.states = create(edited);
      this.states.load(saved);
    },
  };
}

function judgeAt(states: AlertStates, { second, when }: Judged): void {
  const atMs = second * s;
  states.passKey(1, atMs);
  states.judge(1, {
    when,
    clear: when.map((holds) => 1 - holds),
    sinceMs: atMs,
    atMs,
    arrivalMs: atMs,
    message: (level) => `level ${level} at ${second}`,
    values: () => ({ second }),
  });
}

const textOf = ({ atMs, severity, state, reminder }: Alert): string =>
  `${atMs / s} ${severity} ${state}${reminder === undefined ? '' : ` reminder ${reminder}`}`;

interface Cut {
  /** Before this judgement. */
  readonly index: number;
  readonly restores: boolean;
  /** So much of the time since the judgement before passes at once. */
  readonly share: number;
}

function play(story: Story, cuts: readonly Cut[] = []): Alert[] {
  const run = machine(story);
  let before = 0;
  for (const [index, judged] of story.judged.entries()) {
    for (const cut of cuts.filter((one) => one.index % story.judged.length === index)) {
      run.states.pass((before + Math.floor((judged.second - before) * cut.share)) * s);
      if (cut.restores) run.restore();
    }
    judgeAt(run.states, judged);
    before = judged.second;
  }
  run.states.pass(story.seconds * s);
  return run.given;
}

const level = (severity: Severity): fc.Arbitrary<Level> =>
  fc.record({
    severity: fc.constant(severity),
    forMs: fc.constantFrom(0, 0, 3 * s),
    notify: fc.constant([severity]),
    repeatMs: fc.constantFrom(undefined, 5 * s, 20 * s),
    flapping: fc.option(
      fc.record({
        changes: fc.integer({ min: 2, max: 5 }),
        withinMs: fc.integer({ min: 2, max: 30 }).map((n) => n * s),
      }),
      { nil: undefined },
    ),
  });

const story: fc.Arbitrary<Story> = fc
  .record({
    levels: fc
      .constantFrom(['warning'], ['critical', 'warning'], ['info', 'critical', 'warning'])
      .chain((names) => fc.tuple(...([...names] as Severity[]).map(level))),
    firesByTime: fc.boolean(),
    steps: fc.array(
      fc.record({
        gap: fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 40 })),
        when: fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(0, 0, 1, 1, Number.NaN))),
      }),
      { minLength: 1, maxLength: 40 },
    ),
  })
  .map(({ levels, firesByTime, steps }) => {
    let second = 0;
    const judged = steps.map(({ gap, when }) => {
      second += gap;
      return { second, when: when.slice(0, levels.length) };
    });
    return { levels, firesByTime, judged, seconds: second + 60 };
  });

const cuts = fc.array(
  fc.record({ index: fc.nat(), restores: fc.boolean(), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  { maxLength: 6 },
);

test('what is told is what the model tells', () => {
  fc.assert(
    fc.property(story, (one) => assert.deepEqual(play(one).map(textOf), model(one))),
    { numRuns: 2000 },
  );
});

test('neither where time is cut nor a restart changes anything told', () => {
  fc.assert(
    fc.property(story, cuts, (one, where) => assert.deepEqual(play(one, where), play(one))),
    { numRuns: 1000 },
  );
});

test('what is told of an episode begins with firing, ends with ok, and has ids of its own', () => {
  fc.assert(
    fc.property(story, (one) => {
      const given = play(one);
      assert.equal(new Set(given.map(({ id }) => id)).size, given.length);
      for (const [, told] of Map.groupBy(given, ({ episode }) => episode)) {
        const last = told.length - 1;
        assert.deepEqual(
          told.map(({ id }) => Number(id.split('-')[1])),
          told.map((_, i) => i),
        );
        for (const [i, { state, reminder, severity }] of told.entries()) {
          if (i < last) assert.equal(state, 'firing');
          if (i === 0) assert.equal(reminder, undefined);
          // A change is one of state or severity, a reminder is neither.
          else assert.equal(reminder !== undefined, state === 'firing' && severity === told[i - 1]!.severity);
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test('nothing happens before it says so, and something then', () => {
  fc.assert(
    fc.property(story, (one) => {
      const run = machine(one);
      for (const judged of one.judged) judgeAt(run.states, judged);
      for (let rounds = 0; rounds < 20; rounds++) {
        const untilMs = run.states.quietUntilMs();
        if (untilMs === Number.POSITIVE_INFINITY) return;
        const before = JSON.stringify([run.given, run.states.save().keys]);
        run.states.pass(untilMs - 1);
        assert.equal(JSON.stringify([run.given, run.states.save().keys]), before);
        run.states.pass(untilMs);
        assert.ok(run.states.quietUntilMs() > untilMs);
      }
    }),
    { numRuns: 500 },
  );
});

test('what is kept of a key is bounded, and nothing is when all is long over', () => {
  fc.assert(
    fc.property(story, (one) => {
      const run = machine(one);
      for (const judged of one.judged) {
        judgeAt(run.states, judged);
        for (const [, { levels }] of run.states.save().keys)
          for (const [i, { flaps }] of levels.entries())
            assert.ok((flaps?.atMs.length ?? 0) <= (one.levels[i]!.flapping?.changes ?? 0));
      }
      judgeAt(run.states, { second: one.seconds, when: one.levels.map(() => 0) });
      run.states.pass((one.seconds + 100) * s);
      assert.deepEqual(run.states.save().keys, []);
      assert.equal(run.states.quietUntilMs(), Number.POSITIVE_INFINITY);
    }),
    { numRuns: 300 },
  );
});
