/**
 * The conditions of a rule taken apart, for `headgate explain`: what each part of `where`, `when` and `clear` says, and the
 * values in it.
 *
 * Compiled anew each time it is asked: thousands of rules keep their texts only.
 * Invariant: the same steps as in compile-rule.ts, in the same order, so slots are those of the plan.
 */

import type { RuleConfig } from '../config/schema.ts';
import { type Ast, childrenOf } from '../expression/ast.ts';
import { check } from '../expression/check.ts';
import { compile } from '../expression/compile.ts';
import { parse } from '../expression/parse.ts';
import type { Compiled } from '../expression/rows.ts';
import type { Scope } from '../expression/scope.ts';
import { compileAlerts, scopesOfAlerts } from './compile-alerts.ts';
import { compileComputes, nothingComputed } from './compile-computes.ts';
import { compileReadings } from './compile-readings.ts';
import type { RulePlan } from './plan.ts';
import type { Report } from './problem.ts';
import type { RuleContext } from './rule-context.ts';
import { readingScope } from './scopes.ts';

/** A condition and its parts. */
export interface ConditionText {
  readonly text: string;
  readonly whole: Compiled;
  /** What `&&`, `||` and `!` join, in the order they are written; one for a condition that joins nothing. */
  readonly parts: readonly PartText[];
}

export interface PartText {
  readonly text: string;
  readonly compiled: Compiled;
  /** Names, lookups and functions with memory in it; `end` is the offset in `text` after each. */
  readonly values: readonly { readonly name: string; readonly end: number; readonly compiled: Compiled }[];
}

export interface AlertTexts {
  /** One for each input without a window, else one. */
  readonly when: readonly ConditionText[];
  /** Absent: not `when`. */
  readonly clear?: readonly ConditionText[];
}

export interface RuleTexts {
  /** By input. */
  readonly where: readonly (ConditionText | undefined)[];
  /** In the order of the plan. */
  readonly alerts: readonly AlertTexts[];
}

const silentReport: Report = { problems: [], text() {}, value() {} };

export function textsOf({ source, inputs, by }: RulePlan): RuleTexts {
  const rule = source.config;
  const devices = inputs.map(({ device }) => device);
  const context: RuleContext = { rule, report: silentReport, devices, by, lookups: source.lookups };
  const readings = compileReadings(context);
  const computed = rule.window ? compileComputes(context, readings) : nothingComputed;
  // Functions with memory get their columns in the order in which they are met.
  compileAlerts(context, readings, computed);
  const scopes = scopesOfAlerts(context, readings, computed);
  return {
    where: devices.map((device, d) => {
      const { names, memory } = readings[d]!;
      const scope = readingScope({ rule, device, lets: names, lookups: source.lookups, place: 'where' });
      return rule.where === undefined
        ? undefined
        : conditionOf(rule.where, memory.over(scope, ['where'], new Set()));
    }),
    alerts: rule.alert.map((alert) => alertTexts(alert, scopes)),
  };
}

function alertTexts({ when, clear }: RuleConfig['alert'][number], scopes: readonly Scope[]): AlertTexts {
  return {
    when: scopes.map((scope) => conditionOf(when, scope)),
    ...(clear !== undefined && { clear: scopes.map((scope) => conditionOf(clear, scope)) }),
  };
}

function conditionOf(text: string, scope: Scope): ConditionText {
  const node = parse(text);
  return {
    text: oneLine(text),
    whole: compiledOf(node, scope)!,
    parts: partsOf(node).map((part) => partOf(text, part, scope)),
  };
}

function partsOf(node: Ast): Ast[] {
  if (node.kind === 'logical') return [...partsOf(node.left), ...partsOf(node.right)];
  if (node.kind === 'unary' && node.operand.kind === 'logical') return partsOf(node.operand);
  return [node];
}

function partOf(text: string, node: Ast, scope: Scope): PartText {
  const values = valueNodes(node, scope).flatMap((value) => {
    const compiled = compiledOf(value, scope);
    const name = oneLine(text.slice(value.start, value.end));
    return compiled ? [{ name, end: value.end - node.start, compiled }] : [];
  });
  return { text: text.slice(node.start, node.end), compiled: compiledOf(node, scope)!, values };
}

/** What stands for a value of the rows, outermost first. */
function valueNodes(node: Ast, scope: Scope): Ast[] {
  if (node.kind === 'name' || node.kind === 'member') return [node];
  if (node.kind === 'call' && scope.resolveCall?.(node, () => {})) return [node];
  return childrenOf(node).flatMap((child) => valueNodes(child, scope));
}

function compiledOf(node: Ast, scope: Scope): Compiled | undefined {
  const { typed } = check(node, scope);
  return typed && compile(typed);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
