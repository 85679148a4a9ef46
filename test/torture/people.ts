/** People at a gateway that may die under their hands: they edit rules, silence and acknowledge. What was answered holds. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { AckAnswer } from '../../src/cli/answers/ack.ts';
import type { AlertsAnswer } from '../../src/cli/answers/alerts.ts';
import type { SilenceAnswer } from '../../src/cli/answers/silence.ts';
import { ask } from '../../src/cli/status-client.ts';
import type { GatewayProcess } from '../peers/gateway.ts';
import { until } from '../peers/until.ts';
import { alertedRule, editedRule, rules } from './setup.ts';

export interface People {
  /** Edits the rules and asks the gateway to take them over; resolves when it says that they did. */
  edit(): Promise<void>;
  /** Silences and acknowledges, until the signal aborts or nobody answers. */
  tell(signal: AbortSignal): Promise<void>;
  /** What was answered once and is not so in the gateway that runs now. */
  forgotten(): Promise<readonly string[]>;
}

export function createPeople(gateway: GatewayProcess): People {
  const data = join(gateway.folder, 'data');
  const silences = new Set<string>();
  const acknowledged = new Set<string>();
  let edits = 0;
  let asked = 0;

  async function answer<Answer>(command: string, args: object = {}): Promise<Answer | undefined> {
    const reply = await ask(data, command, { args });
    return reply.ok ? (reply.result as Answer) : undefined;
  }

  async function silence(): Promise<void> {
    asked += 1;
    // Of a rule without alerts: nobody is to miss one.
    const args = { rule: editedRule, key: {}, forMs: 3_600_000, reason: `${asked}` };
    const answered = await answer<SilenceAnswer>('silence', args);
    if (answered === undefined) throw new Error('a silence was refused');
    silences.add(answered.silence.id);
  }

  /** Refused while nothing fires. */
  async function acknowledge(): Promise<void> {
    const answered = await answer<AckAnswer>('ack', { target: alertedRule, key: {} });
    for (const { episode } of answered?.alerts ?? []) acknowledged.add(episode);
  }

  return {
    async edit() {
      const tookOver = () =>
        gateway.logLines.filter((line) => line.includes('edited files took over')).length;
      const before = tookOver();
      edits += 1;
      await writeFile(join(gateway.folder, 'rules/all.yaml'), rules(edits));
      gateway.signal('SIGHUP');
      await until(() => tookOver() > before, 'the edit to take over');
    },
    async tell(signal) {
      while (!signal.aborted) {
        await silence();
        await acknowledge();
        await wait(5);
      }
    },
    async forgotten() {
      const now = await answer<AlertsAnswer>('alerts');
      if (now === undefined) throw new Error('no list of alerts');
      const held = new Set(now.silences.map(({ id }) => id));
      const unseen = now.firing.filter(
        (one) => acknowledged.has(one.episode) && one.acknowledged === undefined,
      );
      return [
        ...[...silences].filter((id) => !held.has(id)).map((id) => `silence ${id}`),
        ...unseen.map(({ episode }) => `acknowledgement of ${episode}`),
      ];
    },
  };
}
