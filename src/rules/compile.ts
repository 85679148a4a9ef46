/**
 * Rule files → a plan: every expression checked and compiled, with all mistakes of all rules at once.
 *
 * Flow: devices to layouts → each rule by itself (compile-rule.ts), after those that it reads → plan.
 * Invariant: there is a plan only when nothing is wrong. Names of devices, rules and notifiers are checked between the files
 * (config/cross-checks.ts): a rule is passed over when what it reads is not all here and sound, and then there is no plan.
 * Not here: where text stands in a file; a problem has its key and offsets.
 */

import { dirname, sep } from 'node:path';
import { fromRule, inReadingOrder, readBy } from '../config/from.ts';
import type { LocatedRule } from '../config/located.ts';
import type { DeviceProfile, Limits } from '../config/schema.ts';
import { compileRule } from './compile-rule.ts';
import type { NamedFacts } from './examine/known-values.ts';
import { layoutOf, layoutOfResults } from './layout.ts';
import { createTables, type LoadedTable } from './lookup-files.ts';
import { mergesOf } from './merges.ts';
import type { DevicePlan, Plan, RulePlan } from './plan.ts';
import { createReport, type Problem } from './problem.ts';

export interface CompileOptions {
  readonly gateway: string;
  readonly limits: Pick<Limits, 'seriesPerRule'>;
  /** Absolute; lookup tables lie in that of them in which the rule's file is, else beside the file. */
  readonly rulesFolders?: readonly string[];
  /** Text of a file of a rules folder, both absolute; throws `GatewayError`, or as `readFileSync` does. */
  readonly readTable: (path: string, folder: string) => string;
}

export interface CompiledRules {
  readonly plan?: Plan;
  readonly problems: readonly Problem[];
  /** Lookup tables that the kernels of the plan read. */
  readonly tables: readonly LoadedTable[];
}

/** More than anybody reads at a time. */
const mostProblems = 1000;

/** Compiles rules over the devices they name. The kernels of a plan serve one engine at a time. */
export function compileRules(
  rules: readonly LocatedRule[],
  devices: readonly DeviceProfile[],
  options: CompileOptions,
): CompiledRules {
  const layouts = new Map<string, DevicePlan>(devices.map((device) => [device.device, layoutOf(device)]));
  const tables = createTables(options.readTable);
  const read = new Set(rules.flatMap(({ rule }) => readBy(rule)));
  const results = new Map<string, NamedFacts>();
  const plans: RulePlan[] = [];
  const problems: Problem[] = [];
  for (const located of inReadingOrder(rules, rules, ({ rule }) => rule)) {
    const report = createReport(located);
    const plan = compileRule(located, {
      report,
      layouts,
      isRead: read.has(located.rule.name),
      results,
      tables,
      seriesLimit: options.limits.seriesPerRule,
      rulesFolder: folderOf(located.file.path, options.rulesFolders),
    });
    problems.push(...report.problems.slice(0, mostProblems - problems.length));
    if (plan) plans.push(plan);
    if (plan && read.has(plan.name)) layouts.set(fromRule(plan.name), layoutOfResults(plan));
  }
  if (plans.length < rules.length) return { problems, tables: tables.loaded() };
  const own = [...layouts.values()].filter(({ rule }) => rule === undefined);
  const plan = { gateway: options.gateway, devices: own, rules: plans, merges: mergesOf(plans) };
  return { plan, problems, tables: tables.loaded() };
}

function folderOf(path: string, folders: readonly string[] = []): string {
  return folders.find((folder) => path.startsWith(folder + sep)) ?? dirname(path);
}
