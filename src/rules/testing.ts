/** Rules and devices for tests, out of the YAML that users write; lookup tables out of a map. */

import assert from 'node:assert/strict';
import { deviceSchema } from '../config/device-schema.ts';
import { readYaml } from '../config/document.ts';
import type { LocatedRule } from '../config/located.ts';
import { ruleFileSchema } from '../config/rule-schema.ts';
import type { DeviceProfile } from '../config/schema.ts';
import { validate } from '../config/validate.ts';
import { type CompiledRules, compileRules } from './compile.ts';
import { diagnosticOf } from './problem.ts';

export const rulesFolder = '/site/rules';

export function rulesOf(text: string): LocatedRule[] {
  const file = readYaml('rules/test.yaml', `${rulesFolder}/test.yaml`, text);
  const { value, diagnostics } = validate('rules', ruleFileSchema, file);
  assert.deepEqual(diagnostics, []);
  return value!.rules.map((rule, i) => ({ file, keyPath: ['rules', i], rule }));
}

export function deviceOf(text: string): DeviceProfile {
  const file = readYaml('devices/test.yaml', '/site/devices/test.yaml', text);
  const { value, diagnostics } = validate('device', deviceSchema, file);
  assert.deepEqual(diagnostics, []);
  return value!;
}

/** Two devices with a field of each type, and one name of two types between them. */
export const press = deviceOf(`
device: press
topic: plant/{hall}/{machine}
codec: json
fields: { temp: {}, load: {}, door: { type: boolean }, state: { type: string } }
`);
export const lathe = deviceOf(`
device: lathe
topic: lathe/{machine}
codec: json
fields: { temp: { type: string }, load: {} }
`);

/** Compiles rules; `files` are texts by their path below the rules folder. */
export function compileText(
  rules: string,
  devices: readonly DeviceProfile[],
  files: Readonly<Record<string, string>> = {},
): CompiledRules {
  return compileRules(rulesOf(rules), devices, {
    gateway: 'depot',
    limits: { seriesPerRule: 1000 },
    rulesFolders: [rulesFolder],
    readTable(path) {
      const text = files[path.slice(rulesFolder.length + 1)];
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return text;
    },
  });
}

/** Problems as `message → remedy`, each with the text of its file that is marked. */
export function toldOf({ problems }: CompiledRules): string[] {
  return problems.map((problem) => {
    const { text, column, length, message, remedy } = diagnosticOf(problem);
    const mark = text.slice(column - 1, column - 1 + length);
    return `[${mark}] ${message} → ${remedy}`;
  });
}
