/** The payload formats by name. A new one is a file, a line here, and a test that runs `codecContract`. */

import type { CodecConfig } from '../config/schema.ts';
import type { Codec } from './codec.ts';
import { csv } from './csv.ts';
import { influx } from './influx.ts';
import { json } from './json.ts';
import { value } from './value.ts';

export { type Codec, DecodeError, type Decoder, type Row } from './codec.ts';

type Codecs = {
  readonly [Name in CodecConfig['name']]: Codec<Extract<CodecConfig, { readonly name: Name }>>;
};

export const codecs: Codecs = { json, csv, influx, value };

/** The codec of a configuration, typed so that `codecOf(config).create(config)` is possible. */
export function codecOf(config: CodecConfig): Codec<CodecConfig> {
  return codecs[config.name];
}
