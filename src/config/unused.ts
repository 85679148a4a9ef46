/**
 * What the files define and no rule uses: devices, notifiers. Warnings: it may be meant so, for now.
 *
 * Invariant: nothing is said while there is no rule, or one may be among the files that have errors.
 */

import type { Diagnostic } from '../core/errors.ts';
import type { LocatedDevice, LocatedFile, LocatedRule } from './located.ts';
import type { GatewayConfig } from './schema.ts';

export interface UsedParts {
  readonly config?: GatewayConfig;
  readonly devices: readonly LocatedDevice[];
  readonly rules: readonly LocatedRule[];
}

/** `gateway` is headgate.yaml. */
export function unusedParts(gateway: LocatedFile, { config, devices, rules }: UsedParts): Diagnostic[] {
  if (rules.length === 0) return [];
  const read = new Set(rules.flatMap(({ rule }) => rule.from));
  const told = new Set(
    rules
      .flatMap(({ rule: { alert, silent } }) => [...alert, ...(silent ? [silent] : [])])
      .flatMap(({ notify }) => notify),
  );
  return [
    ...devices.filter(({ device }) => !read.has(device.device)).map(unreadDevice),
    ...Object.keys(config?.notify ?? {})
      .filter((name) => name !== 'log' && !told.has(name))
      .map((name) => unusedNotifier(gateway, name)),
  ];
}

function unreadDevice({ file, device }: LocatedDevice): Diagnostic {
  return {
    ...{ severity: 'warning', file: file.file, ...file.locate(['device']) },
    message: `no rule reads device \`${device.device}\`: its readings go nowhere`,
    remedy: `name it under \`from\` of a rule; \`{ name: ${device.device}, from: ${device.device} }\` alone sends all its readings on`,
  };
}

function unusedNotifier(gateway: LocatedFile, name: string): Diagnostic {
  return {
    ...{ severity: 'warning', file: gateway.file, ...gateway.locateKey(['notify', name]) },
    message: `no rule notifies \`${name}\``,
    remedy: `add \`notify: ${name}\` to an alert, or remove it`,
  };
}
