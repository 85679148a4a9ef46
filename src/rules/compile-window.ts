/** The window of a rule: its schedule understood, and what in it does nothing. */

import { compileCalendar } from './compile-schedule.ts';
import type { WindowPlan } from './plan.ts';
import type { RuleContext } from './rule-context.ts';

/** Undefined for a rule without a window, or when it is wrong, which the report then has. */
export function compileWindow({ rule, report }: RuleContext): WindowPlan | undefined {
  const { window } = rule;
  if (window === undefined) return undefined;
  if (window.kind === 'calendar') return compileCalendar(window, report);
  const isOpenEnded = window.kind === 'session' || window.kind === 'count';
  if (isOpenEnded && window.emitMs !== undefined && rule.alert.length === 0) {
    const message = `early results of windows by ${window.kind} make no points, and nothing here judges them`;
    report.value(['window', 'emit'], message, 'add an `alert`, or remove `emit`', 'warning');
  }
  return window;
}
