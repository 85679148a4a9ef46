/**
 * JSON (RFC 8259): each payload one document. The elements of an array at its top are rows of their own.
 *
 * Numbers are doubles. Of a key written twice the last counts. A mistake is looked for only once JSON.parse failed.
 */

import { type Codec, DecodeError } from './codec.ts';
import { findJsonFault } from './json-fault.ts';
import { quoteKey } from './path.ts';
import { createPlaces, excerpt, utf8Text } from './text.ts';

export const json: Codec<{ readonly name: 'json' }> = {
  create: () => (buffer, start, end, emit) => {
    const document = parse(utf8Text(buffer, start, end));
    if (Array.isArray(document)) for (const row of document) emit(row);
    else emit(document);
  },
  fieldPath: quoteKey,
  tagPath: quoteKey,
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const { offset, message } = findJsonFault(text) ?? { offset: 0, message: 'the text cannot be read' };
    throw new DecodeError(`not JSON: ${message} at ${createPlaces(text)(offset)}: ${excerpt(text, offset)}`);
  }
}
