/** Where the next quote of a buffer stands: records are asked for in order, so each byte is looked at once. */

const quote = 0x22;

/** The first quote at or after `start`, or the buffer's end; `start` never goes back within one buffer. */
export function createQuoteFinder(): (buffer: Buffer, start: number) => number {
  let known: Buffer | undefined;
  let nextQuote = 0;
  return (buffer, start) => {
    if (buffer !== known || nextQuote < start) {
      const at = buffer.indexOf(quote, start);
      nextQuote = at < 0 ? buffer.length : at;
      known = buffer;
    }
    return nextQuote;
  };
}
