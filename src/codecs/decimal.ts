/** Numbers written as text: decimal digits, nothing that only JavaScript takes for a number. */

// No two parts can take the same digits, so a long text costs linear time.
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** True for `23.5`, `-.5`, `+4.`, `1e-3`; not for blanks, `0x10`, `NaN`, `Infinity`, `1_000` or `23,5`. */
export function isDecimal(text: string): boolean {
  return decimal.test(text);
}
