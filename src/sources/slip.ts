/**
 * SLIP, RFC 1055: what stands between two END bytes (192) of a serial line, without its escapes.
 *
 * Not here: where a frame ends; framing.ts cuts at END. A device may send END before a frame as well: empty frames are none.
 */

/** Ends a frame, and stands in none. */
export const slipEnd = 0xc0;
const escapeByte = 0xdb;
const escapedEnd = 0xdc;
const escapedEscape = 0xdd;

/** The frame's own bytes; undefined when something else follows an escape: bytes were lost or changed on the way. */
export function decodeSlip(encoded: Buffer): Buffer | undefined {
  let from = encoded.indexOf(escapeByte);
  // Only bytes of value 219 cost a copy.
  if (from === -1) return encoded;
  const decoded = Buffer.allocUnsafe(encoded.length - 1);
  let length = encoded.copy(decoded, 0, 0, from);
  while (from !== -1) {
    const code = encoded[from + 1];
    if (code !== escapedEnd && code !== escapedEscape) return undefined;
    decoded[length++] = code === escapedEnd ? slipEnd : escapeByte;
    const next = encoded.indexOf(escapeByte, from + 2);
    length += encoded.copy(decoded, length, from + 2, next === -1 ? encoded.length : next);
    from = next;
  }
  return decoded.subarray(0, length);
}

/** Every byte of a frame may need an escape. */
export function maxSlipBytes(frameBytes: number): number {
  return frameBytes * 2;
}
