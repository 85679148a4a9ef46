/**
 * What a codec is: payload bytes in, rows out.
 *
 * Invariant: a decoder throws nothing but `DecodeError`, reads only `[start, end)`, and what it emits does not
 * refer to the buffer. One bad row never costs the good rows of the same payload.
 * Not here: which parts of a row are wanted (path.ts) and what their values mean (field.ts, time.ts).
 */

import { GatewayError } from '../core/errors.ts';

/**
 * json: any value. csv: `{ column: string | null }`. influx: `{ measurement, tags, fields, time? }` with `time` as
 * the digits sent. value: `{ value: string }`.
 */
export type Row = unknown;

/**
 * Decodes `buffer[start, end)` and emits its rows in order.
 *
 * A payload that cannot be read at all throws. Single bad rows go to `reject`, one call each; without `reject` the
 * first of them is thrown after the good rows were emitted. After `maxBadRows` the rest of the payload is given up.
 */
export type Decoder = (
  buffer: Buffer,
  start: number,
  end: number,
  emit: (row: Row) => void,
  reject?: (detail: string) => void,
) => void;

/** One payload format. `C` is its configuration. */
export interface Codec<C> {
  create(config: C): Decoder;
  /** Path of a field that the profile gives no path. */
  fieldPath(name: string): string;
  /** Path of a tag that the profile gives no path. */
  tagPath(name: string): string;
  /** Where the time is when the profile does not say; absent: the format carries none. */
  readonly time?: { readonly path: string; readonly format: string };
}

/** Bytes that are not what the codec expects; the message says what is wrong and where in the payload. */
export class DecodeError extends GatewayError {
  constructor(message: string) {
    super(message);
    this.name = 'DecodeError';
  }
}

/** Where a decoder puts its bad rows while it goes on with the good ones. */
export interface Rejects {
  /** Throws DecodeError at the limit: the rest of the payload is then not read. */
  add(detail: string): void;
  /** To be called after the last row: throws the first bad row when nobody was told of it. */
  finish(): void;
}

/** Bad rows of one payload at most: garbage by the hundred kilobytes must not hold up everybody else. */
export const maxBadRows = 1000;

export function createRejects(reject: ((detail: string) => void) | undefined): Rejects {
  let first: string | undefined;
  let count = 0;
  return {
    add(detail) {
      first ??= detail;
      count += 1;
      reject?.(detail);
      if (count < maxBadRows) return;
      throw new DecodeError(
        `${maxBadRows} bad rows, the rest of the payload was not read; the first: ${first}`,
      );
    },
    finish() {
      if (reject !== undefined || first === undefined) return;
      throw new DecodeError(count === 1 ? first : `${first} (and ${count - 1} more bad rows)`);
    },
  };
}
