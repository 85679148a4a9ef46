/**
 * What a source is: it takes bytes from outside, hands each frame to the journal, and acknowledges its sender only
 * as the journal allows.
 *
 * Invariant: nothing a peer does makes a source throw or give up; a source ends only by its signal.
 * Not here: what the bytes mean.
 */

import type { Limits } from '../config/schema.ts';
import type { UserConfig } from '../config/users-schema.ts';
import type { Logger } from '../core/log.ts';
import type { Ingest, OpenHandshakes } from '../core/types.ts';

export interface SourceContext {
  readonly name: string;
  readonly ingest: Ingest;
  /** QoS 2 messages that the journal has and whose PUBREL is due. */
  readonly handshakes: OpenHandshakes;
  /** MQTT filters that the device profiles want of this source. */
  readonly subscriptions: readonly string[];
  /** Of a broker that has users. */
  readonly users?: readonly UserConfig[];
  readonly limits: Limits;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Of the gateway, for sources that have no `client_id` of their own. */
  readonly clientId: string;
}

export interface Source {
  readonly name: string;
  readonly kind: 'broker' | 'mqtt' | 'serial';
  /** Of the listeners, in their order; known even where 0 (any free port) was asked for. */
  readonly ports?: readonly number[];
  status(): SourceStatus;
  /** Resolves when stopped completely after the signal aborted. */
  readonly closed: Promise<void>;
  /** Rejects when not delivered. What the gateway publishes itself is never ingested by the same source's broker. */
  publish?(topic: string, payload: string | Buffer, options: PublishOptions): Promise<void>;
  /** Replaces the subscriptions, after a reload. */
  subscribe?(filters: readonly string[]): void;
  /** Replaces the users, after a reload; ends connections of those that are gone or log in by something else now. */
  replaceUsers?(users: readonly UserConfig[]): void;
}

export interface PublishOptions {
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

export interface SourceStatus {
  readonly state: 'listening' | 'connected' | 'connecting' | 'open' | 'waiting' | 'closed';
  /** For people: "127.0.0.1:1883, 12 clients"; "waiting for /dev/… (no such file), next try in 4 s". */
  readonly detail: string;
  readonly counters: Readonly<Record<string, number>>;
}
