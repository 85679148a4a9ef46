import { setTimeout as wait } from 'node:timers/promises';

/** Waits until a condition holds; fails with `what` when it never does. */
export async function until(condition: () => unknown, what: string, timeoutMs = 10_000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`never happened: ${what}`);
    await wait(2);
  }
}
