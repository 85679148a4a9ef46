/** What the parts of a rule's compilation share. */

import type { RuleConfig } from '../config/schema.ts';
import type { DevicePlan } from './plan.ts';
import type { Report } from './problem.ts';
import type { RuleLookups } from './scopes.ts';

export interface RuleContext {
  readonly rule: RuleConfig;
  readonly report: Report;
  /** Of `from`, in its order. */
  readonly devices: readonly DevicePlan[];
  /** Tags of the key. */
  readonly by: readonly string[];
  readonly lookups: RuleLookups;
}
