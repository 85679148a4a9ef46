/**
 * Publishes what the depot says over real MQTT (QoS 1), each device on a connection of its own.
 *
 * Not here: when to publish what; the caller hands over what is due.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Message } from './bus.ts';

export interface Publisher {
  /** Hands messages to the connections; those of a broken one are lost, as they would be on a real bus. */
  publish(messages: readonly Message[]): void;
  /** Messages the broker has not acknowledged yet. */
  readonly pending: number;
  close(): Promise<void>;
}

const patienceMs = 1000;

/** Connects every sender to the broker at 127.0.0.1:`port`; rejects when it cannot. */
export async function openPublisher(port: number, senders: readonly string[]): Promise<Publisher> {
  const clients = new Map<string, MqttClient>();
  await Promise.all(
    senders.map(async (sender) => {
      const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
        clientId: sender,
        queueQoSZero: false,
        reconnectOnConnackError: true,
      });
      // Without a listener a lost connection would end the process; the client connects again by itself.
      client.on('error', () => {});
      clients.set(sender, client);
    }),
  );
  let pending = 0;
  let closed = false;
  // Also called with an error: then the message is lost with its connection, and the gateway counts what it got.
  const done = (): void => {
    pending -= 1;
  };
  return {
    publish(messages) {
      for (const { sender, topic, payload } of messages) {
        const client = clients.get(sender);
        if (!client?.connected) continue;
        pending += 1;
        client.publish(topic, payload, { qos: 1 }, done);
      }
    },
    get pending() {
      return closed ? 0 : pending;
    },
    async close() {
      // With a farewell where the broker still answers.
      const endMs = performance.now() + patienceMs;
      while (pending > 0 && performance.now() < endMs) await delay(10);
      const isStuck = pending > 0;
      closed = true;
      await Promise.all([...clients.values()].map((client) => client.endAsync(isStuck)));
    },
  };
}
