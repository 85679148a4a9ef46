/**
 * What is known of an expression's value before anything runs, and what else where a condition is true or false.
 *
 * An abstract interpretation over intervals (P. Cousot, R. Cousot, "Abstract interpretation", POPL 1977). Invariant:
 * sound: every value the expression can have, null apart, is among its facts. What a part does not tell is `unknown`;
 * so is every function this file has not heard of.
 * Not here: names, which the one who asks knows (`Known`); what to make of it (conditions.ts, unit-conflicts.ts).
 */

import { type Ast, print } from '../ast.ts';
import { factsOfFunction } from './function-facts.ts';
import {
  add,
  anything,
  divide,
  type Interval,
  interval,
  multiply,
  negate,
  nothing,
  remainder,
} from './interval.ts';
import {
  canBeFalse,
  canBeTrue,
  type Facts,
  hasValue,
  joinFacts,
  type Known,
  meetFacts,
  truth,
  truthOf,
  unknown,
} from './known.ts';
import { isComparison, mirrored, opposite, remaining } from './narrowing.ts';
import { fitsAny, ofSum, type Unit } from './units.ts';

export function factsOf(node: Ast, known: Known): Facts {
  const facts = ownFacts(node, known);
  const more = known.narrowed.size > 0 ? known.narrowed.get(print(node)) : undefined;
  return more ? meetFacts(facts, more) : facts;
}

function ownFacts(node: Ast, known: Known): Facts {
  switch (node.kind) {
    case 'literal':
      return factsOfLiteral(node.value);
    case 'name':
      return known.name(node.name) ?? unknown;
    case 'member':
      return (node.object.kind === 'name' && known.member(node.object.name, node.member)) || unknown;
    case 'unary':
      return factsOfUnary(node, known);
    case 'logical':
      return factsOfLogical(node, known);
    case 'conditional':
      return factsOfConditional(node, known);
    case 'binary':
      return factsOfBinary(node, known);
    case 'call': {
      const args = node.receiver ? [node.receiver, ...node.args] : node.args;
      return (
        known.call(node) ??
        factsOfFunction(
          node.name,
          args.map((arg) => factsOf(arg, known)),
        ) ??
        unknown
      );
    }
    default:
      return unknown;
  }
}

function factsOfLiteral(value: number | string | boolean | null): Facts {
  if (value === null) return { ...nothing, unit: fitsAny };
  if (typeof value === 'string') return { ...anything, texts: [value], unit: fitsAny };
  const number = Number(value);
  return { low: number, high: number, isWhole: Number.isInteger(number), unit: fitsAny };
}

function factsOfUnary({ operator, operand }: Ast & { kind: 'unary' }, known: Known): Facts {
  const facts = factsOf(operand, known);
  if (operator === '!') return truthOf(canBeFalse(facts), canBeTrue(facts));
  return withUnit(negate(facts), facts.unit);
}

/** The right side counts where the left one does not decide; each side may rule out what the other needs. */
function factsOfLogical({ operator, left, right }: Ast & { kind: 'logical' }, known: Known): Facts {
  const [one, other] = [factsOf(left, known), factsOf(right, known)];
  if (operator === '&&') {
    const canHold = canBeTrue(one) && canBeTrue(other) && bothCanBe(true, left, right, known);
    return truthOf(canHold, canBeFalse(one) || canBeFalse(other));
  }
  const canFail = canBeFalse(one) && canBeFalse(other) && bothCanBe(false, left, right, known);
  return truthOf(canBeTrue(one) || canBeTrue(other), canFail);
}

function bothCanBe(wanted: boolean, left: Ast, right: Ast, known: Known): boolean {
  if (known.isAssumption) return true;
  const can = wanted ? canBeTrue : canBeFalse;
  const fits = (node: Ast, given: Ast): boolean =>
    can(factsOf(node, { ...assume(given, wanted, known), isAssumption: true }));
  return fits(right, left) && fits(left, right);
}

function factsOfConditional({ test, yes, no }: Ast & { kind: 'conditional' }, known: Known): Facts {
  const tested = factsOf(test, known);
  const branches = [
    ...(canBeTrue(tested) ? [factsOf(yes, assume(test, true, known))] : []),
    ...(canBeFalse(tested) ? [factsOf(no, assume(test, false, known))] : []),
  ];
  return branches.length > 0 ? branches.reduce(joinFacts) : nothing;
}

