/**
 * The demo's logger: warnings become notes of the view, instead of lines that would tear it.
 *
 * Invariant: bounded, and the same words once only.
 */

import type { Logger } from '../../core/log.ts';

const most = 3;

/** Adds the messages of warnings and errors to `notes`, at most a few; the oldest of its own give way. */
export function notesLogger(notes: string[]): Logger {
  const own: string[] = [];
  const note = (details: object, message: string): void => {
    const text = `${message}${causeOf(details)}`;
    // The notifier `log` logs alerts; the demo shows them as what they are.
    if ('alert' in details || own.includes(text)) return;
    if (own.length === most) notes.splice(notes.indexOf(own.shift()!), 1);
    own.push(text);
    notes.push(text);
  };
  return { debug() {}, info() {}, warn: note, error: note };
}

function causeOf(details: object): string {
  const cause = 'error' in details ? details.error : 'err' in details ? details.err : undefined;
  return cause instanceof Error ? `: ${cause.message}` : '';
}
