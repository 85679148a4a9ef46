/** Conditions that can never be true, and those of alerts that are always true. */

import type { KeyPath } from '../../config/located.ts';
import { type Ast, childrenOf } from '../../expression/ast.ts';
import { isAlwaysTrue, neverTrueParts, type Reason, reasonOf } from '../../expression/facts/conditions.ts';
import { factsOf } from '../../expression/facts/facts.ts';
import { canBeTrue, type Known } from '../../expression/facts/known.ts';
import type { RuleContext } from '../rule-context.ts';

/** An expression of the rule, and what is known of its names: once for each device, or once of results. */
export interface ExaminedPlace {
  readonly path: KeyPath;
  /** As written; the offsets of the node are into it. */
  readonly text: string;
  readonly node: Ast;
  readonly known: readonly Known[];
  /** What it decides, when it is a condition that decides something. */
  readonly decides?: 'where' | 'when' | 'clear';
}

export function examineConditions(context: RuleContext, place: ExaminedPlace): void {
  const found = place.decides ? [place.node] : conditionsIn(place.node);
  for (const condition of found) examineCondition(context, place, condition);
}

/** The outermost conditions of a value: a test of `? :`, what `count` counts, a `let` that is true or false. */
function conditionsIn(node: Ast): readonly Ast[] {
  const isComparison = node.kind === 'binary' && !['+', '-', '*', '/', '%'].includes(node.operator);
  const isCondition =
    isComparison || node.kind === 'logical' || (node.kind === 'unary' && node.operator === '!');
  return isCondition ? [node] : childrenOf(node).flatMap(conditionsIn);
}

const neverWords = {
  where: ', so no reading counts',
  when: ', so this alert never fires',
  clear: ', so this alert never clears',
};

function examineCondition({ rule, report }: RuleContext, place: ExaminedPlace, condition: Ast): void {
  const { path, known, decides } = place;
  const [first, ...others] = known.map((one) => neverTrueParts(condition, one));
  const isSame = (a: Ast) => (b: Ast) => a.start === b.start && a.end === b.end;
  const dead = first!.filter((part) => others.every((parts) => parts.some(isSame(part))));
  const isNever = known.every((one) => !canBeTrue(factsOf(condition, one)));
  for (const part of dead) {
    const so = isNever && decides ? neverWords[decides] : '';
    tell(part, `${asWritten(part)} is never true${so}`);
  }
  const isAlways = decides && decides !== 'where' && known.every((one) => isAlwaysTrue(condition, one));
  if (isAlways) tell(condition, `${asWritten(condition)} is always true, so ${alwaysWords(decides)}`);

  function asWritten({ start, end }: Ast): string {
    const text = place.text.slice(start, end).replace(/\s+/g, ' ');
    return `\`${text.length > 60 ? `${text.slice(0, 59)}…` : text}\``;
  }

  function tell(node: Ast, what: string): void {
    const { why, remedy }: Reason = reasonOf(node, known[0]!);
    const message = why === '' ? what : `${what}: ${why}`;
    report.text(path, [{ message, start: node.start, end: node.end, remedy }], 'warning');
  }

  function alwaysWords(key: 'when' | 'clear'): string {
    if (key === 'clear') return 'this alert clears at the next result';
    const own = rule.alert[Number(path[1])]!;
    return own.clear === undefined ? 'this alert never clears' : 'this alert fires at once';
  }
}
