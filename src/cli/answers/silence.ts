/** `silence` and `end-silence`: for how long nobody is told of the alerts of a rule, or of all, or of some keys. */

import { randomBytes } from 'node:crypto';
import { GatewayError } from '../../core/errors.ts';
import type { FiringAlert } from '../../core/status.ts';
import type { Gateway } from '../../gateway.ts';
import type { Silence } from '../../settings/settings.ts';
import { current, everyRule, isAbout, withoutSilence, withSilence } from '../../settings/silences.ts';
import type { Arguments } from '../status-socket.ts';
import { durationOf, optionalTextOf, tagsOf, textOf } from './arguments.ts';
import { checkTags, keysOf, listText, unseenText } from './keys.ts';

export interface SilenceAnswer {
  readonly silence: Silence;
  /** Those that fire now and are silenced by it. */
  readonly alerts: readonly FiringAlert[];
  /** For people: it may not mean what they think. */
  readonly hint?: string;
}

type SilenceGateway = Pick<Gateway, 'status' | 'settings' | 'now' | 'ruleNames' | 'ruleKeys'>;

const limits = { min: 1000, max: 1000 * 86_400_000 };

/** Resolves when it is on disk. */
export async function answerSilence(gateway: SilenceGateway, args: Arguments): Promise<SilenceAnswer> {
  const rule = textOf(args, 'rule');
  const key = tagsOf(args, 'key');
  const forMs = durationOf(args, 'forMs', limits);
  const [by, reason] = [optionalTextOf(args, 'by'), optionalTextOf(args, 'reason')];
  const hint = checkTarget(gateway, rule, key);
  const nowMs = gateway.now();
  const silence: Silence = {
    ...{ id: randomBytes(4).toString('hex'), rule, key, untilMs: nowMs + forMs, createdMs: nowMs },
    ...(by !== undefined && { by }),
    ...(reason !== undefined && { reason }),
  };
  await gateway.settings.update((settings) => withSilence(settings, silence, nowMs));
  const alerts = gateway.status().alerts.filter((alert) => isAbout(silence, alert));
  return { silence, alerts, ...(hint !== undefined && { hint }) };
}

/** Throws `GatewayError` for a rule or tag that is not there; gives a hint for a key that was never seen. */
function checkTarget(gateway: SilenceGateway, rule: string, key: Silence['key']): string | undefined {
  if (rule !== everyRule) {
    const keys = keysOf(gateway, rule);
    checkTags(key, keys.by, rule);
    return Object.keys(key).length === 0 ? undefined : unseenText(keys, key);
  }
  const all = gateway.ruleNames().flatMap((name) => gateway.ruleKeys(name)?.by ?? []);
  checkTags(key, [...new Set(all)], rule);
  return undefined;
}

export interface EndSilenceAnswer {
  readonly silence: Silence;
}

/** Shortest beginning of an id that is taken for one. */
const leastId = 2;

/** Resolves when it is on disk. */
export async function answerEndSilence(
  gateway: Pick<Gateway, 'settings' | 'now'>,
  args: Arguments,
): Promise<EndSilenceAnswer> {
  const id = textOf(args, 'id').toLowerCase();
  const nowMs = gateway.now();
  const silences = current(gateway.settings.settings(), nowMs);
  const meant = id.length < leastId ? [] : silences.filter((one) => one.id.startsWith(id));
  if (meant.length !== 1) {
    const known = listText(silences.map((one) => `${one.id} (${one.rule})`));
    const what =
      meant.length === 0 ? `there is no silence ${id}` : `${meant.length} silences begin with ${id}`;
    throw new GatewayError(what, { remedy: silences.length === 0 ? 'there are none' : `silences: ${known}` });
  }
  await gateway.settings.update((settings) => withoutSilence(settings, meant[0]!.id, nowMs));
  return { silence: meant[0]! };
}
