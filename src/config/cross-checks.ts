/**
 * Mistakes between files: names that lead nowhere, names given twice.
 *
 * Not here: what one file alone can tell.
 */

import type { Diagnostic } from '../core/errors.ts';
import { closest } from '../core/suggest.ts';
import { checkFrom, type FromMistake } from './from-checks.ts';
import type { KeyPath, LocatedDevice, LocatedFile, LocatedRule } from './located.ts';
import type { GatewayConfig } from './schema.ts';
import { show } from './shapes.ts';

/** What is checked against each other. */
export interface Parts {
  /** Absent when headgate.yaml has errors: names in it are not judged then. */
  readonly config?: GatewayConfig;
  readonly devices: readonly LocatedDevice[];
  /** Names of devices whose files have errors. */
  readonly brokenDevices: readonly string[];
  readonly rules: readonly LocatedRule[];
  /** Whether a rule of that name may be among those whose files have errors. */
  readonly mayBeBroken: (rule: string) => boolean;
  /** Names of rules that are not looked at. */
  readonly otherRules?: readonly string[];
}

/** All mistakes between the files; `gateway` is headgate.yaml. */
export function crossCheck(gateway: LocatedFile, parts: Parts): Diagnostic[] {
  const { config, devices, rules, mayBeBroken, otherRules = [] } = parts;
  const names = [...devices.map(({ device }) => device.device), ...parts.brokenDevices];
  const from = checkFrom({ devices: names, rules, mayBeBroken, otherRules });
  return [
    ...(config ? [...notifierSources(gateway, config), ...portsTwice(gateway, config)] : []),
    ...twiceNamed(
      'device',
      devices.map(({ file, device }) => ({ file, keyPath: ['device'], name: device.device })),
    ),
    ...twiceNamed(
      'rule',
      rules.map(({ file, keyPath, rule }) => ({ file, keyPath: [...keyPath, 'name'], name: rule.name })),
    ),
    ...(config ? devices.flatMap((device) => deviceSource(config, device)) : []),
    ...rules.flatMap((rule) => [...ofFrom(rule, from.get(rule)!), ...notifiersOf(parts, rule)]),
  ];
}

function at(
  file: LocatedFile,
  keyPath: KeyPath,
  message: string,
  remedy: string,
  severity: Diagnostic['severity'] = 'error',
): Diagnostic {
  return { severity, file: file.file, ...file.locate(keyPath), message, remedy };
}

/** `unknown source \`mqqt\`` with the nearest name, or all of them. */
function unknown(what: string, name: string, known: readonly string[]): [message: string, remedy: string] {
  const near = closest(name, known);
  const all = known.length > 0 ? `known: ${known.slice(0, 20).join(', ')}` : `there is no ${what} yet`;
  return [`unknown ${what} ${show(name)}`, near ? `did you mean \`${near}\`?` : all];
}

function notifierSources(gateway: LocatedFile, config: GatewayConfig): Diagnostic[] {
  return Object.entries(config.notify).flatMap(([name, notifier]) => {
    if (!('mqtt' in notifier)) return [];
    const path = ['notify', name, 'mqtt', 'source'];
    const wanted = notifier.mqtt.source;
    const source = Object.hasOwn(config.sources, wanted) ? config.sources[wanted] : undefined;
    if (!source) return [at(gateway, path, ...unknown('source', wanted, Object.keys(config.sources)))];
    if (!('serial' in source)) return [];
    return [
      at(
        gateway,
        path,
        `source \`${wanted}\` is a serial line: it cannot publish`,
        'name a broker or MQTT client',
      ),
    ];
  });
}

