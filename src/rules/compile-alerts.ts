/** The alerts of a rule: conditions and messages, over results of a window or over readings. */

import type { AlertConfig } from '../config/schema.ts';
import { type Ast, childrenOf } from '../expression/ast.ts';
import { compileText } from '../expression/compile.ts';
import { ExpressionError } from '../expression/error.ts';
import { parse } from '../expression/parse.ts';
import type { NumberKernel } from '../expression/rows.ts';
import type { Scope } from '../expression/scope.ts';
import type { Computed } from './compile-computes.ts';
import type { Readings } from './compile-readings.ts';
import { checkKeyMessage, defaultKeyMessage } from './key-message.ts';
import type { AlertPlan, SilentPlan } from './plan.ts';
import type { RuleContext } from './rule-context.ts';
import { readingScope, resultScope } from './scopes.ts';
import { compileTemplate, messageScope } from './template.ts';
import { escapeBraces } from './template-pieces.ts';

const defaultNotify: readonly string[] = ['log'];

/** In the order of the file. */
export function compileAlerts(
  context: RuleContext,
  readings: readonly Readings[],
  computed: Computed,
): readonly AlertPlan[] {
  const { rule } = context;
  const scopes = scopesOfAlerts(context, readings, computed);
  return rule.alert.map((alert, i) => compileAlert(context, alert, i, scopes));
}

/** What alerts are compiled in: one scope for each device without a window, else one. */
export function scopesOfAlerts(
  context: RuleContext,
  readings: readonly Readings[],
  computed: Computed,
): readonly Scope[] {
  return context.rule.window ? [scopeOfResults(context, computed)] : scopesOfReadings(context, readings);
}

function scopeOfResults(
  { rule, devices, by, lookups }: RuleContext,
  { names, calls, aggregates, memory }: Computed,
): Scope {
  // Slots of computed names follow those of the aggregates, of which each call has one.
  const types = calls.map((_, i) => aggregates[i]?.resultType);
  const scope = resultScope({
    rule,
    devices,
    aggregates: types,
    computes: names,
    by,
    lookups,
    place: 'alert',
  });
  return memory ? memory.over(scope, ['alert'], new Set()) : scope;
}

function scopesOfReadings({ rule, devices, lookups }: RuleContext, readings: readonly Readings[]): Scope[] {
  return devices.map((device, d) => {
    const { names, memory } = readings[d]!;
    const scope = readingScope({ rule, device, lets: names, lookups, place: 'alert' });
    return memory.over(scope, ['alert'], new Set());
  });
}

function compileAlert(
  context: RuleContext,
  alert: AlertConfig,
  index: number,
  scopes: readonly Scope[],
): AlertPlan {
  const { rule, report } = context;
  const condition = (key: 'when' | 'clear', text: string): NumberKernel[] =>
    scopes.flatMap((scope) => {
      const { compiled, problems } = compileText(text, scope, { type: 'boolean', what: `\`${key}\`` });
      report.text(['alert', index, key], problems);
      return compiled ? [compiled.kernel as NumberKernel] : [];
    });
  const when = condition('when', alert.when);
  const clear = alert.clear === undefined ? undefined : condition('clear', alert.clear);
  return {
    severity: alert.severity,
    when,
    clear,
    forMs: alert.forMs,
    message: scopes.flatMap((scope) => {
      const inMessage = messageScope(scope, rule.name, alert.severity);
      const text = alert.message ?? defaultMessage(rule.name, alert.when, context.by, scope);
      const { template, problems } = compileTemplate(text, inMessage);
      if (alert.message !== undefined) report.text(['alert', index, 'message'], problems);
      return template ? [template] : [];
    }),
    notify: alert.notify.length > 0 ? alert.notify : defaultNotify,
    repeatMs: alert.repeatMs,
    flapping: alert.flapping,
  };
}

/** For an alert without a message: the rule, its condition, the values in it, the key. */
function defaultMessage(rule: string, when: string, by: readonly string[], scope: Scope): string {
  const values = namesIn(when).filter((name) => !by.includes(name) && isKnown(name, scope));
  const groups = [values, by]
    .map((names) => names.map((name) => `${name} {${name}}`).join(', '))
    .filter(Boolean);
  const text = escapeBraces(`${rule}: ${when.replace(/\s+/g, ' ').trim()}`);
  return groups.length > 0 ? `${text} (${groups.join('; ')})` : text;
}

function isKnown(name: string, scope: Scope): boolean {
  const dot = name.indexOf('.');
  return (
    (dot < 0 ? scope.resolve(name) : scope.resolveMember(name.slice(0, dot), name.slice(dot + 1))) !==
    undefined
  );
}

/** Names and table columns of an expression, each once, as they are written. */
function namesIn(text: string): string[] {
  try {
    return [...new Set(collectNames(parse(text)))];
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return [];
  }
}

function collectNames(node: Ast): string[] {
  if (node.kind === 'name') return [node.name];
  if (node.kind === 'member' && node.object.kind === 'name' && /^\w+$/.test(node.member)) {
    return [`${node.object.name}.${node.member}`];
  }
  return childrenOf(node).flatMap(collectNames);
}

/** The alert of a key that stops sending; undefined when the rule has none, or when it is wrong. */
export function compileSilence({ rule, devices, by, report }: RuleContext): SilentPlan | undefined {
  const { silent } = rule;
  if (!silent) return undefined;
  const afterMs = Math.max(...devices.map(({ profile }) => profile.silentAfterMs ?? 0));
  for (const { profile, rule: read } of devices) {
    if (read) {
      const message = `\`silent\` is about devices; this rule reads rule ${read.name}`;
      report.value(['silent'], message, 'write it in a rule that reads the devices');
    }
    if (read || profile.silentAfterMs !== undefined) continue;
    const message = `device ${profile.device} does not say when it is silent`;
    report.value(['silent'], message, `add \`silent_after: 1m\` to the profile of ${profile.device}`);
  }
  const checked =
    silent.message === undefined
      ? undefined
      : checkKeyMessage(silent.message, rule.name, silent.severity, by);
  report.text(['silent', 'message'], checked?.problems ?? []);
  return {
    afterMs,
    severity: silent.severity,
    message: checked?.message ?? defaultKeyMessage(afterMs),
    notify: silent.notify.length > 0 ? silent.notify : defaultNotify,
    repeatMs: silent.repeatMs,
  };
}
