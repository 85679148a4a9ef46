/** What a recorded format is; one file each, listed in index.ts. */

import type { EndOfRecord } from '../records.ts';

export interface Format {
  /** For `--help`. */
  readonly about: string;
  /** Of files that are surely in it, without the dot. */
  readonly extensions: readonly string[];
  /** Whether a file that begins with this line is in it, judged by its content. */
  looksLike(firstLine: string): boolean;
  /**
   * `readings` of one device, which the user names, or `messages` that carry their topic.
   */
  readonly holds: 'readings' | 'messages';
  readonly endOfRecord: EndOfRecord;
  /** Absent: the record is the payload, without a topic or an arrival. */
  readonly locate?: Locate;
}

/** Finds the parts of a record; gives what is wrong with it, if anything. */
export type Locate = (buffer: Buffer, start: number, end: number, into: Parts) => string | undefined;

/** Where a record's parts are; one object is used for all records. */
export interface Parts {
  topic: string;
  /** Where the payload begins; it ends with the record. */
  payloadStart: number;
  /** NaN when the format does not record it. */
  arrivalMs: number;
}
