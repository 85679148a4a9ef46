/**
 * Publishes what the depot says over real MQTT, each device on a connection of its own.
 *
 * Not here: when to publish what; the caller hands over what is due.
 */

import { connectAsync, type MqttClient } from 'mqtt';
import type { Message } from './bus.ts';

export interface Publisher {
  /** Hands messages to the connections; those of a broken one are lost, as they would be on a real bus. */
  publish(messages: readonly Message[]): void;
  close(): Promise<void>;
}

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
  return {
    publish(messages) {
      for (const { sender, topic, payload, qos } of messages) {
        const client = clients.get(sender);
        if (client?.connected) client.publish(topic, payload, { qos }, ignore);
      }
    },
    close: async () => void (await Promise.all([...clients.values()].map((client) => client.endAsync(true)))),
  };
}

/** A publish that fails is lost with its connection; the gateway counts what it got. */
function ignore(): void {}
