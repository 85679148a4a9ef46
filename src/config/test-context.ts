/** What checks of a test file share: the names around it, where mistakes go, and the words for near misses. */

import type { Diagnostic } from '../core/errors.ts';
import { closest } from '../core/suggest.ts';
import { type KeyPath, type LocatedFile, toDiagnostic } from './located.ts';
import type { Sources } from './rule-sources.ts';
import type { DeviceProfile, RuleConfig } from './schema.ts';
import type { Feed } from './test-schema.ts';
import { parseTopic } from './topic.ts';

export interface TestContext {
  readonly devices: ReadonlyMap<string, DeviceProfile>;
  readonly brokenDevices: readonly string[];
  /** Of the rule file. */
  readonly rules: ReadonlyMap<string, RuleConfig>;
  readonly sources: Sources;
  /** The rule file has mistakes: rules may be missing from `rules`. */
  readonly hasBrokenRules: boolean;
  readonly report: Report;
}

export interface Report {
  /** Errors so far. */
  errors(): number;
  at(keyPath: KeyPath, message: string, remedy: string, severity?: Diagnostic['severity']): void;
  atKey(keyPath: KeyPath, message: string, remedy: string): void;
  span(keyPath: KeyPath, start: number, end: number, message: string, remedy: string | undefined): void;
}

/** Adds to `diagnostics`. */
export function createReport(file: LocatedFile, diagnostics: Diagnostic[]): Report {
  return {
    errors: () => diagnostics.filter(({ severity }) => severity === 'error').length,
    at(keyPath, message, remedy, severity = 'error') {
      diagnostics.push({ severity, file: file.file, ...file.locate(keyPath), message, remedy });
    },
    atKey(keyPath, message, remedy) {
      diagnostics.push({ severity: 'error', file: file.file, ...file.locateKey(keyPath), message, remedy });
    },
    span(keyPath, start, end, message, remedy) {
      diagnostics.push(toDiagnostic(file, keyPath, start, end, message, remedy));
    },
  };
}

/** The nearest known name, or something else. */
export function didYouMean(name: string, known: readonly string[], otherwise: string): string {
  const near = closest(name, known);
  return near ? `did you mean \`${near}\`?` : otherwise;
}

/** All of them, as a remedy. */
export function listOf(what: string, names: readonly string[]): string {
  return names.length > 0 ? `${what}: ${names.slice(0, 20).join(', ')}` : `there are no ${what}`;
}

/** Tags a reading of the feed has: those of the profile with their constants and defaults, then the feed's. */
export function tagsOf({ tags }: Pick<Feed, 'tags'>, profile: DeviceProfile): ReadonlyMap<string, string> {
  const levels = profile.topic === undefined ? [] : parseTopic(profile.topic).tagNames;
  const own = Object.entries(profile.tags).map(([name, tag]): [string, string] => [
    name,
    'value' in tag ? tag.value : (tag.default ?? ''),
  ]);
  return new Map([...levels.map((name): [string, string] => [name, '']), ...own, ...Object.entries(tags)]);
}
