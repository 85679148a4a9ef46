/** One bare value a payload: `23.5`, `on`. White space around it does not count; two lines are not one value. */

import { type Codec, DecodeError } from './codec.ts';
import { quoteKey } from './path.ts';
import { quote, utf8Text } from './text.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\x00-\x1f\x7f]/;

export const value: Codec<{ readonly name: 'value' }> = {
  create: () => (buffer, start, end, emit) => {
    const text = utf8Text(buffer, start, end).trim();
    if (text === '') throw new DecodeError('the payload is empty, expected one value');
    const at = text.search(control);
    if (at !== -1) {
      throw new DecodeError(`expected one value on one line, found ${quote(text[at]!)} in ${quote(text)}`);
    }
    emit({ value: text });
  },
  fieldPath: () => 'value',
  tagPath: quoteKey,
};
