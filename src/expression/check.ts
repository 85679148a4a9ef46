/**
 * Checks an expression against a scope: names, types, arguments.
 *
 * Invariant: all mistakes of an expression are reported, each once, at its own place: a part that is wrong has no type,
 * and what is built on it is not judged. Not here: syntax (parse.ts), kernels (compile.ts).
 */

import { closest } from '../core/suggest.ts';
import type { ValueType } from '../core/types.ts';
import { type Ast, print } from './ast.ts';
import { checkCall } from './check-call.ts';
import { apply, type Check, fitting, report } from './checking.ts';
import type { ExpressionProblem } from './error.ts';
import { memberOf, type Operation } from './operation.ts';
import { absence, binaryOperations, complement, negation, presence, selections } from './operators.ts';
import type { Binding, Scope } from './scope.ts';
import type { Typed } from './typed.ts';
import { a, chained, describe, mixedTypes, wantedType, wrongOperand } from './wording.ts';

export interface Checked {
  /** Absent when the expression is wrong. */
  readonly typed?: Typed;
  readonly problems: readonly ExpressionProblem[];
}

/** Checks an expression; `wanted` is the type its place asks for: with `what` as in "`where` is a condition". */
export function check(node: Ast, scope: Scope, wanted?: { type: ValueType; what: string }): Checked {
  const problems: ExpressionProblem[] = [];
  const checking: Check = {
    scope,
    problems,
    partOrNull: (part) => typeOf(part, checking),
    part(part) {
      const typed = typeOf(part, checking);
      return typed === 'null'
        ? report(checking, part, 'null is no value to compute with', nullRemedy)
        : typed;
    },
  };
  const typed = checking.part(node);
  if (typed && wanted && typed.type !== wanted.type)
    report(checking, node, ...wantedType(wanted, node, typed.type));
  return typed && problems.length === 0 ? { typed, problems } : { problems };
}

const nullRemedy = 'test for it: x == null, x != null or has(x)';

function typeOf(node: Ast, check: Check): Typed | 'null' | undefined {
  switch (node.kind) {
    case 'literal':
      if (node.value === null) return 'null';
      return { kind: 'constant', type: typeof node.value as ValueType, value: node.value };
    case 'duration':
      return report(
        check,
        node,
        `\`${node.text}\` is a duration: only a function that asks for one takes it`,
        'write seconds as a number',
      );
    case 'name': {
      const binding = check.scope.resolve(node.name);
      return binding ? bound(binding) : unknownName(node, node.name, check);
    }
    case 'member':
      return checkMember(node, check);
    case 'unary':
      return checkUnary(node, check);
    case 'logical':
      return checkOperands(node, binaryOperations[node.operator], check);
    case 'binary':
      if (node.operator === 'in') return checkIn(node, check);
      if (node.operator === '==' || node.operator === '!=') return checkEquality(node, node.operator, check);
      return checkOperands(node, binaryOperations[node.operator], check);
    case 'conditional':
      return checkConditional(node, check);
    case 'call': {
      const binding = check.scope.resolveCall?.(node, (problem) => check.problems.push(problem));
      return binding ? bound(binding) : checkCall(node, check);
    }
    case 'list':
      return report(
        check,
        node,
        'a list is no value',
        'a list stands after `in`: state in ["open", "closed"]',
      );
  }
}

function bound(binding: Binding): Typed | undefined {
  switch (binding.kind) {
    case 'constant':
      return { kind: 'constant', type: typeof binding.value as ValueType, value: binding.value };
    case 'column':
      return binding;
    case 'tag':
      return { kind: 'tag', type: 'string', index: binding.index };
    case 'lookup':
      return { kind: 'lookup', type: binding.column.type, tag: binding.tag, column: binding.column };
    case 'broken':
      return undefined;
  }
}

/** Reports a name that the scope does not have, with what may have been meant. */
function unknownName(node: Ast, name: string, check: Check): undefined {
  const near = closest(name, check.scope.names());
  const all = listed(check.scope.names());
  const remedy =
    check.scope.hint?.(name) ??
    (near ? `did you mean \`${near}\`?` : (wordRemedy(name) ?? `known here: ${all || 'nothing'}`));
  return report(check, node, check.scope.unknown(name), remedy);
}

const mostListed = 50;

function listed(names: readonly string[]): string {
  const more = names.length - mostListed;
  return more > 0 ? `${names.slice(0, mostListed).join(', ')} and ${more} more` : names.join(', ');
}

const trueWords = /^(true|yes|on)$/i;
const falseWords = /^(false|no|off)$/i;

/** For words that mean something in YAML and other languages. */
function wordRemedy(name: string): string | undefined {
  if (trueWords.test(name)) return 'write true';
  return falseWords.test(name) ? 'write false' : undefined;
}

/** A part that is compared with another one: beside a text, a name that no one knows lacks its quotes, most likely. */
function partBeside(node: Ast, other: Typed | 'null' | undefined, check: Check): Typed | 'null' | undefined {
  const isText =
    other !== undefined && other !== 'null' && other.type === 'string' && other.kind !== 'constant';
  if (!isText || !isUnknownName(node, check) || closest(node.name, check.scope.names()))
    return check.partOrNull(node);
  if (check.scope.hint?.(node.name)) return check.partOrNull(node);
  return report(
    check,
    node,
    check.scope.unknown(node.name),
    `is it a text? write it in quotes: "${node.name}"`,
  );
}

