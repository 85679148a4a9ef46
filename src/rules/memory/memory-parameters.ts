/** The constants of a call with memory: durations, numbers and counts, each within its bounds. */

import { formatDuration, parseDuration } from '../../config/duration.ts';
import { GatewayError } from '../../core/errors.ts';
import { type Ast, print } from '../../expression/ast.ts';
import type { ExpressionProblem } from '../../expression/error.ts';
import { constantOf } from '../constant.ts';
import type { MemoryEntry, MemoryParameter } from './memory-functions.ts';

type Call = Ast & { readonly kind: 'call' };
type Tell = (problem: ExpressionProblem) => void;

/** The value of each parameter, durations in ms; undefined when one is wrong, which `tell` is told. */
export function parametersOf(call: Call, entry: MemoryEntry, tell: Tell): readonly number[] | undefined {
  if (!countFits(call, entry, tell)) return undefined;
  const values = entry.parameters.map((parameter, i) => {
    const node = call.args[i + 1];
    return node === undefined ? parameter.default : readParameter(node, parameter, entry, tell);
  });
  return values.includes(undefined) ? undefined : (values as number[]);
}

function countFits(call: Call, { parameters, signature }: MemoryEntry, tell: Tell): boolean {
  const most = 1 + parameters.length;
  const least = 1 + parameters.filter((parameter) => parameter.default === undefined).length;
  const count = call.args.length;
  if (count >= least && count <= most) return true;
  const joined = most - least > 1 ? `${least} to ${most}` : `${least} or ${most}`;
  const wanted = least === most ? String(most) : joined;
  const noun = most === 1 ? 'argument' : 'arguments';
  const message = `\`${call.name}\` takes ${wanted} ${noun}, not ${count}`;
  tell({ message, start: call.start, end: call.end, remedy: `write ${signature}` });
  return false;
}

function readParameter(
  node: Ast,
  parameter: MemoryParameter,
  { signature }: MemoryEntry,
  tell: Tell,
): number | undefined {
  const wrong = (message: string, remedy: string): undefined => {
    tell({ message, start: node.start, end: node.end, remedy });
    return undefined;
  };
  const value = parameter.kind === 'duration' ? durationOf(node, wrong) : numberOf(node, parameter, wrong);
  if (value === undefined) return undefined;
  const { name, min, max, kind } = parameter;
  if (value >= min && value <= max && (kind !== 'count' || Number.isInteger(value))) return value;
  const shown = kind === 'duration' ? formatDuration : String;
  const what = kind === 'count' ? 'a whole number' : `a ${kind}`;
  const given = `${name} of \`${signature}\` is ${shown(value)}; it goes from ${shown(min)} to ${shown(max)}`;
  return wrong(given, `write ${what} from ${shown(min)} to ${shown(max)}`);
}

type Wrong = (message: string, remedy: string) => undefined;

function durationOf(node: Ast, wrong: Wrong): number | undefined {
  if (node.kind !== 'duration') return wrong(`\`${print(node)}\` is not a duration`, durationRemedy(node));
  try {
    return parseDuration(node.text);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return wrong(error.message, error.remedy ?? '');
  }
}

/** Whoever writes a bare number of seconds learns how to write it. */
function durationRemedy(node: Ast): string {
  const value = node.kind === 'literal' ? node.value : undefined;
  if (typeof value === 'string' && isDuration(value)) return `write ${value} without quotes`;
  if (typeof value !== 'number' || !isDuration(`${value}s`)) return 'write it out, such as 1h';
  const shortest = formatDuration(parseDuration(`${value}s`));
  return shortest === `${value}s` ? `write ${value}s` : `write ${value}s or ${shortest}`;
}

function isDuration(text: string): boolean {
  try {
    return parseDuration(text) > 0;
  } catch {
    return false;
  }
}

function numberOf(node: Ast, { name, min, max }: MemoryParameter, wrong: Wrong): number | undefined {
  const value = constantOf(node);
  if (typeof value === 'number') return value;
  return wrong(
    `\`${print(node)}\` is not a constant number`,
    `write ${name} out: a number from ${min} to ${max}`,
  );
}
