/** What every notifier keeps to. A new kind runs this suite in its test. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Alert } from '../core/types.ts';
import { type Notifier, Rejected } from './notifier.ts';

export interface Receiver {
  readonly notifier: Notifier;
  /** Ids of alerts that arrived, in order. */
  readonly received: readonly string[];
  /** Gives the next delivery a trouble. */
  once(trouble: Trouble): void;
}

/** A failure that passes, a refusal for good, no answer at all. */
export type Trouble = 'fail' | 'reject' | 'stall';

export const sampleAlert: Alert = {
  id: 'a1',
  episode: 'e1',
  rule: 'bus-load',
  key: { route: '4735', vehicle: '0/1+2#3' },
  state: 'firing',
  severity: 'critical',
  firedAtMs: Date.parse('2026-01-05T06:02:00Z'),
  atMs: Date.parse('2026-01-05T06:02:00.5Z'),
  message: 'Bus 01211 is full',
  notify: ['ops'],
  values: { share: 1.02, state: null, door: true },
};

const never = new AbortController().signal;

/** `troubles`: those that this kind of receiver can give. */
export function notifierContract(
  kind: string,
  troubles: readonly Trouble[],
  open: (t: TestContext) => Promise<Receiver>,
): void {
  test(`${kind}: delivers alerts, in the order given`, async (t) => {
    const receiver = await open(t);
    await receiver.notifier(sampleAlert, never);
    await receiver.notifier({ ...sampleAlert, id: 'a2', state: 'ok' }, never);
    assert.deepEqual(receiver.received, ['a1', 'a2']);
  });

  if (troubles.includes('fail')) {
    test(`${kind}: a failure that passes is thrown, and the same alert can be given again`, async (t) => {
      const receiver = await open(t);
      receiver.once('fail');
      await assert.rejects(receiver.notifier(sampleAlert, never), (error) => !(error instanceof Rejected));
      await receiver.notifier(sampleAlert, never);
      assert.deepEqual(receiver.received, ['a1']);
    });
  }

  if (troubles.includes('reject')) {
    test(`${kind}: what will never be taken is thrown as Rejected`, async (t) => {
      const receiver = await open(t);
      receiver.once('reject');
      await assert.rejects(receiver.notifier(sampleAlert, never), Rejected);
      await receiver.notifier({ ...sampleAlert, id: 'a2' }, never);
      assert.deepEqual(receiver.received, ['a2']);
    });
  }

  if (troubles.includes('stall')) {
    test(`${kind}: aborting ends a delivery`, async (t) => {
      const receiver = await open(t);
      receiver.once('stall');
      const stop = new AbortController();
      const delivery = receiver.notifier(sampleAlert, stop.signal);
      setImmediate(() => stop.abort());
      await assert.rejects(delivery, (error) => !(error instanceof Rejected));
    });
  }
}
