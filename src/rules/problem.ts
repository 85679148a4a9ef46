/**
 * A mistake in a rule, and where: the rule's file, the key, and the offsets in its text.
 *
 * Not here: lines and columns; the file of the rule knows them (config/located.ts).
 */

import type { KeyPath, LocatedRule } from '../config/located.ts';
import { toDiagnostic } from '../config/located.ts';
import type { Diagnostic } from '../core/errors.ts';
import type { ExpressionProblem } from '../expression/error.ts';

export interface Problem {
  readonly rule: LocatedRule;
  /** From the top of the file: `['rules', 0, 'alert', 1, 'when']`. */
  readonly keyPath: KeyPath;
  /** Offsets in the text of the value; both 0 when the value as a whole is meant. */
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly remedy?: string;
  readonly severity: 'error' | 'warning';
}

/** A problem as it is shown. */
export function diagnosticOf({ rule, keyPath, start, end, message, remedy, severity }: Problem): Diagnostic {
  if (end > 0) return toDiagnostic(rule.file, keyPath, start, end, message, remedy, severity);
  const place = rule.file.locate(keyPath);
  return { severity, file: rule.file.file, ...place, message, ...(remedy !== undefined && { remedy }) };
}

/** Collects the problems of one rule; the same one found again (by another device) counts once. */
export interface Report {
  readonly problems: readonly Problem[];
  /** Of a text: paths are from the rule on. */
  text(path: KeyPath, problems: readonly ExpressionProblem[], severity?: Problem['severity']): void;
  /** Of a value as a whole. */
  value(path: KeyPath, message: string, remedy: string, severity?: Problem['severity']): void;
}

export function createReport(rule: LocatedRule): Report {
  const problems: Problem[] = [];
  const seen = new Set<string>();

  function add(problem: Problem): void {
    const identity = JSON.stringify([problem.keyPath, problem.start, problem.end, problem.message]);
    if (seen.has(identity)) return;
    seen.add(identity);
    problems.push(problem);
  }

  return {
    problems,
    text(path, found, severity = 'error') {
      for (const { message, start, end, remedy } of found) {
        // An end of 0 stands for the whole value; the mistake of an empty text is at its start.
        const place = { keyPath: [...rule.keyPath, ...path], start, end: Math.max(end, start + 1) };
        add({ rule, ...place, message, ...(remedy && { remedy }), severity });
      }
    },
    value(path, message, remedy, severity = 'error') {
      add({ rule, keyPath: [...rule.keyPath, ...path], start: 0, end: 0, message, remedy, severity });
    },
  };
}
