/** YAML that is a table of data, not a file of settings: every scalar stays the text it was written as. */

import { LineCounter, parseDocument, YAMLParseError } from 'yaml';
import { GatewayError } from '../core/errors.ts';
import { duplicateKeys, withoutSearch } from './duplicate-keys.ts';

/** Understands the text; scalars are strings, so that `01211` keeps its zero. Throws `GatewayError` with the line. */
export function parseYamlTable(text: string): unknown {
  const lineCounter = new LineCounter();
  try {
    const options = { schema: 'failsafe', stringKeys: true, lineCounter, ...withoutSearch } as const;
    const document = parseDocument(text, options);
    const [twice] = duplicateKeys(document);
    if (document.errors[0]) throw document.errors[0];
    if (twice) {
      const { line, col } = lineCounter.linePos(twice.pos[0]);
      throw new GatewayError(`a key stands twice, the second time at line ${line}, column ${col}`, {
        remedy: 'keep one of them',
      });
    }
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (error instanceof RangeError)
      throw new GatewayError('it is nested too deeply', { remedy: 'write a list of rows' });
    if (!(error instanceof YAMLParseError) && !(error instanceof ReferenceError)) throw error;
    const [what] = error.message.split('\n');
    throw new GatewayError(what!.replace(/:$/, ''), { remedy: 'correct the YAML there', cause: error });
  }
}
