/**
 * Opens the sources that headgate.yaml names.
 *
 * Not here: what a source does with its bytes, and when all of them are closed (their signal).
 */

import type { DeviceProfile, Overload, SourceConfig } from '../config/schema.ts';
import { parseTopic } from '../config/topic.ts';
import type { UsersBySource } from '../config/users.ts';
import { GatewayError } from '../core/errors.ts';
import type { Pressure } from '../core/pressure.ts';
import { holdBack } from './hold-back.ts';
import { sources } from './index.ts';
import type { PublishOptions, Source, SourceContext } from './source.ts';

/** By name, in the order of the configuration. */
export type OpenSources = ReadonlyMap<string, Source>;

/** Opens one after the other and puts each into `opened`; rejects with the first that cannot be opened. */
export async function openSources(
  configs: Readonly<Record<string, SourceConfig>>,
  profiles: readonly DeviceProfile[],
  users: UsersBySource,
  pressure: Pressure,
  common: Omit<SourceContext, 'name' | 'subscriptions' | 'users'>,
  opened: Map<string, Source>,
): Promise<void> {
  for (const [name, config] of Object.entries(configs)) {
    const own = Object.hasOwn(users, name) ? { users: users[name]! } : {};
    const { ingest, counters } = holdBack(common.ingest, pressure, overloadOf(config));
    const context = { ...common, ...own, name, ingest, subscriptions: subscriptionsOf(name, profiles) };
    opened.set(name, alsoCounting(await open(config, context), counters));
  }
}

function overloadOf(config: SourceConfig): Overload {
  if ('broker' in config) return config.broker.overload;
  return 'mqtt' in config ? config.mqtt.overload : config.serial.overload;
}

function alsoCounting(source: Source, more: Readonly<Record<string, number>>): Source {
  return {
    ...source,
    status() {
      const status = source.status();
      return { ...status, counters: { ...status.counters, ...more } };
    },
  };
}

/** Frames that sources dropped because more arrived than could be processed. */
export function shedBy(sources: OpenSources): number {
  return [...sources.values()].reduce((sum, source) => sum + (source.status().counters.shed ?? 0), 0);
}

function open(config: SourceConfig, context: SourceContext): Promise<Source> {
  if ('broker' in config) return sources.broker(config.broker, context);
  if ('mqtt' in config) return sources.mqtt(config.mqtt, context);
  return sources.serial(config.serial, context);
}

/** The filters that the profiles want of a source; a profile that names no source wants every source's. */
export function subscriptionsOf(source: string, profiles: readonly DeviceProfile[]): string[] {
  const wanted = profiles.filter((profile) => profile.source === undefined || profile.source === source);
  return [...new Set(wanted.flatMap(({ topic }) => (topic === undefined ? [] : parseTopic(topic).filter)))];
}

/** Publishes through the source of a name; rejects when it is not open, cannot publish, or did not deliver. */
export function publishThrough(sources: OpenSources) {
  return async function publish(
    name: string,
    topic: string,
    payload: string | Buffer,
    options: PublishOptions,
  ): Promise<void> {
    const source = sources.get(name);
    if (source?.publish === undefined)
      throw new GatewayError(`source ${name} is not open, or cannot publish`);
    await source.publish(topic, payload, options);
  };
}
