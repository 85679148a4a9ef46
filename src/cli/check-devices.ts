/** What the codecs know is wrong with a device profile: paths into payloads and time patterns that cannot be read. */

import { compileEach, compilePath, PathError } from '../codecs/path.ts';
import { compileTime } from '../codecs/time.ts';
import { type KeyPath, type LocatedDevice, toDiagnostic } from '../config/located.ts';
import { type Diagnostic, GatewayError } from '../core/errors.ts';

/** Diagnostics of all profiles, each at its place. */
export function checkDevices(devices: readonly LocatedDevice[]): Diagnostic[] {
  return devices.flatMap(checkDevice);
}

function checkDevice({ file, device }: LocatedDevice): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const attempt = (keyPath: KeyPath, text: string | undefined, compile: (text: string) => unknown): void => {
    try {
      if (text !== undefined) compile(text);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const { start, end } = error instanceof PathError ? error : { start: 0, end: text!.length };
      diagnostics.push(toDiagnostic(file, keyPath, start, end, error.message, error.remedy));
    }
  };
  attempt(['each'], device.each, compileEach);
  attempt(['time', 'path'], device.time?.path, compilePath);
  attempt(['time', 'format'], device.time?.format, (format) => compileTime(format, device.time!.zone));
  for (const [name, tag] of Object.entries(device.tags)) {
    if (!('path' in tag)) continue;
    const isShort = file.locate(['tags', name, 'path']).column === file.locateKey(['tags', name]).column;
    attempt(isShort ? ['tags', name] : ['tags', name, 'path'], tag.path, compilePath);
  }
  for (const [name, field] of Object.entries(device.fields))
    attempt(['fields', name, 'path'], field.path, compilePath);
  return diagnostics;
}
