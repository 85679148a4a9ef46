/**
 * COBS, consistent overhead byte stuffing (Cheshire and Baker, 1999): frames without a zero, so that a zero ends each.
 *
 * A code byte `n` stands before `n − 1` bytes that are no zeros, and for the zero behind them; except that 255 stands for
 * none, nor does the last code of a frame.
 * Not here: where a frame ends; framing.ts cuts at zeros.
 */

const fullBlock = 255;

/** The frame's own bytes; undefined when a code reaches beyond its end: bytes were lost or changed on the way. */
export function decodeCobs(encoded: Buffer): Buffer | undefined {
  const decoded = Buffer.allocUnsafe(encoded.length);
  let length = 0;
  for (let at = 0; at < encoded.length; ) {
    const code = encoded[at]!;
    const end = at + code;
    if (code === 0 || end > encoded.length) return undefined;
    length += encoded.copy(decoded, length, at + 1, end);
    at = end;
    if (code !== fullBlock && at < encoded.length) decoded[length++] = 0;
  }
  return decoded.subarray(0, length);
}

/** A code byte before each 254 bytes, and one before the rest, be it empty. */
export function maxCobsBytes(frameBytes: number): number {
  return frameBytes + Math.floor(frameBytes / (fullBlock - 1)) + 1;
}
