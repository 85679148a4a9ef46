/**
 * Sets `record[key]` as an own property whatever the key: a key `__proto__` that a payload chose is a key like any
 * other and touches no prototype.
 */
export function setOwn<T>(record: Record<string, T>, key: string, value: T): void {
  if (key !== '__proto__') record[key] = value;
  else Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true });
}