function isUnknownName(node: Ast, check: Check): node is Ast & { kind: 'name' } {
  return node.kind === 'name' && !check.scope.resolve(node.name);
}

function checkMember(node: Ast & { kind: 'member' }, check: Check): Typed | undefined {
  if (node.object.kind === 'name') {
    const name = node.object.name;
    const binding = check.scope.resolveMember(name, node.member);
    if (binding) return bound(binding);
    if (!check.scope.resolve(name)) return unknownName(node, `${name}.${node.member}`, check);
  }
  if (!check.part(node.object)) return undefined;
  return report(
    check,
    node,
    `${describe(node.object)} has no parts`,
    'only a lookup table has columns; parts of a payload are fields of the device profile',
  );
}

function checkUnary(node: Ast & { kind: 'unary' }, check: Check): Typed | undefined {
  const operand = check.part(node.operand);
  if (!operand) return undefined;
  const operation = node.operator === '!' ? complement : negation;
  if (operand.type !== operation.arguments[0]) {
    return report(check, node.operand, ...wrongOperand(node.operator, node.operand, operand.type));
  }
  return apply(operation, [operand]);
}

type TwoSided = Ast & { kind: 'binary' | 'logical' };

function checkOperands(node: TwoSided, operations: readonly Operation[], check: Check): Typed | undefined {
  const left = check.part(node.left);
  const right = check.part(node.right);
  if (!left || !right) return undefined;
  const operation = fitting(operations, [left, right]);
  if (operation) return apply(operation, [left, right]);
  const chain = chained(node);
  if (chain) return report(check, node, ...chain);
  const takes = new Set(operations.map(({ arguments: args }) => args[0]));
  const wrong = [
    { side: node.left, type: left.type },
    { side: node.right, type: right.type },
  ].filter(({ type }) => !takes.has(type));
  for (const { side, type } of wrong) report(check, side, ...wrongOperand(node.operator, side, type));
  if (wrong.length === 0) report(check, node, ...mixedTypes(node, left.type, right.type));
  return undefined;
}

function checkEquality(node: TwoSided, operator: '==' | '!=', check: Check): Typed | undefined {
  const isTurned = isUnknownName(node.left, check);
  const [one, other] = isTurned ? [node.right, node.left] : [node.left, node.right];
  const first = check.partOrNull(one);
  const second = partBeside(other, first, check);
  const [left, right] = isTurned ? [second, first] : [first, second];
  if (!left || !right) return undefined;
  if (left !== 'null' && right !== 'null') return checkOperands(node, binaryOperations[operator], check);
  const tested = left === 'null' ? right : left;
  const type = tested === 'null' ? 'number' : tested.type;
  const operand: Typed = tested === 'null' ? { kind: 'constant', type, value: null } : tested;
  return apply(fitting(operator === '==' ? absence : presence, [operand])!, [operand]);
}

function checkIn(node: TwoSided, check: Check): Typed | undefined {
  const left = check.part(node.left);
  if (node.right.kind !== 'list') {
    const right = check.part(node.right);
    if (!left || !right) return undefined;
    return report(
      check,
      node.right,
      `\`in\` looks into a list; ${describe(node.right)} is ${a(right.type)}`,
      left.type === 'string' && right.type === 'string'
        ? `for a part of a text write ${print(node.right)}.contains(${print(node.left)})`
        : 'write x in [1, 2, 3]',
    );
  }
  const items = node.right.items.map((item) => ({
    item,
    typed: isUnknownName(item, check) ? (partBeside(item, left, check) as undefined) : check.part(item),
  }));
  if (!left || items.some(({ typed }) => !typed)) return undefined;
  const before = check.problems.length;
  for (const { item, typed } of items) {
    if (typed!.kind !== 'constant' || typed!.value === null) {
      report(
        check,
        item,
        `${describe(item)} is not a constant`,
        'compare it with ==, and join comparisons with ||',
      );
    } else if (typed!.type !== left.type) {
      const message = `${describe(item)} is ${a(typed!.type)}, ${describe(node.left)} ${a(left.type)}: never equal`;
      report(check, item, message, 'write values of one type');
    }
  }
  if (check.problems.length > before) return undefined;
  const values = items.map(({ typed }) => (typed as Typed & { kind: 'constant' }).value!);
  return apply(memberOf(left.type, values), [left]);
}

function checkConditional(node: Ast & { kind: 'conditional' }, check: Check): Typed | undefined {
  const test = check.part(node.test);
  const yes = check.partOrNull(node.yes);
  const no = check.partOrNull(node.no);
  if (test && test.type !== 'boolean') report(check, node.test, ...wrongOperand('? :', node.test, test.type));
  if (!test || !yes || !no || test.type !== 'boolean') return undefined;
  if (yes === 'null' && no === 'null')
    return report(check, node, 'both branches are null', 'give one of them a value');
  const type = yes !== 'null' ? yes.type : (no as Typed).type;
  const branches = [yes, no].map(
    (branch): Typed => (branch === 'null' ? { kind: 'constant', type, value: null } : branch),
  );
  const operation = fitting(selections, [test, ...branches]);
  if (operation) return apply(operation, [test, ...branches]);
  return report(
    check,
    node,
    ...mixedTypes({ operator: '? :', left: node.yes, right: node.no }, branches[0]!.type, branches[1]!.type),
  );
}
