/** Findings of a connection test, as people read them. */

import type { Finding } from '../outbox/probe.ts';
import { printable } from './text-width.ts';

export function findingsText(findings: readonly Finding[]): string {
  return findings.map(textOf).join('');
}

function textOf({ state, words, remedy }: Finding): string {
  const advice = remedy === undefined ? '' : `        remedy: ${printable(remedy)}\n`;
  return `  ${state.padEnd(5)} ${printable(words)}\n${advice}`;
}
