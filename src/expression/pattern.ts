/**
 * Regular expressions that cannot hang: the syntax of RE2, matched in time proportional to the text.
 *
 * Invariant: all ways through the pattern are followed side by side (Thompson 1968, R. Cox "Regular Expression Matching
 * Can Be Simple And Fast"), never one after the other, so no pattern makes a gateway stand still. Text is read by code
 * point. Not here: what part matched; only whether.
 */

import { GatewayError } from '../core/errors.ts';
import { type Pattern, parsePattern } from './pattern-syntax.ts';

/** Of the compiled pattern; a counted repetition is written out that often. */
export const maxSteps = 1000;

type Step =
  | { readonly kind: 'set'; readonly has: (codePoint: number) => boolean }
  | { readonly kind: 'edge'; readonly holds: (before: number, after: number) => boolean }
  | { readonly kind: 'fork'; readonly to: readonly number[] }
  | { readonly kind: 'match' };

/** Understands a pattern; throws `GatewayError` with a remedy. The result says whether a text contains a match. */
export function compilePattern(source: string): (text: string) => boolean {
  const steps: Step[] = [];
  emit(parsePattern(source), steps);
  steps.push({ kind: 'match' });
  return (text) => search(steps, text);
}

function push(steps: Step[], step: Step): number {
  if (steps.length >= maxSteps) {
    throw new GatewayError(
      `the pattern has more than ${maxSteps} steps once its repetitions are written out`,
      {
        remedy: 'repeat less, or use * and +',
      },
    );
  }
  return steps.push(step) - 1;
}

/** Appends the steps of a pattern; falling off their end is having matched it. */
function emit(pattern: Pattern, steps: Step[]): void {
  switch (pattern.kind) {
    case 'set':
    case 'edge':
      push(steps, pattern);
      return;
    case 'sequence':
      for (const item of pattern.items) emit(item, steps);
      return;
    case 'either':
      emitEither(pattern.options, steps);
      return;
    case 'repeat':
      emitTimes(pattern.item, pattern.min, steps);
      if (pattern.max === Number.POSITIVE_INFINITY) emitLoop(pattern.item, steps);
      else emitOptional(pattern.item, pattern.max - pattern.min, steps);
  }
}

function emitTimes(item: Pattern, times: number, steps: Step[]): void {
  const before = steps.length;
  for (let i = 0; i < times; i++) {
    emit(item, steps);
    // Nothing repeated is nothing: without this, nested repetitions of it would go on and on.
    if (steps.length === before) return;
  }
}

function emitEither(options: readonly Pattern[], steps: Step[]): void {
  const starts: number[] = [];
  const exits: number[][] = [];
  const fork = push(steps, { kind: 'fork', to: starts });
  for (const option of options) {
    starts.push(steps.length);
    emit(option, steps);
    const exit: number[] = [];
    push(steps, { kind: 'fork', to: exit });
    exits.push(exit);
  }
  for (const exit of exits) exit.push(steps.length);
  steps[fork] = { kind: 'fork', to: starts };
}

function emitLoop(item: Pattern, steps: Step[]): void {
  const to: number[] = [];
  const fork = push(steps, { kind: 'fork', to });
  to.push(steps.length);
  emit(item, steps);
  push(steps, { kind: 'fork', to: [fork] });
  to.push(steps.length);
}

function emitOptional(item: Pattern, times: number, steps: Step[]): void {
  const forks: number[][] = [];
  for (let i = 0; i < times; i++) {
    const to: number[] = [];
    push(steps, { kind: 'fork', to });
    to.push(steps.length);
    forks.push(to);
    emit(item, steps);
  }
  for (const to of forks) to.push(steps.length);
}

/** Stands for what is before the first and after the last character. */
const nothing = -1;

function search(steps: readonly Step[], text: string): boolean {
  const seen = new Int32Array(steps.length).fill(-1);
  let current: number[] = [];
  let next: number[] = [];
  let before = nothing;
  let position = 0;
  for (let i = 0; ; ) {
    const after = i < text.length ? text.codePointAt(i)! : nothing;
    // A match may begin here too: that makes the search unbound.
    current.push(0);
    next.length = 0;
    const live = follow(steps, current, seen, position, before, after);
    if (live === undefined) return true;
    if (after === nothing) return false;
    for (const at of live)
      if ((steps[at] as { has(codePoint: number): boolean }).has(after)) next.push(at + 1);
    [current, next] = [next, current];
    before = after;
    position += 1;
    i += after > 0xffff ? 2 : 1;
  }
}

/** The sets reachable from `from` without reading on; undefined when the end of the pattern is. */
function follow(
  steps: readonly Step[],
  from: number[],
  seen: Int32Array,
  position: number,
  before: number,
  after: number,
): number[] | undefined {
  const live: number[] = [];
  while (from.length > 0) {
    const at = from.pop()!;
    if (seen[at] === position) continue;
    seen[at] = position;
    const step = steps[at]!;
    if (step.kind === 'match') return undefined;
    if (step.kind === 'set') live.push(at);
    else if (step.kind === 'fork') from.push(...step.to);
    else if (step.holds(before, after)) from.push(at + 1);
  }
  return live;
}
