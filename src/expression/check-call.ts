/** Checks a call: which function, how it is written, its arguments. Part of check.ts. */

import { GatewayError } from '../core/errors.ts';
import { closest } from '../core/suggest.ts';
import { type Ast, print } from './ast.ts';
import { apply, type Check, fitting, report } from './checking.ts';
import { type FunctionEntry, functionNamed, functions, type MadeFromConstant } from './functions.ts';
import type { Typed } from './typed.ts';
import { a, describe } from './wording.ts';

type Call = Ast & { kind: 'call' };

/** The typed form of a call; undefined when something is wrong, which is then reported. */
export function checkCall(node: Call, check: Check): Typed | undefined {
  const entry = functionNamed(node.name);
  if (!entry) return unknownFunction(node, check);
  if (!styleFits(node, entry, check)) return undefined;
  const nodes = node.receiver ? [node.receiver, ...node.args] : node.args;
  if (!countFits(node, nodes.length, entry, check)) return undefined;
  const args = nodes.map((arg) => check.part(arg));
  if (args.some((arg) => !arg)) return undefined;
  return applyEntry(node, entry, nodes, args as Typed[], check);
}

function unknownFunction(node: Call, check: Check): undefined {
  const misplaced = check.scope.misplacedFunction?.(node.name, print(node));
  const place = functionPlace(node);
  if (misplaced) return report(check, place, misplaced.message, misplaced.remedy);
  if (isNamespace(node.receiver) && functionNamed(node.name)) {
    return report(check, node, `\`${print(node.receiver)}\` is not needed`, `write ${node.name}(…)`);
  }
  const known = [...(check.scope.moreFunctions?.() ?? []), ...Object.keys(functions)];
  const near = closest(node.name, known);
  const otherwise = near ? `did you mean \`${near}\`?` : `known functions: ${known.join(', ')}`;
  const remedy = foreignName(node.name) ?? otherwise;
  return report(check, place, `unknown function \`${node.name}\``, remedy);
}

/** Functions of other languages → what to write here. */
const foreignNames: Readonly<Record<string, string>> = {
  mean: 'write avg(x)',
  average: 'write avg(x)',
  std: 'write stddev(x)',
  stdev: 'write stddev(x)',
  sd: 'write stddev(x)',
  var: 'write variance(x)',
  quantile: 'write percentile(x, 95)',
  p95: 'write percentile(x, 95)',
  p99: 'write percentile(x, 99)',
  log: 'write ln(x) or log10(x)',
  length: 'write size(text)',
  len: 'write size(text)',
  number: 'write double(text)',
  float: 'write double(text)',
  int: 'write double(text), or floor(x)',
  str: 'write string(x)',
  isnull: 'write x == null',
  exists: 'write has(x)',
  coalesce: 'write has(x) ? x : 0',
  ifnull: 'write has(x) ? x : 0',
  iif: 'write condition ? value : other',
  concat: 'join texts with +',
  between: 'write low <= x && x <= high',
  mod: 'write x % 2',
  power: 'write pow(x, y)',
  now: 'rules know no clock: time is that of readings, as in `window` and `for`',
  today: 'rules know no clock: time is that of readings, as in `window` and `active`',
};

function foreignName(name: string): string | undefined {
  const lower = name.toLowerCase();
  return Object.hasOwn(foreignNames, lower) ? foreignNames[lower] : undefined;
}

function isNamespace(receiver: Ast | undefined): receiver is Ast & { kind: 'name' } {
  return receiver?.kind === 'name' && ['math', 'strings', 'Math'].includes(receiver.name);
}

/** The name alone where it is easy to tell: at the start of a call. */
function functionPlace(node: Call): { start: number; end: number } {
  return node.receiver ? node : { start: node.start, end: node.start + node.name.length };
}

