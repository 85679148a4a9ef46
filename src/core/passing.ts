/** What passes through the gateway, as `headgate tap` sees it. Plain data that survives JSON. */

import type { Alert, FieldValue, Point } from './types.ts';

export const passingKinds = ['frames', 'readings', 'points', 'alerts'] as const;
export type PassingKind = (typeof passingKinds)[number];

export type Passing =
  | { readonly kind: 'frames'; readonly frame: PassingFrame }
  | { readonly kind: 'readings'; readonly reading: PassingReading }
  | { readonly kind: 'points'; readonly point: Point }
  | { readonly kind: 'alerts'; readonly alert: Alert };

export interface PassingFrame {
  readonly source: string;
  readonly topic: string;
  readonly arrivalMs: number;
  readonly bytes: number;
  /** Its first bytes, as text; where they are no text, in base64. */
  readonly text?: string;
  readonly base64?: string;
  /** Those that want it. */
  readonly devices: readonly string[];
}

export interface PassingReading {
  readonly device: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly eventMs: number;
  readonly arrivalMs: number;
  readonly values: Readonly<Record<string, FieldValue | null>>;
}
