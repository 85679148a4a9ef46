/** How mistakes of types are put into words: a message and a remedy each. */

import type { ValueType } from '../core/types.ts';
import { type Ast, print } from './ast.ts';

export type Words = readonly [message: string, remedy: string];

const longest = 40;

/** A part of an expression, quoted as it is written. */
export function describe(node: Ast): string {
  const text = print(node);
  return `\`${text.length > longest ? `${text.slice(0, longest - 1)}…` : text}\``;
}

/** "a number" */
export function a(type: ValueType): string {
  return `a ${type}`;
}

const needs: Readonly<Record<string, string>> = {
  '+': 'adds numbers or joins strings',
  '-': 'works on numbers',
  '*': 'works on numbers',
  '/': 'works on numbers',
  '%': 'works on numbers',
  '<': 'compares numbers or strings',
  '<=': 'compares numbers or strings',
  '>': 'compares numbers or strings',
  '>=': 'compares numbers or strings',
  '&&': 'joins conditions',
  '||': 'joins conditions',
  '!': 'turns a condition round',
  '? :': 'starts with a condition',
};

/** An operand whose type the operator never takes. */
export function wrongOperand(operator: string, node: Ast, type: ValueType): Words {
  return [
    `${describe(node)} is ${a(type)}: \`${operator}\` ${needs[operator]}`,
    conversion(node, type, operator),
  ];
}

function conversion(node: Ast, type: ValueType, operator: string): string {
  if (['&&', '||', '!', '? :'].includes(operator)) {
    return type === 'number'
      ? `write ${sided(node)} != 0, or another comparison`
      : `write ${sided(node)} == "…"`;
  }
  if (type === 'string') return asDouble(node);
  const isChain = isComparison(operator) && node.kind === 'binary' && isComparison(node.operator);
  return isChain ? 'join two comparisons with &&: low < x && x < high' : `write ${asNumber(node)}`;
}

function isComparison(operator: string): boolean {
  return ['<', '<=', '>', '>=', '==', '!='].includes(operator);
}

/** How a text becomes a number. */
function asDouble(node: Ast): string {
  if (node.kind !== 'literal') return `write double(${print(node)})`;
  const isNumber = String(node.value).trim() !== '' && !Number.isNaN(Number(node.value));
  return isNumber ? `write ${String(node.value).trim()} without quotes` : 'write a number';
}

function sided(node: Ast): string {
  return ['name', 'literal', 'call', 'member'].includes(node.kind) ? print(node) : `(${print(node)})`;
}

function asNumber(node: Ast): string {
  return `(${print(node)} ? 1 : 0)`;
}

/** `50 < temp < 90`, as in mathematics; undefined for anything else. */
export function chained(node: Ast): Words | undefined {
  if (node.kind !== 'binary' || !isOrder(node.operator)) return undefined;
  const { left } = node;
  if (left.kind !== 'binary' || !isOrder(left.operator)) return undefined;
  const remedy = `write ${print(left)} && ${sided(left.right)} ${node.operator} ${sided(node.right)}`;
  return [`\`${node.operator}\` compares two values, not three`, remedy];
}

function isOrder(operator: string): boolean {
  return ['<', '<=', '>', '>='].includes(operator);
}

/** Two operands that the operator takes, but not together. */
export function mixedTypes(
  { operator, left, right }: { operator: string; left: Ast; right: Ast },
  leftType: ValueType,
  rightType: ValueType,
): Words {
  const verb = operator === '+' ? 'joins' : operator === '? :' ? 'chooses between' : 'compares';
  const message = `${describe(left)} is ${a(leftType)}, ${describe(right)} ${a(rightType)}: \`${operator}\` ${verb} two of one type`;
  return [message, mixedRemedy(operator, left, right, leftType, rightType)];
}

function mixedRemedy(
  operator: string,
  left: Ast,
  right: Ast,
  leftType: ValueType,
  rightType: ValueType,
): string {
  const types = new Set([leftType, rightType]);
  if (types.has('boolean')) {
    const [truth, other] = leftType === 'boolean' ? [left, right] : [right, left];
    const literal = other.kind === 'literal' && (operator === '==' || operator === '!=');
    return literal
      ? `a boolean is true or false: write ${print(truth)} or !${sided(truth)}`
      : `write ${asNumber(truth)}`;
  }
  const [text, number] = leftType === 'string' ? [left, right] : [right, left];
  if (operator === '+') return `write string(${print(number)}) to join texts, double(${print(text)}) to add`;
  if (number.kind !== 'literal') return asDouble(text);
  const quoted = `write "${print(number)}" in quotes`;
  return text.kind === 'literal' ? quoted : `${quoted}, or double(${print(text)})`;
}

/** A whole expression that is not of the type its place asks for. */
export function wantedType(wanted: { type: ValueType; what: string }, node: Ast, type: ValueType): Words {
  const noun = wanted.type === 'boolean' ? 'a condition' : a(wanted.type);
  const remedy =
    wanted.type === 'boolean'
      ? `compare it with something: ${sided(node)} ${type === 'string' ? '== "…"' : '> 0'}`
      : '';
  return [`${wanted.what} is ${noun}; ${describe(node)} is ${a(type)}`, remedy];
}
