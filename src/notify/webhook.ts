/**
 * Alerts as HTTP POSTs of JSON. The header `Idempotency-Key` is the alert's id: the same for the same change, however
 * often it is sent (draft-ietf-httpapi-idempotency-key-header).
 */

import type { WebhookConfig } from '../config/schema.ts';
import { messageOf } from '../core/errors.ts';
import { retryAfterMs } from '../core/retry-after.ts';
import { messageBody, type Notifier, type NotifierContext, Rejected, TryLater } from './notifier.ts';

/** Longest wait a receiver may ask for. */

/** 2xx: arrived. Other 4xx than 408, 425 and 429: rejected. Everything else: later, or when Retry-After says. */
export function createWebhookNotifier(config: WebhookConfig, context: NotifierContext): Notifier {
  return async (alert, signal) => {
    const response = await post(config, messageBody(alert, context.gateway), alert.id, signal);
    // The answer's text is nobody's concern, and may be endless.
    await response.body?.cancel();
    if (response.ok) return;
    const { status, headers } = response;
    const text = `answered ${status} ${response.statusText}`.trimEnd();
    if (status >= 400 && status < 500 && ![408, 425, 429].includes(status)) throw new Rejected(text);
    const afterMs = retryAfterMs(headers.get('retry-after'), headers.get('date'), Date.now());
    throw afterMs === undefined ? new Error(text) : new TryLater(text, afterMs);
  };
}

async function post(config: WebhookConfig, body: string, id: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(config.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...config.headers, 'Idempotency-Key': id },
      body,
      // Following would turn some redirects into a GET that looks like success.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(config.timeoutMs)]),
    });
  } catch (error) {
    throw new Error(networkWords(error, config.timeoutMs));
  }
}

/** `fetch` says "fetch failed" and hides the reason in causes. */
function networkWords(error: unknown, timeoutMs: number): string {
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return `no answer within ${timeoutMs / 1000} s`;
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  return messageOf(first ?? error);
}
