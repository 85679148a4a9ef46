/** What a rule defines and no one reads. */

import { namesReadIn } from '../names-read.ts';
import type { RuleContext } from '../rule-context.ts';

export function examineUse({ rule, report }: RuleContext, isRead: boolean): void {
  const read = namesReadIn(rule);
  const unread = (names: object): string[] => Object.keys(names).filter((name) => !read.has(name));
  // Without a window the values of a `let` are in the points.
  const isShown = rule.window === undefined && (rule.forward !== false || isRead);
  for (const name of isShown ? [] : unread(rule.let)) {
    const message = `no one reads \`${name}\``;
    const remedy = rule.window
      ? `use it, such as under \`compute\`: ${name}: last(${name}); or remove it`
      : 'use it in `where` or `alert`, or remove it';
    report.value(['let', name], message, remedy, 'warning');
  }
  for (const name of unread(rule.lookup)) {
    report.value(
      ['lookup', name, 'file'],
      `no one reads table \`${name}\``,
      `use a column of it, ${name}.…, or remove it`,
      'warning',
    );
  }
  if (rule.window && rule.forward === false && rule.alert.length === 0 && rule.silent && !isRead) {
    const message = `no one sees what rule ${rule.name} computes: it has \`forward: false\` and no \`alert\``;
    report.value(['window'], message, 'remove `window` and `compute`; silence needs neither', 'warning');
  }
}
