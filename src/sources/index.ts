/** Every kind of source, by the word that `headgate.yaml` uses for it. */

import { startBroker } from './mqtt-broker.ts';
import { startMqttClient } from './mqtt-client.ts';
import { startSerial } from './serial.ts';

export const sources = { broker: startBroker, mqtt: startMqttClient, serial: startSerial };
