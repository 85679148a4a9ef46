/**
 * What a rule says without meaning it: values of two units together, conditions that are never or always true, thresholds
 * that work against each other, values no one reads. All of it warnings: the rule runs.
 *
 * Invariant: the rule compiles; only what is certain is said, each thing once. Of a rule over several devices a condition
 * is told only when it is so for all of them.
 */

import { type Facts, joinFacts, type Known } from '../../expression/facts/known.ts';
import { unitConflicts } from '../../expression/facts/unit-conflicts.ts';
import { parse } from '../../expression/parse.ts';
import type { RuleContext } from '../rule-context.ts';
import { type ExaminedPlace, examineConditions } from './examine-conditions.ts';
import { examineFieldUnits } from './examine-field-units.ts';
import { examineThresholds } from './examine-thresholds.ts';
import { examineUse } from './examine-use.ts';
import {
  computesOf,
  knownReadings,
  knownResults,
  type NamedFacts,
  type ResultFacts,
} from './known-values.ts';

/**
 * Reports warnings on a rule that compiles, and gives what is known of its results: of what is computed of a window, else
 * of fields and `let`s. `isRead`: other rules read them; `upstream`: those of the rules that this one reads.
 */
export function examineRule(context: RuleContext, isRead: boolean, upstream: ResultFacts): NamedFacts {
  const { places, judged, results } = placesOf(context, upstream);
  for (const place of places) {
    for (const known of place.known)
      context.report.text(place.path, unitConflicts(place.node, known), 'warning');
    examineConditions(context, place);
  }
  examineThresholds(context, judged);
  examineFieldUnits(context);
  examineUse(context, isRead);
  return results;
}

interface Places {
  readonly places: readonly ExaminedPlace[];
  /** What is known where alerts are judged. */
  readonly judged: readonly Known[];
  readonly results: NamedFacts;
}

function placesOf(context: RuleContext, upstream: ResultFacts): Places {
  const { rule, devices } = context;
  const readings = devices.map((device) => knownReadings(rule, device, upstream));
  const every = readings.map((one) => one.every);
  const passing = readings.map((one) => one.passing);
  const computes = computesOf(rule);
  const windowed = rule.window ? knownResults(context, computes, readings) : undefined;
  const judged = windowed ? [windowed.known] : passing;
  const places: ExaminedPlace[] = [
    ...Object.entries(rule.let).map(([name, text]) => ({
      path: ['let', name],
      text,
      node: parse(text),
      known: every,
    })),
    ...(rule.where === undefined
      ? []
      : [
          {
            path: ['where'],
            text: rule.where,
            node: parse(rule.where),
            known: every,
            decides: 'where' as const,
          },
        ]),
    ...computes.flatMap(({ name, calls, rest }) => {
      const at = { path: ['compute', name], text: rule.compute[name]! };
      const inside = calls.flatMap(({ args }) => args).map((node) => ({ ...at, node, known: passing }));
      return [...inside, { ...at, node: rest, known: judged }];
    }),
    ...rule.alert.flatMap((alert, i) => conditionsOf(alert, i, judged)),
  ];
  return { places, judged, results: windowed?.names ?? joined(readings.map(({ names }) => names)) };
}

function conditionsOf(
  alert: { readonly when: string; readonly clear?: string },
  index: number,
  known: readonly Known[],
): ExaminedPlace[] {
  const place = (decides: 'when' | 'clear', text: string): ExaminedPlace => ({
    path: ['alert', index, decides],
    text,
    node: parse(text),
    known,
    decides,
  });
  return [place('when', alert.when), ...(alert.clear === undefined ? [] : [place('clear', alert.clear)])];
}

/** Of readings of several devices: a name may be of any of them. */
function joined(all: readonly NamedFacts[]): NamedFacts {
  const names = new Set(all.flatMap((one) => [...one.keys()]));
  const ofName = (name: string): Facts => all.flatMap((one) => one.get(name) ?? []).reduce(joinFacts);
  return new Map([...names].map((name) => [name, ofName(name)]));
}
