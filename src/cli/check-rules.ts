/** What compiling finds wrong with rules: expressions, messages, lookup tables. */

import { readFileSync } from 'node:fs';
import { sep } from 'node:path';
import type { Loaded } from '../config/load.ts';
import type { Diagnostic } from '../core/errors.ts';
import { compileRules } from '../rules/compile.ts';
import { diagnosticOf } from '../rules/problem.ts';

/** Diagnostics of all rules whose devices are known, each at its place. */
export function checkRules({ config, devices, rules }: Loaded): Diagnostic[] {
  const profiles = devices.map(({ device }) => device);
  const options = {
    gateway: config?.gateway ?? '',
    limits: { seriesPerRule: config?.limits.seriesPerRule ?? 1 },
    readFile: (path: string): string => readFileSync(path, 'utf8'),
  };
  const folder = config?.rules;
  const isOwn = (path: string): boolean => folder !== undefined && path.startsWith(folder + sep);
  const own = rules.filter(({ file }) => isOwn(file.path));
  const others = rules.filter(({ file }) => !isOwn(file.path));
  const problems = [
    ...(folder === undefined
      ? []
      : compileRules(own, profiles, { ...options, rulesFolder: folder }).problems),
    ...compileRules(others, profiles, options).problems,
  ];
  return problems.map(diagnosticOf);
}
