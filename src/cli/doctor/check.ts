/** What a check of `headgate doctor` is: it looks at one thing of the machine or its surroundings, and says what it found. */

import type { YamlFile } from '../../config/document.ts';
import type { GatewayConfig } from '../../config/schema.ts';
import type { GatewayStatus } from '../../core/status.ts';
import type { ServiceUser } from './service-user.ts';

export type State = 'ok' | 'warn' | 'fail';

export interface Found {
  readonly state: State;
  /** What was looked at: a path, an address, a name. */
  readonly subject: string;
  readonly value: string;
  /** What it should be, where that is a number. */
  readonly limit?: string;
  /** Of all that is not ok. */
  readonly remedy?: string;
}

/** A gateway that runs on the data folder. */
export interface Running {
  readonly pid: number | undefined;
  /** Undefined: it did not answer. */
  readonly status: GatewayStatus | undefined;
  readonly why: string;
}

export interface Context {
  readonly configPath: string;
  /** Nobody named it. */
  readonly isDefault: boolean;
  readonly config: GatewayConfig;
  readonly file: YamlFile;
  /** Undefined: none is running, as far as this user may see. */
  readonly running: Running | undefined;
  /** As whom the gateway runs, or would. */
  readonly user: ServiceUser;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the time for the check is over. */
  readonly signal: AbortSignal;
}

/** What it throws is shown as a failure of the check itself. */
export type Check = (context: Context) => Promise<readonly Found[]>;

export const ok = (subject: string, value: string, limit?: string): Found => ({
  ...{ state: 'ok', subject, value },
  ...(limit !== undefined && { limit }),
});

export const warn = (subject: string, value: string, remedy: string, limit?: string): Found => ({
  ...{ state: 'warn', subject, value, remedy },
  ...(limit !== undefined && { limit }),
});

export const fail = (subject: string, value: string, remedy: string, limit?: string): Found => ({
  ...{ state: 'fail', subject, value, remedy },
  ...(limit !== undefined && { limit }),
});
