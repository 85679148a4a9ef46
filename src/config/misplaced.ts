/**
 * Files that are of another kind than their folder, or lack their first line: one mistake for the whole file, in place of
 * one for each of its keys.
 */

import type { Diagnostic } from '../core/errors.ts';
import type { YamlFile } from './document.ts';
import { valueAt } from './issues.ts';
import type { KeyPath } from './located.ts';

/** What is wrong with a file of the devices folder as a whole. */
export function misplacedDevice(file: YamlFile): Diagnostic | undefined {
  const { value } = file;
  if (!has(value, 'device') && has(value, 'rules')) {
    return mistake(
      file,
      ['rules'],
      'this is a rule file, in the folder of devices',
      'move it to the folder `rules`',
    );
  }
  if (!Array.isArray(value)) return undefined;
  const message = 'a device file holds one device, not a list';
  return mistake(
    file,
    [],
    message,
    'write its keys without `- `, `device: NAME` first; one file for each device',
  );
}

/** What is wrong with a file of the rules folder as a whole. */
export function misplacedRules(file: YamlFile): Diagnostic | undefined {
  const { value } = file;
  if (has(value, 'rules')) return undefined;
  if (has(value, 'device')) {
    return mistake(
      file,
      ['device'],
      'this is a device file, in the folder of rules',
      'move it to the folder `devices`',
    );
  }
  const begin = 'a rule file begins with `rules:`';
  if (Array.isArray(value))
    return mistake(file, [], begin, 'write `rules:` above the list, and indent the list below it');
  if (!has(value, 'from')) return undefined;
  const remedy =
    'write `rules:` above, then the rule as an item of a list: `  - name: …`, its other keys below `name`';
  return mistake(file, [], begin, remedy);
}

function has(value: unknown, key: string): boolean {
  return valueAt(value, [key]) !== undefined;
}

function mistake(file: YamlFile, path: KeyPath, message: string, remedy: string): Diagnostic {
  return { severity: 'error', file: file.file, ...file.locateKey(path), message, remedy };
}
