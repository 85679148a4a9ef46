/**
 * What a fleet says: JSON with a time and four fields that wander as measured values do, each message another one.
 *
 * Invariant: reproducible. Message `i` is of topic `i mod topics`, so no topic says two things at the same time.
 */

import { generate } from 'mqtt-packet';

export interface Encoded {
  readonly packet: Buffer;
  /** Of its payload. */
  readonly jsonBytes: number;
}

/** Message i as it goes over the wire. */
export type Fleet = (i: number, eventMs: number) => Encoded;

export function createFleet(topics: readonly string[], qos: 0 | 1): Fleet {
  const random = createRandom(7);
  const vehicles = topics.map(() => ({ temp: 60 + random() * 20, speed: random() * 60, passengers: 20 }));
  return (i, eventMs) => {
    const place = i % topics.length;
    const vehicle = vehicles[place]!;
    vehicle.temp += (random() - 0.5) * 0.4;
    vehicle.speed = Math.abs(vehicle.speed + (random() - 0.5) * 6);
    if (random() < 0.1) vehicle.passengers = Math.floor(random() * 60);
    const payload = JSON.stringify({
      ts: eventMs,
      temp: Math.round(vehicle.temp * 10) / 10,
      speed: Math.round(vehicle.speed * 10) / 10,
      passengers: vehicle.passengers,
      door: random() < 0.2,
    });
    const common = { cmd: 'publish', topic: topics[place]!, payload, dup: false, retain: false } as const;
    const packet = qos === 0 ? { ...common, qos } : { ...common, qos, messageId: (i % 65_535) + 1 };
    return { packet: generate(packet), jsonBytes: payload.length };
  };
}

/** mulberry32: uniform in [0, 1), the same numbers for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The device that sends them, to `fleet/bus/{vehicle}/telemetry`. */
export const busDevice = deviceYaml('bus', 'fleet/bus/{vehicle}/telemetry');

export function deviceYaml(name: string, topic: string): string {
  return `device: ${name}
topic: ${topic}
codec: json
time: { path: ts, format: unix_ms }
fields:
  temp: { unit: degC }
  speed: { unit: km/h }
  passengers: { type: integer }
  door: { type: boolean }
`;
}

export function busTopics(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `fleet/bus/${i}/telemetry`);
}

/** A one-minute aggregate for each topic. */
export const minuteRule = `rules:
  - name: bus-minute
    from: bus
    where: temp > -40
    window: { tumbling: 1m }
    compute:
      readings: count()
      temp_avg: avg(temp)
      temp_max: max(temp)
      passengers_max: max(passengers)
`;
