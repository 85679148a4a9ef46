/**
 * Durations in the text of an expression: the `1h` of `zscore(t, 1h)`.
 *
 * CEL has no such literals: for the parser each stands as a name of the same length, which no offset moves by; the
 * parse finds them again by where they start. Not here: how long a duration is, and where one may stand.
 */

export interface FoundDurations {
  /** The text for the parser, as long as the one given. */
  readonly parsable: string;
  /** As written, by the offset of their first character. */
  readonly at: ReadonlyMap<number, string>;
}

/** Texts and comments, which are skipped (a backslash hides what follows it, as the parser sees it), or a duration. */
const tokens =
  /\/\/[^\n]*|("""|''')(?:\\.|(?!\1)[^\\])*(?:\1|$)|"(?:\\.|[^"\\\r\n])*"?|'(?:\\.|[^'\\\r\n])*'?|(?<![\w.])\d+(?:\.\d+)?(?:ms|[smhd])(?!\w|\s*\()/gs;

const none: ReadonlyMap<number, string> = new Map();

export function findDurations(text: string): FoundDurations {
  if (!/\d(?:ms|[smhd])/.test(text)) return { parsable: text, at: none };
  const at = new Map<number, string>();
  const parsable = text.replace(tokens, (token, _quote, start: number) => {
    if (!/^\d/.test(token)) return token;
    at.set(start, token);
    return '_'.repeat(token.length);
  });
  return { parsable, at };
}
