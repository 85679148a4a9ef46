/** What `headgate init` is told, by flags or by answers, and where it stands now. */

import type { GatewayConfig } from '../../config/schema.ts';

/** Left out: as it is. */
export interface Answers {
  readonly name?: string;
  readonly influx?: InfluxAnswer | 'files';
  readonly listen?: { readonly host: string; readonly port: number };
  readonly user?: UserAnswer;
}

export type InfluxAnswer = DatabaseAnswer | BucketAnswer;

interface DatabaseAnswer {
  readonly url: string;
  readonly database: string;
  /** Empty: none. */
  readonly username?: string;
  /** To be written to a file, or in one that is there. */
  readonly secret?: Secret;
}

interface BucketAnswer {
  readonly url: string;
  readonly bucket: string;
  /** Empty: none. */
  readonly org?: string;
  readonly secret?: Secret;
}

export type Secret = { readonly text: string } | { readonly file: string };

export interface UserAnswer {
  readonly name: string;
  readonly password: Buffer;
  /** Left out: as they are, or all topics for a user who is new. */
  readonly publish?: readonly string[] | undefined;
  readonly subscribe?: readonly string[] | undefined;
}

/** headgate.yaml before. */
export interface Existing {
  /** Absolute. */
  readonly path: string;
  /** Undefined: there is none. */
  readonly text: string | undefined;
  /** What it means; of none: the defaults. */
  readonly config: GatewayConfig;
  readonly hasName: boolean;
  /** Nothing else stands below `forward`. */
  readonly forwardsOnlyToInflux: boolean;
}