function styleFits(node: Call, entry: FunctionEntry, check: Check): boolean {
  if (entry.style === 'both' || (entry.style === 'method') === (node.receiver !== undefined)) return true;
  if (isNamespace(node.receiver)) {
    report(
      check,
      node,
      `\`${node.receiver.name}.\` is not needed`,
      `write ${node.name}(${node.args.map(print).join(', ')})`,
    );
    return false;
  }
  const [first, ...rest] = node.args;
  const remedy =
    entry.style === 'method' && first
      ? `write ${print({ ...node, receiver: first, args: rest })}`
      : entry.style === 'function' && node.receiver
        ? `write ${node.name}(${[node.receiver, ...node.args].map(print).join(', ')})`
        : `write ${entry.signature}`;
  const message =
    entry.style === 'method' ? 'is written after a text and a dot' : 'is not written after a dot';
  report(check, functionPlace(node), `\`${node.name}\` ${message}`, remedy);
  return false;
}

function countFits(node: Call, count: number, entry: FunctionEntry, check: Check): boolean {
  const wanted = 'make' in entry ? entry.takes.length : entry.overloads[0]!.arguments.length;
  const atLeast = 'make' in entry ? undefined : entry.variadic;
  if (count === wanted || (atLeast && count > wanted)) return true;
  // The text before the dot is no argument to someone who writes it.
  const written = node.receiver ? 1 : 0;
  const number = wanted - written;
  const message = `\`${node.name}\` takes ${atLeast ? 'at least ' : ''}${number} argument${number === 1 ? '' : 's'}, not ${count - written}`;
  report(check, node, message, `write ${entry.signature}`);
  return false;
}

function applyEntry(
  node: Call,
  entry: FunctionEntry,
  nodes: readonly Ast[],
  args: readonly Typed[],
  check: Check,
): Typed | undefined {
  if ('make' in entry) return applyMade(node, entry, nodes, args, check);
  if (entry.variadic) {
    const operation = entry.overloads[0]!;
    const wrong = wrongArgument(nodes, args, (arg) => arg.type !== operation.arguments[0]);
    if (wrong) return wrongType(node, entry, wrong, operation.arguments[0]!, check);
    return args.reduce((left, right) => apply(operation, [left, right]));
  }
  const operation = fitting(entry.overloads, args);
  if (operation) return apply(operation, args);
  const types = entry.overloads[0]!.arguments;
  const wrong = wrongArgument(nodes, args, (arg, i) => arg.type !== types[i])!;
  return wrongType(node, entry, wrong, types[wrong.index]!, check);
}

interface Wrong {
  readonly node: Ast;
  readonly typed: Typed;
  readonly index: number;
}

function wrongArgument(
  nodes: readonly Ast[],
  args: readonly Typed[],
  isWrong: (arg: Typed, index: number) => boolean,
): Wrong | undefined {
  const index = args.findIndex(isWrong);
  return index < 0 ? undefined : { node: nodes[index]!, typed: args[index]!, index };
}

function wrongType(
  node: Call,
  entry: { signature: string },
  wrong: Wrong,
  wanted: Typed['type'],
  check: Check,
): undefined {
  const message = `${describe(wrong.node)} is ${a(wrong.typed.type)}; \`${entry.signature}\` takes ${a(wanted)} there`;
  return report(check, wrong.node, message, conversionTo(wanted, wrong.node, node));
}

function conversionTo(wanted: Typed['type'], node: Ast, call: Call): string {
  if (wanted === 'string') return `write string(${print(node)})`;
  if (wanted === 'number') return `give \`${call.name}\` a number; double("…") reads one from a text`;
  return 'write a comparison';
}

function applyMade(
  node: Call,
  entry: FunctionEntry & MadeFromConstant,
  nodes: readonly Ast[],
  args: readonly Typed[],
  check: Check,
): Typed | undefined {
  const wrong = wrongArgument(nodes, args, (arg, i) => arg.type !== entry.takes[i]);
  if (wrong) return wrongType(node, entry, wrong, entry.takes[wrong.index]!, check);
  const last = args.at(-1)!;
  const lastNode = nodes.at(-1)!;
  if (last.kind !== 'constant' || last.value === null) {
    const message = `the last argument of \`${node.name}\` is a constant; ${describe(lastNode)} is not`;
    return report(check, lastNode, message, 'write it out, in quotes');
  }
  try {
    return apply(entry.make(last.value), args.slice(0, -1));
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return report(check, lastNode, error.message, error.remedy);
  }
}
