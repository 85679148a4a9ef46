/**
 * Diagnostics for people, with the line, a caret and the remedy; or as JSON for programs.
 *
 * Invariant: the caret stands under what is wrong, whatever tabs and wide characters stand before it.
 */

import type { Diagnostic } from '../core/errors.ts';
import { paint, type Style, wantsColours } from './table.ts';
import { printable, printableJson, widthOf } from './text-width.ts';

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Shows diagnostics and how many there are. */
export function printDiagnostics(diagnostics: readonly Diagnostic[], output: Output): void {
  const colours = wantsColours(output);
  const style = (name: Style, text: string): string => (colours ? paint(name, text) : text);
  const blocks = diagnostics.map((diagnostic) => `${block(diagnostic, style).join('\n')}\n`);
  if (blocks.length > 0) output.write(`${blocks.join('\n')}\n${countOf(diagnostics)}\n`);
}

/** An array, one object for each diagnostic; `endColumn` is that of the first character after it. */
export function printDiagnosticsAsJson(diagnostics: readonly Diagnostic[], output: Output): void {
  const told = diagnostics.map(({ severity, file, line, column, length, ...rest }) => ({
    ...{ severity, file, line, column, endColumn: column + length, length },
    ...rest,
  }));
  output.write(`${printableJson(told, 2)}\n`);
}

type Paint = (style: Style, text: string) => string;

function block(diagnostic: Diagnostic, style: Paint): string[] {
  const { file, line, column, severity, message, remedy, text } = diagnostic;
  const colour = severity === 'error' ? 'red' : 'yellow';
  const head = `${style('bold', printable(`${file}:${line}:${column}`))} ${style(colour, `${severity}:`)} ${printable(message)}`;
  const lines = text.trim() === '' ? [] : excerpt(diagnostic, (caret) => style(colour, caret));
  return [
    head,
    ...lines,
    ...(remedy === undefined ? [] : [`  ${style('green', 'remedy:')} ${printable(remedy)}`]),
  ];
}

/** Lines longer than this are shown in part. */
const longest = 160;
const tab = '    ';

function excerpt({ line, column, length, text }: Diagnostic, style: (caret: string) => string): string[] {
  const from = text.length > longest && column > longest / 2 ? column - 1 - longest / 4 : 0;
  const part = text.slice(from, from + longest);
  const before = shown(part.slice(0, column - 1 - from));
  const marked = shown(part.slice(column - 1 - from, column - 1 - from + length));
  const number = String(line);
  const lead = from > 0 ? '…' : '';
  const tail = from + longest < text.length ? '…' : '';
  const indent = ' '.repeat(widthOf(lead + before));
  const gap = ' '.repeat(number.length);
  return [
    `  ${number} | ${lead}${shown(part)}${tail}`,
    `  ${gap} | ${indent}${style('^'.repeat(Math.max(1, widthOf(marked))))}`,
  ];
}

function shown(text: string): string {
  return printable(text.replaceAll('\t', tab));
}

function countOf(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.length - errors;
  const parts = [
    ...(errors > 0 ? [count(errors, 'error')] : []),
    ...(warnings > 0 ? [count(warnings, 'warning')] : []),
  ];
  return parts.join(', ');
}

/** `1 rule`, `4 rules`. */
export function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
