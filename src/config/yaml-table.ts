/** YAML that is a table of data, not a file of settings: every scalar stays the text it was written as. */

import { parse, YAMLParseError } from 'yaml';
import { GatewayError } from '../core/errors.ts';

/** Understands the text; scalars are strings, so that `01211` keeps its zero. Throws `GatewayError` with the line. */
export function parseYamlTable(text: string): unknown {
  try {
    return parse(text, { schema: 'failsafe', stringKeys: true, maxAliasCount: 100, prettyErrors: true });
  } catch (error) {
    if (error instanceof RangeError)
      throw new GatewayError('it is nested too deeply', { remedy: 'write a list of rows' });
    if (!(error instanceof YAMLParseError) && !(error instanceof ReferenceError)) throw error;
    const [what] = error.message.split('\n');
    throw new GatewayError(what!.replace(/:$/, ''), { remedy: 'correct the YAML there', cause: error });
  }
}
