/** The kinds of notifiers. Adding one: a file, a line here, and the contract suite. */

import type { NotifierConfig } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import { createLogNotifier } from './log.ts';
import { createMqttNotifier } from './mqtt.ts';
import type { Notifier, NotifierContext } from './notifier.ts';
import { createWebhookNotifier } from './webhook.ts';

export const notifiers = {
  log: createLogNotifier,
  webhook: createWebhookNotifier,
  mqtt: createMqttNotifier,
};

/** The notifier that a configuration such as `{ webhook: { … } }` describes. */
export function createNotifier(config: NotifierConfig, context: NotifierContext): Notifier {
  const [kind, options] = Object.entries(config)[0] ?? [];
  if (kind === undefined || !(kind in notifiers)) {
    throw new GatewayError(`unknown kind of notifier: ${kind}`, {
      remedy: Object.keys(notifiers).join(', '),
    });
  }
  const create = notifiers[kind as keyof typeof notifiers] as (
    options: unknown,
    context: NotifierContext,
  ) => Notifier;
  return create(options, context);
}
