/**
 * The rules that some rules read and that stand in other files: for commands that look at some of a gateway's rule files.
 *
 * Invariant: they are there to be read only: nothing of theirs is forwarded, nobody is told of their alerts.
 */

import { kindOf } from '../config/files.ts';
import { inReadingOrder, readBy } from '../config/from.ts';
import { type LoadedRules, loadRules } from '../config/load.ts';
import type { LocatedRule } from '../config/located.ts';

export interface Upstream extends LoadedRules {
  /** Names of the rules of the folder that nobody needs. */
  readonly others: readonly string[];
}

/**
 * What `loaded` reads, directly or not, out of the files of `folder`. Of the mistakes in these files only those are given
 * that may be why a rule is not found.
 */
export async function loadUpstream(loaded: LoadedRules, folder: string): Promise<Upstream> {
  const none: Upstream = { files: [], rules: [], others: [], mayBeBroken: () => false, diagnostics: [] };
  if (isWhole(loaded.rules) || (await kindOf(folder)) !== 'folder') return none;
  const { files, rules, mayBeBroken, diagnostics } = await loadRules(folder);
  const known = new Set(loaded.files.map(({ path }) => path));
  const others = rules.filter(({ file }) => !known.has(file.path));
  const all = inReadingOrder(loaded.rules, [...loaded.rules, ...others], ({ rule }) => rule);
  const used = all.filter((rule) => others.includes(rule));
  const usedFiles = new Set(used.map(({ file }) => file.file));
  return {
    files: files.filter(({ file }) => usedFiles.has(file)),
    rules: used.map(onlyRead),
    others: others.filter((rule) => !used.includes(rule)).map(({ rule }) => rule.name),
    mayBeBroken,
    diagnostics: isWhole(all) ? diagnostics.filter(({ file }) => usedFiles.has(file)) : diagnostics,
  };
}

/** Whether every rule that they read is among them. */
function isWhole(rules: readonly LocatedRule[]): boolean {
  const names = new Set(rules.map(({ rule }) => rule.name));
  return rules.every(({ rule }) => readBy(rule).every((name) => names.has(name)));
}

/** The rule as others need it. */
export function onlyRead({ rule: { silent: _, ...rule }, ...located }: LocatedRule): LocatedRule {
  return { ...located, rule: { ...rule, alert: [], forward: false } };
}
