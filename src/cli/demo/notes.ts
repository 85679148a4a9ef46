/**
 * The demo's logger: warnings become notes of the view, instead of lines that would tear it.
 *
 * Invariant: bounded, and the same words once only; the note on a target goes when the target is good again.
 */

import type { Logger } from '../../core/log.ts';

const most = 3;

/** Adds the messages of warnings and errors to `notes`, at most a few; the oldest of its own give way. */
export function notesLogger(notes: string[]): Logger {
  const own: string[] = [];
  const remove = (text: string): void => {
    if (!own.includes(text)) return;
    own.splice(own.indexOf(text), 1);
    notes.splice(notes.indexOf(text), 1);
  };
  const byTarget = new Map<string, string>();
  const note = (details: object, message: string): void => {
    const text = `${targetOf(details)}${message}${causeOf(details)}`;
    if ('target' in details) byTarget.set(String(details.target), text);
    // The notifier `log` logs alerts; the demo shows them as what they are.
    if ('alert' in details || own.includes(text)) return;
    if (own.length === most) remove(own[0]!);
    own.push(text);
    notes.push(text);
  };
  const good = (details: object): void => {
    if ('target' in details) remove(byTarget.get(String(details.target)) ?? '');
  };
  return { debug() {}, info: good, warn: note, error: note };
}

function targetOf(details: object): string {
  return 'target' in details ? `${details.target}: ` : '';
}

function causeOf(details: object): string {
  const cause = 'error' in details ? details.error : 'err' in details ? details.err : undefined;
  if ('why' in details) return `: ${details.why}`;
  return cause instanceof Error ? `: ${cause.message}` : '';
}