/** Listeners of one port of which the second could not listen. */
function portsTwice(gateway: LocatedFile, config: GatewayConfig): Diagnostic[] {
  const isAny = (host: string): boolean => host === '0.0.0.0' || host === '::';
  const ofBrokers = Object.entries(config.sources).flatMap(([name, source]) =>
    'broker' in source
      ? source.broker.listen.map((listen, i) => ({
          ...{ port: listen.port, host: listen.host, who: `source \`${name}\`` },
          path: ['sources', name, 'broker', 'listen', i, 'port'],
        }))
      : [],
  );
  const ofMetrics = (config.metrics?.listen ?? []).map((listen, i) => ({
    ...{ port: listen.port, host: listen.host, who: '`metrics`' },
    path: ['metrics', 'listen', i, 'port'],
  }));
  const all = [...ofBrokers, ...ofMetrics];
  return all.flatMap((one, index) => {
    const earlier = all
      .slice(0, index)
      .find(({ port, host }) => port === one.port && (host === one.host || isAny(host) || isAny(one.host)));
    if (one.port === 0 || !earlier) return [];
    const message = `port ${one.port} is already listened on by ${earlier.who}`;
    return [at(gateway, one.path, message, 'give each listener a `port` of its own')];
  });
}

interface Named {
  readonly file: LocatedFile;
  readonly keyPath: KeyPath;
  readonly name: string;
}

function twiceNamed(what: string, all: readonly Named[]): Diagnostic[] {
  const first = new Map<string, Named>();
  return all.flatMap((one) => {
    const earlier = first.get(one.name);
    if (!earlier) {
      first.set(one.name, one);
      return [];
    }
    const { line } = earlier.file.locate(earlier.keyPath);
    const message = `a second ${what} \`${one.name}\`; the first is in ${earlier.file.file}:${line}`;
    return [at(one.file, one.keyPath, message, 'give one of them another name')];
  });
}

function deviceSource(config: GatewayConfig, { file, device }: LocatedDevice): Diagnostic[] {
  const name = device.source;
  if (name === undefined) return device.topic === undefined ? takesAll(config, file) : [];
  const source = Object.hasOwn(config.sources, name) ? config.sources[name] : undefined;
  if (!source) return [at(file, ['source'], ...unknown('source', name, Object.keys(config.sources)))];
  const isSerial = 'serial' in source;
  if (isSerial && device.topic !== undefined) {
    return [
      at(file, ['topic'], `source \`${name}\` is a serial line: its frames have no topic`, 'remove `topic`'),
    ];
  }
  if (!isSerial && device.topic === undefined) {
    const message = `a device on MQTT source \`${name}\` needs a topic`;
    return [at(file, ['source'], message, 'add `topic: …`, such as bus/{vehicle}/state; # for every topic')];
  }
  return [];
}

function takesAll(config: GatewayConfig, file: LocatedFile): Diagnostic[] {
  if (Object.values(config.sources).every((source) => 'serial' in source)) return [];
  const message = 'without `source` and `topic` every frame of every source is taken for this device';
  return [at(file, ['device'], message, 'add `topic`, or the `source` of its serial line', 'warning')];
}

function ofFrom({ file, keyPath }: LocatedRule, mistakes: readonly FromMistake[]): Diagnostic[] {
  return mistakes.map(({ index, message, remedy }) => at(file, [...keyPath, 'from', index], message, remedy));
}

function notifiersOf({ config }: Parts, { file, keyPath, rule }: LocatedRule): Diagnostic[] {
  const wrong = (
    what: string,
    names: readonly string[],
    known: readonly string[],
    path: KeyPath,
  ): Diagnostic[] =>
    names.flatMap((name, i) =>
      known.includes(name) ? [] : [at(file, [...keyPath, ...path, i], ...unknown(what, name, known))],
    );
  const notifiers = config && Object.keys(config.notify);
  const wrongNotify = (names: readonly string[], path: KeyPath): Diagnostic[] =>
    notifiers ? wrong('notifier', names, notifiers, path) : [];
  return [
    ...rule.alert.flatMap(({ notify }, i) => wrongNotify(notify, ['alert', i, 'notify'])),
    ...wrongNotify(rule.silent?.notify ?? [], ['silent', 'notify']),
  ];
}
