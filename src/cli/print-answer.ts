/** What a running gateway answered: for people as lines, for programs as it came. */

import { printableJson } from './text-width.ts';

/** `lines` makes the text for people, only when it is asked for. */
export function printAnswer(
  answer: unknown,
  lines: () => readonly string[],
  { format, stdout }: { readonly format: 'text' | 'json'; readonly stdout: NodeJS.WriteStream },
): void {
  const text = format === 'json' ? printableJson(answer, 2) : lines().join('\n');
  stdout.write(`${text}\n`);
}
