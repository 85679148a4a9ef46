/**
 * Alerts whose conditions work against each other: `clear` that holds together with `when`, a severity that a higher one
 * always hides, a `for` that is over with the first window.
 *
 * Invariant: told of conditions over one value alone, whose thresholds are written out; others are not judged.
 */

import { formatDuration } from '../../config/duration.ts';
import type { AlertConfig } from '../../config/schema.ts';
import { severities } from '../../core/types.ts';
import { factsOf } from '../../expression/facts/facts.ts';
import { type Facts, joinFacts, type Known } from '../../expression/facts/known.ts';
import {
  complement,
  exampleOf,
  intersection,
  isSubset,
  type OneVariable,
  type ValueSet,
  valuesOf,
  within,
} from '../../expression/facts/value-set.ts';
import { parse } from '../../expression/parse.ts';
import { describe } from '../../expression/wording.ts';
import type { RuleContext } from '../rule-context.ts';

interface Thresholds {
  readonly alert: AlertConfig;
  readonly index: number;
  readonly when: OneVariable;
  /** Undefined when it is about something else. */
  readonly clear: OneVariable | undefined;
}

export function examineThresholds(context: RuleContext, known: readonly Known[]): void {
  const all = context.rule.alert.map((alert, index) => thresholdsOf(alert, index));
  for (const one of all) if (one) examineClear(context, one, known);
  for (const one of all) if (one) examineHidden(context, one, all, known);
  for (const [index, alert] of context.rule.alert.entries()) examineFor(context, alert, index);
}

function thresholdsOf(alert: AlertConfig, index: number): Thresholds | undefined {
  const when = valuesOf(parse(alert.when));
  if (!when) return undefined;
  const clear =
    alert.clear === undefined ? { ...when, values: complement(when.values) } : valuesOf(parse(alert.clear));
  return { alert, index, when, clear: clear?.variable === when.variable ? clear : undefined };
}

function factsOfVariable({ node }: OneVariable, known: readonly Known[]): Facts {
  return known.map((one) => factsOf(node, one)).reduce(joinFacts);
}

/** Values between thresholds that are whole count only if a whole number is among them: 5 < x < 6 is no overlap of counts. */
function examineClear(
  { report }: RuleContext,
  { alert, index, when, clear }: Thresholds,
  known: readonly Known[],
): void {
  if (alert.clear === undefined || !clear) return;
  const facts = factsOfVariable(when, known);
  // That it is always true is told by itself.
  if (isSubset(within([[-Infinity, Infinity]], facts), clear.values)) return;
  const isWhole = facts.isWhole || (when.isWhole && clear.isWhole);
  const both = within(intersection(when.values, clear.values), { ...facts, isWhole });
  const example = exampleOf(both);
  if (example === undefined) return;
  const message = `\`clear\` and \`when\` both hold, such as for ${describe(when.node)} = ${example}: the alert clears, and fires again at the next result`;
  const remedy =
    'let `clear` begin where `when` has ended: a gap between the two, such as when: x > 8, clear: x < 5';
  report.text(['alert', index, 'clear'], [{ message, start: 0, end: alert.clear.length, remedy }], 'warning');
}

/**
 * A lower severity is hidden when the higher one fires whenever it does, as soon, and does not clear before it.
 */
function examineHidden(
  { report }: RuleContext,
  one: Thresholds,
  all: readonly (Thresholds | undefined)[],
  known: readonly Known[],
): void {
  const higher = all.find((other) => other && isHigher(other, one) && hides(other, one, known));
  if (!higher) return;
  const { severity, when } = one.alert;
  const message = `${severity} is never seen: whenever \`${when}\` holds, \`${higher.alert.when}\` of ${higher.alert.severity} holds too`;
  const remedy = 'exchange the two thresholds, or remove this alert';
  report.text(['alert', one.index, 'when'], [{ message, start: 0, end: when.length, remedy }], 'warning');
}

function isHigher(a: Thresholds, b: Thresholds): boolean {
  return severities.indexOf(a.alert.severity) > severities.indexOf(b.alert.severity);
}

function hides(higher: Thresholds, lower: Thresholds, known: readonly Known[]): boolean {
  if (higher.when.variable !== lower.when.variable || !higher.clear || !lower.clear) return false;
  if (higher.alert.forMs > lower.alert.forMs || isHeld(lower.alert)) return false;
  const facts = factsOfVariable(lower.when, known);
  const inside = (values: ValueSet): ValueSet => within(values, facts);
  return (
    inside(lower.when.values).length > 0 &&
    isSubset(inside(lower.when.values), higher.when.values) &&
    isSubset(inside(higher.clear.values), lower.clear.values)
  );
}

/** Flapping holds an alert firing beyond its conditions. */
function isHeld(alert: AlertConfig): boolean {
  return 'flapping' in alert && alert.flapping !== undefined;
}

/** `for` counts from the start of the first window that holds; early results are judged within it. */
function examineFor({ rule: { window }, report }: RuleContext, { forMs }: AlertConfig, index: number): void {
  if (forMs === 0 || window?.kind !== 'time' || window.emitMs !== undefined || forMs > window.everyMs) return;
  const step = formatDuration(window.everyMs);
  const message = `this \`for\` changes nothing: it counts from the start of the first window, and ${step} of it have passed when that closes`;
  const remedy = `write ${formatDuration(2 * window.everyMs)} or more to wait for a second one, or remove it`;
  report.value(['alert', index, 'for'], message, remedy, 'warning');
}
