/** What the gateway says of its devices to `headgate devices`. Plain data that survives JSON. */

import type { DeviceLine } from './status.ts';

export interface DeviceDetails {
  readonly nowMs: number;
  readonly devices: readonly DeviceDetail[];
  /** Frames that no device wants, since the start. */
  readonly unrouted: number;
  /** The topics of the last few, those heard last first. */
  readonly topics: readonly UnroutedTopic[];
}

export interface DeviceDetail extends DeviceLine {
  readonly source?: string;
  readonly topic?: string;
  /** Readings, over the last minute. */
  readonly perSecond: number;
  /** By rule, readings of this device that came when their windows had closed. */
  readonly late: Readonly<Record<string, number>>;
  /** Of a device that says when it is silent. */
  readonly silentAfterMs?: number;
  readonly silent?: {
    readonly count: number;
    /** The first few, those silent for longest first. */
    readonly shown: readonly SilentSeries[];
  };
}

export interface SilentSeries {
  readonly tags: Readonly<Record<string, string>>;
  /** Absent: not heard since the start. */
  readonly lastArrivalMs?: number;
}

export interface UnroutedTopic {
  readonly source: string;
  readonly topic: string;
  readonly frames: number;
  readonly lastArrivalMs: number;
  /** What a near profile wants instead. */
  readonly hint?: string;
}
