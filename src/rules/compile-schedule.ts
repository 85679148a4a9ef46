/**
 * Cron expressions of a rule: their mistakes at the keys they stand at, and what in them may surprise.
 *
 * Not here: what an expression means (schedule/).
 */

import type { KeyPath } from '../config/located.ts';
import type { CronConfig } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import { zoneOf } from '../core/zone.ts';
import type { Cron } from '../schedule/cron.ts';
import { type ActiveHours, activeHoursOf, checkCron, scheduleOf } from '../schedule/schedule.ts';
import type { WindowPlan } from './plan.ts';
import type { Report } from './problem.ts';
import type { RuleContext } from './rule-context.ts';

type CalendarConfig = NonNullable<RuleContext['rule']['window']> & { readonly kind: 'calendar' };

/** A window from one instant to the next; undefined when it is wrong. */
export function compileCalendar(config: CalendarConfig, report: Report): WindowPlan | undefined {
  const { kind, cron: text, zone, ...timing } = config;
  const cron = check(config, ['window', 'calendar'], ['window', 'zone'], report);
  if (cron === undefined) return undefined;
  const { hours, minutesAnHour } = shapeOf(cron);
  if (minutesAnHour === 60 && hours < 24) {
    const message = `\`${text}\`: every minute of these hours begins a window`;
    const remedy = `write 0 for the minute: "${withMinute('0', text)}"`;
    report.value(['window', 'calendar'], message, remedy, 'warning');
  }
  return { kind, schedule: scheduleOf(text, zone), ...timing };
}

/** When the rule judges; undefined when it always does, or when `active` is wrong. */
export function compileActive({ rule, report }: RuleContext): ActiveHours | undefined {
  const { active } = rule;
  if (active === undefined) return undefined;
  const cron = check(active, ['active', 'cron'], ['active', 'zone'], report);
  if (cron === undefined) return undefined;
  const warn = (message: string, remedy: string): void =>
    report.value(['active', 'cron'], message, remedy, 'warning');
  if (cron.everyDay && cron.minutes.length === 1440) {
    warn(`\`${active.cron}\` is always: it limits nothing`, 'name hours or days: "* 6-21 * * 1-5"');
  } else if (shapeOf(cron).minutesAnHour === 1) {
    const message = `\`${active.cron}\`: active for one minute of an hour only`;
    warn(message, `write * for the minute: "${withMinute('*', active.cron)}"`);
  }
  if (rule.alert.length === 0 && !rule.silent) {
    const remedy = 'remove it: points are forwarded at all times; or add `alert`';
    report.value(['active'], '`active` limits alerts, and the rule has none', remedy, 'warning');
  }
  return activeHoursOf(active.cron, active.zone);
}

/** Reports all that is wrong. */
function check({ cron, zone }: CronConfig, cronAt: KeyPath, zoneAt: KeyPath, report: Report) {
  const isZone = attempt(() => zoneOf(zone), zoneAt, report) !== undefined;
  const found = attempt(() => checkCron(cron), cronAt, report);
  if (found?.bothDays) {
    const message = `\`${cron}\`: a day must be both, the day of the month and the weekday`;
    const remedy = 'other crons take either; for every such day leave one of them `*`';
    report.value(cronAt, message, remedy, 'warning');
  }
  return isZone ? found : undefined;
}

function attempt<T>(make: () => T, at: KeyPath, report: Report): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    report.value(at, error.message, error.remedy!);
    return undefined;
  }
}

function shapeOf({ minutes }: Cron): { hours: number; minutesAnHour: number } {
  const hours = new Set(minutes.map((minute) => Math.floor(minute / 60))).size;
  return { hours, minutesAnHour: minutes.length / hours };
}

function withMinute(minute: string, cron: string): string {
  return [minute, ...cron.trim().split(/ +/).slice(1)].join(' ');
}
