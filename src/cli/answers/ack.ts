/** `ack`: somebody has seen alerts that fire, named by an id or by their rule and tags of their key. */

import { GatewayError } from '../../core/errors.ts';
import type { FiringAlert } from '../../core/status.ts';
import { closest } from '../../core/suggest.ts';
import type { Gateway } from '../../gateway.ts';
import { withAcknowledged, withoutEnded } from '../../settings/acknowledgements.ts';
import { isAbout } from '../../settings/silences.ts';
import type { Arguments } from '../status-socket.ts';
import { keyText } from '../status-view.ts';
import { optionalTextOf, tagsOf, textOf } from './arguments.ts';
import { checkTags, keysOf, listText } from './keys.ts';

export interface AckAnswer {
  /** Those that were acknowledged. */
  readonly alerts: readonly FiringAlert[];
}

type AckGateway = Pick<Gateway, 'status' | 'settings' | 'now' | 'ruleNames' | 'ruleKeys'>;

/** Resolves when it is on disk. Throws `GatewayError` when nothing like that fires. */
export async function answerAck(gateway: AckGateway, args: Arguments): Promise<AckAnswer> {
  const target = textOf(args, 'target');
  const [by, note] = [optionalTextOf(args, 'by'), optionalTextOf(args, 'note')];
  const firing = gateway.status().alerts;
  const alerts = alertsNamed(gateway, firing, target, args);
  const said = { atMs: gateway.now(), ...(by !== undefined && { by }), ...(note !== undefined && { note }) };
  const added = alerts.map(({ episode, rule, key, severity }) => ({ episode, rule, key, severity, ...said }));
  const episodes = new Set(firing.map(({ episode }) => episode));
  await gateway.settings.update((settings) =>
    withAcknowledged(
      withoutEnded(settings, (episode) => !episodes.has(episode)),
      added,
    ),
  );
  return { alerts };
}

/** Shortest beginning of an id that is taken for one. */
const leastId = 4;

function alertsNamed(
  gateway: AckGateway,
  firing: readonly FiringAlert[],
  target: string,
  args: Arguments,
): readonly FiringAlert[] {
  if (gateway.ruleNames().includes(target)) return alertsOfRule(gateway, firing, target, args);
  const meant =
    target.length < leastId ? [] : firing.filter(({ episode }) => episode.startsWith(target.toLowerCase()));
  if (meant.length === 1) return meant;
  if (meant.length > 1) {
    const remedy = `write more of it: ${listText(meant.map(({ episode }) => episode))}`;
    throw new GatewayError(`${meant.length} alerts have an id that begins with ${target}`, { remedy });
  }
  throw new GatewayError(`no alert that fires has the id \`${target}\`, and no rule that name`, {
    remedy: unknownRemedy(gateway, firing, target),
  });
}

function unknownRemedy(gateway: AckGateway, firing: readonly FiringAlert[], target: string): string {
  if (firing.length === 0) return 'no alert fires now';
  const isShort = target.length < leastId && firing.some(({ episode }) => episode.startsWith(target));
  if (isShort) return `write at least ${leastId} characters of an id`;
  const fires = new Set(firing.map(({ rule }) => rule));
  const near = closest(target, new Set([...fires, ...gateway.ruleNames()]));
  return near === undefined ? `rules that fire: ${listText([...fires])}` : `did you mean \`${near}\`?`;
}

function alertsOfRule(
  gateway: AckGateway,
  firing: readonly FiringAlert[],
  rule: string,
  args: Arguments,
): readonly FiringAlert[] {
  const key = tagsOf(args, 'key');
  checkTags(key, keysOf(gateway, rule).by, rule);
  const ofRule = firing.filter((alert) => alert.rule === rule);
  const alerts = ofRule.filter((alert) => isAbout({ rule, key }, alert));
  if (alerts.length > 0) return alerts;
  if (ofRule.length === 0) throw new GatewayError(`no alert of rule ${rule} fires now`);
  throw new GatewayError(`no alert of rule ${rule} with these tags fires now`, {
    remedy: `of that rule fire: ${listText(ofRule.map(({ key: one }) => keyText(one)))}`,
  });
}
