/** `explain`: why a rule did or did not fire, for one key or, when several are meant, as a table of them. */

import { GatewayError } from '../../core/errors.ts';
import type { ExplainedEpisode, ExplainedInput, ExplainedRule } from '../../core/explained.ts';
import type { FiringAlert, SourceLine } from '../../core/status.ts';
import type { RuleKeys } from '../../engine/alerts/alert-list.ts';
import type { Gateway } from '../../gateway.ts';
import type { Arguments } from '../status-socket.ts';
import { isGoodState } from '../status-view.ts';
import { textOf, textsOf } from './arguments.ts';
import { checkTags, keysOf, listText, remedyFor } from './keys.ts';

type ExplainGateway = Pick<Gateway, 'status' | 'ruleNames' | 'ruleKeys' | 'explain'>;

/** Throws `GatewayError` for a rule or key that is not there. */
export function answerExplain(gateway: ExplainGateway, args: Arguments): ExplainedRule {
  const rule = textOf(args, 'rule');
  const keys = selectKeys(keysOf(gateway, rule), rule, textsOf(args, 'key'));
  const { alerts, sources } = gateway.status();
  const explained = gateway.explain(rule, keys);
  const inputs = explained.inputs.map((input) => withSource(input, sources));
  if (explained.key === undefined) return { ...explained, inputs };
  const marks = explained.key.alerts.map((alert) => withMarks(alert, alerts));
  const silence = explained.key.silence && withMarks(explained.key.silence, alerts);
  return { ...explained, inputs, key: { ...explained.key, alerts: marks, ...(silence && { silence }) } };
}

/** Every word is a tag with its value, or the value of any tag of the key. Without words all keys are meant. */
function selectKeys(keys: RuleKeys, rule: string, words: readonly string[]): number[] {
  let selected = Array.from({ length: keys.count }, (_, key) => key);
  for (const word of words) {
    const tested = columnsMeant(keys, word);
    const before = selected;
    selected = before.filter((key) => tested.some(({ column, value }) => column[key] === value));
    if (selected.length === 0) throw unseen(keys, rule, word, before);
  }
  return selected;
}

function columnsMeant(
  { by, values }: RuleKeys,
  word: string,
): { column: readonly string[]; value: string }[] {
  const equals = word.indexOf('=');
  const tag = by.indexOf(word.slice(0, Math.max(0, equals)));
  if (equals > 0 && tag >= 0) return [{ column: values[tag]!, value: word.slice(equals + 1) }];
  return values.map((column) => ({ column, value: word }));
}

function unseen(keys: RuleKeys, rule: string, word: string, among: readonly number[]): GatewayError {
  if (keys.by.length === 0) {
    const remedy = `ask for the rule alone: headgate explain ${rule}`;
    return new GatewayError(`rule ${rule} has one key without tags`, { remedy });
  }
  const equals = word.indexOf('=');
  if (equals > 0) checkTags({ [word.slice(0, equals)]: '' }, keys.by, rule);
  if (keys.count === 0) {
    return new GatewayError(`rule ${rule} has no key yet`, {
      remedy: `see why: headgate explain ${rule}`,
    });
  }
  const known = columnsMeant(keys, word).flatMap(({ column }) => among.map((key) => column[key]!));
  const what = `values of ${equals > 0 ? `\`${word.slice(0, equals)}\`` : keys.by.join(', ')}`;
  const remedy = remedyFor(word.slice(equals + 1), [...new Set(known)].filter(Boolean), what);
  return new GatewayError(`rule ${rule} has seen no key with ${word}`, { remedy });
}

function withMarks<T extends Partial<ExplainedEpisode>>(alert: T, firing: readonly FiringAlert[]): T {
  const marked = firing.find(({ episode }) => episode === alert.episode);
  if (marked === undefined) return alert;
  const { acknowledged, silencedUntilMs } = marked;
  return {
    ...alert,
    ...(acknowledged && { acknowledged }),
    ...(silencedUntilMs !== undefined && { silencedUntilMs }),
  };
}

function withSource(input: ExplainedInput, sources: readonly SourceLine[]): ExplainedInput {
  if (input.reads) return { ...input, reads: input.reads.map((one) => withSource(one, sources)) };
  const source = sources.find(({ name }) => name === input.source);
  if (source === undefined || isGoodState(source.state)) return input;
  return { ...input, sourceDown: listText([source.state, source.detail].filter(Boolean)) };
}
