/** What compiling finds wrong with rules: expressions, messages, lookup tables. */

import type { Loaded } from '../config/load.ts';
import type { Diagnostic } from '../core/errors.ts';
import { compileRules } from '../rules/compile.ts';
import { diagnosticOf } from '../rules/problem.ts';
import { readTableFile } from '../rules/table-file.ts';

/** Diagnostics of all rules whose devices are known, each at its place. */
export function checkRules({ config, devices, rules }: Loaded): Diagnostic[] {
  const profiles = devices.map(({ device }) => device);
  const { problems } = compileRules(rules, profiles, {
    gateway: config?.gateway ?? '',
    limits: { seriesPerRule: config?.limits.seriesPerRule ?? 1 },
    ...(config && { rulesFolders: [config.rules] }),
    readTable: readTableFile,
  });
  return problems.map(diagnosticOf);
}
