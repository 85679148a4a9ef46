/** Typed arrays that grow. */

type Numbers = Float64Array | Int32Array;

/** A larger typed array with the same content; the new places hold `fill`. */
export function grown<A extends Numbers>(array: A, capacity: number, fill: number): A {
  const Type = array.constructor as new (length: number) => A;
  const larger = new Type(capacity);
  larger.set(array);
  larger.fill(fill, array.length);
  return larger;
}

/**
 * The same of several of one length, each with its fill: they are views of one buffer, for a buffer costs 300 bytes before
 * its first number, and thousands of rules keep a few numbers each.
 */
export function grownTogether<A extends readonly Numbers[]>(
  capacity: number,
  arrays: { readonly [I in keyof A]: readonly [array: A[I], fill: number] },
): A {
  // As much room for whole numbers too: no double begins where none could.
  const bytes = capacity * Float64Array.BYTES_PER_ELEMENT;
  const buffer = new ArrayBuffer(arrays.length * bytes);
  return arrays.map(([array, fill], i) => {
    const Type = array.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => Numbers;
    const larger = new Type(buffer, i * bytes, capacity);
    larger.set(array);
    return larger.fill(fill, array.length);
  }) as unknown as A;
}
