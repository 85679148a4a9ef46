/**
 * What the names under `from` mean: a device, or the results of a rule.
 *
 * Not here: whether there is such a device or rule.
 */

const prefix = 'rule:';

/** The rule of `rule:NAME`; undefined for the name of a device. */
export function ruleNamed(from: string): string | undefined {
  return from.startsWith(prefix) ? from.slice(prefix.length) : undefined;
}

/** How a rule is named under `from`. */
export function fromRule(name: string): string {
  return `${prefix}${name}`;
}

interface Named {
  readonly name: string;
  readonly from: readonly string[];
}

/**
 * Rules in an order in which each comes after those it reads, else as given. `all` may hold more rules than `wanted`:
 * those that the wanted ones read, directly or not, are given too. Names that lead nowhere are passed over, and of a
 * cycle each rule comes once.
 */
export function inReadingOrder<T>(wanted: readonly T[], all: readonly T[], ruleOf: (one: T) => Named): T[] {
  const byName = new Map<string, T>();
  for (const one of all) if (!byName.has(ruleOf(one).name)) byName.set(ruleOf(one).name, one);
  const ordered = new Set<T>();
  const met = new Set<T>();
  // A chain may be thousands of rules long: no recursion.
  for (const first of wanted) {
    const way = [first];
    while (way.length > 0) {
      const one = way.at(-1)!;
      met.add(one);
      const next = readBy(ruleOf(one)).find((name) => byName.has(name) && !met.has(byName.get(name)!));
      if (next !== undefined) {
        way.push(byName.get(next)!);
        continue;
      }
      way.pop();
      ordered.add(one);
    }
  }
  return [...ordered];
}

/** Names of the rules that a rule reads. */
export function readBy({ from }: Pick<Named, 'from'>): string[] {
  return from.map(ruleNamed).filter((name) => name !== undefined);
}
