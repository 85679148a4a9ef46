/** The window of a rule: its schedule understood. */

import { compileCalendar } from './compile-schedule.ts';
import type { WindowPlan } from './plan.ts';
import type { RuleContext } from './rule-context.ts';

/** Undefined for a rule without a window, or when it is wrong, which the report then has. */
export function compileWindow({ rule, report }: RuleContext): WindowPlan | undefined {
  const { window } = rule;
  if (window === undefined || window.kind === 'time' || window.kind === 'session') return window;
  if (window.kind === 'calendar') return compileCalendar(window, report);
  report.value(['window'], `windows by ${window.kind} are not supported yet`, 'use { tumbling: 1d }');
  return undefined;
}
