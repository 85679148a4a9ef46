/**
 * Every kind of source, by the word that `headgate.yaml` uses for it.
 *
 * Loaded when one is opened: a gateway without serial lines is not slower and larger for their library.
 */

import type { BrokerConfig, MqttConfig, SerialConfig } from '../config/schema.ts';
import type { Source, SourceContext } from './source.ts';

type Open<Config> = (config: Config, context: SourceContext) => Promise<Source>;

const broker: Open<BrokerConfig> = async (config, context) =>
  (await import('./mqtt-broker.ts')).startBroker(config, context);

const mqtt: Open<MqttConfig> = async (config, context) =>
  (await import('./mqtt-client.ts')).startMqttClient(config, context);

const serial: Open<SerialConfig> = async (config, context) =>
  (await import('./serial.ts')).startSerial(config, context);

export const sources = { broker, mqtt, serial };
