/** Rules and keys that people name, held against those there are; a mistyped one gets a remedy. */

import { GatewayError } from '../../core/errors.ts';
import { closest } from '../../core/suggest.ts';
import type { RuleKeys } from '../../engine/alerts/alert-list.ts';
import type { Gateway } from '../../gateway.ts';
import type { Tags } from '../../settings/settings.ts';

export type Rules = Pick<Gateway, 'ruleNames' | 'ruleKeys'>;

/** `a, b, c and 7 more`. */
export function listText(words: readonly string[], most = 10): string {
  const shown = words.slice(0, most).join(', ');
  return words.length > most ? `${shown} and ${words.length - most} more` : shown;
}

/** The nearest of them, or some of them all. */
export function remedyFor(word: string, known: readonly string[], what: string): string {
  const near = closest(word, known);
  if (near !== undefined) return `did you mean \`${near}\`?`;
  return known.length === 0 ? `there are no ${what}` : `${what}: ${listText(known)}`;
}

export function keysOf(rules: Rules, rule: string): RuleKeys {
  const keys = rules.ruleKeys(rule);
  if (keys !== undefined) return keys;
  throw new GatewayError(`there is no rule \`${rule}\``, {
    remedy: remedyFor(rule, rules.ruleNames(), 'rules'),
  });
}

/** Throws `GatewayError` for tags that are not in the key of any of the rules. */
export function checkTags(tags: Tags, by: readonly string[], rule: string): void {
  for (const name of Object.keys(tags)) {
    if (by.includes(name)) continue;
    const whose = rule === '*' ? 'the key of any rule' : `the key of rule ${rule}`;
    throw new GatewayError(`\`${name}\` is not in ${whose}`, { remedy: remedyFor(name, by, 'its tags') });
  }
}

/** In words, when no key that a rule has seen has these tags: perhaps one is mistyped. */
export function unseenText({ by, count, values }: RuleKeys, tags: Tags): string | undefined {
  const wanted = Object.entries(tags).map(([name, value]) => [values[by.indexOf(name)]!, value] as const);
  for (let key = 0; key < count; key++) {
    if (wanted.every(([column, value]) => column[key] === value)) return undefined;
  }
  const near = Object.entries(tags).flatMap(([name, value]) => {
    const known = new Set(values[by.indexOf(name)]);
    const meant = known.has(value) ? undefined : closest(value, known);
    return meant === undefined ? [] : [`${name}=${meant}`];
  });
  return near.length > 0
    ? `no such key was seen yet; did you mean ${near.join(' ')}?`
    : 'no such key was seen yet';
}
