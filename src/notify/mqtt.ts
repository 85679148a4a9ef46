/** Alerts as MQTT messages, published through one of the gateway's sources. */

import type { MqttNotifierConfig } from '../config/schema.ts';
import { sleep } from '../core/backoff.ts';
import type { Alert } from '../core/types.ts';
import { messageBody, type Notifier, type NotifierContext, Rejected } from './notifier.ts';

/** A message that the broker never acknowledges is sent again; receivers know it by its id. */
const publishTimeoutMs = 30_000;
/** [MQTT-1.5.3]: a string has at most this many bytes. */
const maxTopicBytes = 65_535;

export function createMqttNotifier(config: MqttNotifierConfig, context: NotifierContext): Notifier {
  const { source, qos, retain } = config;
  return async (alert, signal) => {
    const topic = topicOf(config.topic, alert);
    if (Buffer.byteLength(topic) > maxTopicBytes)
      throw new Rejected(`topic longer than ${maxTopicBytes} bytes`);
    const published = context.publish(source, topic, messageBody(alert, context.gateway), { qos, retain });
    await settled(published, signal);
  };
}

/** Publishing knows no signal: whoever waits for it may be told to stop waiting. */
async function settled(published: Promise<void>, signal: AbortSignal): Promise<void> {
  const given = new AbortController();
  const either = AbortSignal.any([signal, given.signal]);
  const late = sleep(publishTimeoutMs, either).then(() => {
    throw new Error(signal.aborted ? 'stopped' : `not acknowledged within ${publishTimeoutMs / 1000} s`);
  });
  try {
    await Promise.race([published, late]);
  } finally {
    given.abort();
  }
}

/**
 * The topic of an alert: `{severity}`, `{rule}`, `{state}`, `{id}` and key tags filled in, each as one level at most.
 * A key tag of such a name is hidden; a name that the alert does not have is filled as `_`.
 */
export function topicOf(template: string, alert: Alert): string {
  const { severity, rule, state, id } = alert;
  const values = new Map(Object.entries({ ...alert.key, severity, rule, state, id }));
  return template.replace(/\{([^{}]*)\}/g, (_braces, name: string) => asLevel(values.get(name) ?? ''));
}

/** [MQTT-4.7.1-1], [MQTT-4.7.3-2]: no wildcards and no NUL in a topic; no `/`, which would make more levels. */
function asLevel(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: receivers may refuse them [MQTT-1.5.3-2]
  const level = text.toWellFormed().replace(/[+#/\u0000-\u001f\u007f-\u009f]/g, '_');
  // A first level that begins with `$` belongs to the broker [MQTT-4.7.2-1].
  return level === '' ? '_' : level.replace(/^\$/, '_');
}
