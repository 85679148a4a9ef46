/**
 * Validated values that know where they stand in the files users wrote.
 *
 * Invariant: `locate` never throws and always gives a place inside the file: what a key path does not reach is
 * answered with the nearest enclosing value. Key paths are in the file's own words (`for`, not `forMs`).
 */

import type { Diagnostic } from '../core/errors.ts';
import type { DeviceProfile, RuleConfig } from './schema.ts';

/** From the top of the document: `['rules', 0, 'alert', 1, 'when']`. */
export type KeyPath = readonly (string | number)[];

/** Offsets into the text of a scalar as its reader sees it, after quotes and folding. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type Place = Pick<Diagnostic, 'line' | 'column' | 'length' | 'text'>;

export interface LocatedFile {
  /** As the user would type it. */
  readonly file: string;
  /** Absolute. */
  readonly path: string;
  /** Of the value, or of a span of its text. */
  locate(keyPath: KeyPath, span?: Span): Place;
  /** Of the key that leads to the value. */
  locateKey(keyPath: KeyPath): Place;
}

export interface LocatedDevice {
  readonly file: LocatedFile;
  readonly device: DeviceProfile;
}

export interface LocatedRule {
  readonly file: LocatedFile;
  /** Of the rule in its file: `['rules', 0]`. */
  readonly keyPath: KeyPath;
  readonly rule: RuleConfig;
}

/** A mistake in the text of one value (offsets as in `Span`) as a diagnostic. */
export function toDiagnostic(
  file: LocatedFile,
  keyPath: KeyPath,
  start: number,
  end: number,
  message: string,
  remedy: string | undefined,
  severity: Diagnostic['severity'] = 'error',
): Diagnostic {
  const place = file.locate(keyPath, { start, end });
  return { severity, file: file.file, ...place, message, ...(remedy !== undefined && { remedy }) };
}
