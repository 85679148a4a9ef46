/** A larger typed array with the same content; the new places hold `fill`. */
export function grown<A extends Float64Array | Int32Array>(array: A, capacity: number, fill: number): A {
  const Type = array.constructor as new (length: number) => A;
  const larger = new Type(capacity);
  larger.set(array);
  larger.fill(fill, array.length);
  return larger;
}
