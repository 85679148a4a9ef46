/**
 * Values of two units that are added, subtracted, compared or chosen between.
 *
 * Invariant: both units are written down in a profile, or follow from it; constants fit any unit.
 */

import { type Ast, childrenOf } from '../ast.ts';
import type { ExpressionProblem } from '../error.ts';
import { describe } from '../wording.ts';
import { factsOf } from './facts.ts';
import type { Known } from './known.ts';
import { differ, type Unit } from './units.ts';

/** All of an expression, each once, the inner ones first. */
export function unitConflicts(node: Ast, known: Known): readonly ExpressionProblem[] {
  const inner = childrenOf(node).flatMap((child) => unitConflicts(child, known));
  const pair = conflictIn(togetherIn(node), known);
  return pair ? [...inner, explain(node, pair)] : inner;
}

/** Parts of a node that have to be of one unit. */
function togetherIn(node: Ast): readonly Ast[] {
  switch (node.kind) {
    case 'binary':
      return ['*', '/', '%', 'in'].includes(node.operator) ? [] : [node.left, node.right];
    case 'conditional':
      return [node.yes, node.no];
    case 'call':
      return ['least', 'greatest', 'clamp'].includes(node.name) ? node.args : [];
    default:
      return [];
  }
}

interface Side {
  readonly node: Ast;
  readonly unit: Unit;
}

function conflictIn(parts: readonly Ast[], known: Known): [Side, Side] | undefined {
  const sides = parts
    .map((node): Side => ({ node, unit: factsOf(node, known).unit }))
    .filter(({ unit }) => unit);
  const [first] = sides;
  const other = first && sides.find(({ unit }) => differ(first.unit, unit));
  return other && [first, other];
}

const verbs: Readonly<Record<string, string>> = { '+': 'adds', '-': 'subtracts' };

function explain({ start, end, ...node }: Ast, [one, other]: [Side, Side]): ExpressionProblem {
  const sign = node.kind === 'binary' ? node.operator : node.kind === 'call' ? node.name : '? :';
  const verb = verbs[sign] ?? (node.kind === 'binary' ? 'compares' : 'chooses between');
  const message = `${describe(one.node)} is in ${one.unit}, ${describe(other.node)} in ${other.unit}: \`${sign}\` ${verb} values of one unit`;
  const remedy = 'convert one of them, or correct its `unit` in the device profile';
  return { message, start, end, remedy };
}