type Binary = Ast & { readonly kind: 'binary' };

function factsOfBinary(node: Binary, known: Known): Facts {
  if (node.operator === 'in') return factsOfIn(node, known);
  const isOfNull = [node.left, node.right].some((side) => side.kind === 'literal' && side.value === null);
  if (isOfNull) return truth;
  const [a, b] = [factsOf(node.left, known), factsOf(node.right, known)];
  switch (node.operator) {
    case '+':
      return withUnit(add(a, b), ofSum(a.unit, b.unit));
    case '-':
      return withUnit(add(a, negate(b)), ofSum(a.unit, b.unit));
    case '*':
      return withUnit(multiply(a, b), ofConstants(a, b));
    case '/':
      return withUnit(divide(a, b), ofConstants(a, b));
    case '%':
      return withUnit(remainder(a, b), ofConstants(a, b));
    case '<':
      return less(a, b);
    case '>':
      return less(b, a);
    case '<=':
      return not(less(b, a));
    case '>=':
      return not(less(a, b));
    case '==':
      return equal(a, b);
    case '!=':
      return not(equal(a, b));
  }
}

/** Of products and quotients a unit is known only when both sides are constants. */
function ofConstants(a: Facts, b: Facts): Unit {
  return a.unit === fitsAny && b.unit === fitsAny ? fitsAny : undefined;
}

function withUnit(facts: Interval, unit: Unit): Facts {
  return unit === undefined ? facts : { ...facts, unit };
}

function not(facts: Facts): Facts {
  return hasValue(facts) ? truthOf(canBeFalse(facts), canBeTrue(facts)) : nothing;
}

function less(a: Facts, b: Facts): Facts {
  if (!hasValue(a) || !hasValue(b)) return nothing;
  return truthOf(a.low < b.high, a.high >= b.low);
}

function equal(a: Facts, b: Facts): Facts {
  if (!hasValue(a) || !hasValue(b)) return nothing;
  const both = meetFacts(a, b);
  return truthOf(hasValue(both), !(isOne(a) && isOne(b) && hasValue(both)));
}

/** Whether it has one value only. */
function isOne({ low, high, texts }: Facts): boolean {
  return texts ? texts.length === 1 : low === high;
}

function factsOfIn({ left, right }: Binary, known: Known): Facts {
  const value = factsOf(left, known);
  if (right.kind !== 'list') return truth;
  const found = right.items.map((item) => equal(value, factsOf(item, known)));
  if (!hasValue(value)) return nothing;
  return truthOf(found.some(canBeTrue), found.every(canBeFalse));
}

/** What is known where `node` is true (or, with `holds` false, is false; never where it is null). */
export function assume(node: Ast, holds: boolean, known: Known): Known {
  switch (node.kind) {
    case 'unary':
      return node.operator === '!' ? assume(node.operand, !holds, known) : known;
    case 'logical':
      return holds === (node.operator === '&&')
        ? assume(node.right, holds, assume(node.left, holds, known))
        : known;
    case 'binary':
      return assumeBinary(node, holds, known);
    case 'name':
    case 'member':
    case 'call':
      return narrow(known, node, interval(Number(holds), Number(holds), true));
    default:
      return known;
  }
}

function narrow(known: Known, node: Ast, facts: Facts): Known {
  if (node.kind === 'literal') return known;
  const key = print(node);
  const before = known.narrowed.get(key);
  const narrowed = new Map(known.narrowed).set(key, before ? meetFacts(before, facts) : facts);
  return { ...known, narrowed };
}

function assumeBinary(node: Binary, holds: boolean, known: Known): Known {
  const { operator, left, right } = node;
  if (operator === 'in') return holds ? assumeIn(left, right, known) : known;
  if (!isComparison(operator)) return known;
  const isOfNull = [left, right].some((side) => side.kind === 'literal' && side.value === null);
  if (isOfNull) return known;
  const [a, b] = [factsOf(left, known), factsOf(right, known)];
  const comparison = holds ? operator : opposite[operator];
  return narrow(
    narrow(known, left, remaining(comparison, a, b)),
    right,
    remaining(mirrored[comparison], b, a),
  );
}

function assumeIn(left: Ast, right: Ast, known: Known): Known {
  if (right.kind !== 'list') return known;
  const items = right.items.map((item) => factsOf(item, known));
  return narrow(known, left, items.length > 0 ? items.reduce(joinFacts) : nothing);
}
