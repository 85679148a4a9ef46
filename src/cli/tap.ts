/**
 * `headgate tap`: what passes through the running gateway, until Ctrl-C, the end of `--count`, or nobody reads.
 *
 * Invariant: who reads slowly misses some, and is told how many; the gateway waits for nobody.
 */

import { once } from 'node:events';
import type { Passing } from '../core/passing.ts';
import { followGateway } from './ask-gateway.ts';
import { exitCodes } from './failure.ts';
import { parseTags } from './key-tags.ts';
import { passingLine } from './tap-lines.ts';
import { printableJson } from './text-width.ts';
import { countText } from './units-text.ts';

export interface TapOptions {
  readonly kind: string;
  readonly tags: readonly string[];
  readonly device: string | undefined;
  readonly rule: string | undefined;
  readonly count: number | undefined;
  readonly config: string | undefined;
  readonly format: 'text' | 'json';
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

type Line = Passing | { readonly missed: number };

/** Gives the exit code: 1 when the gateway stopped first. Throws as `askGateway` does. */
export async function tapCommand(options: TapOptions): Promise<number> {
  const { kind, device, rule, count = Number.POSITIVE_INFINITY, stdout, stderr } = options;
  const ended = new AbortController();
  const end = (): void => ended.abort();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  stdout.once('error', end);
  stdout.once('close', end);
  try {
    let shown = 0;
    const args = { kind, device, rule, tags: parseTags(options.tags) };
    for await (const line of followGateway(options.config, 'tap', args, ended.signal)) {
      const passing = line as Line;
      if ('missed' in passing) {
        stderr.write(`headgate: ${countText(passing.missed)} not shown\n`);
        continue;
      }
      await write(passing, options, ended.signal);
      shown += 1;
      if (shown >= count || ended.signal.aborted) return exitCodes.fine;
    }
    if (ended.signal.aborted) return exitCodes.fine;
    stderr.write('headgate: the gateway has stopped\n');
    return exitCodes.wrong;
  } finally {
    ended.abort();
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
    stdout.off('error', end);
    stdout.off('close', end);
  }
}

/** Waits while the reader is behind. */
async function write(passing: Passing, { format, stdout }: TapOptions, signal: AbortSignal): Promise<void> {
  const text = format === 'json' ? printableJson(passing) : passingLine(passing, stdout.isTTY === true);
  if (stdout.write(`${text}\n`) || signal.aborted) return;
  await once(stdout, 'drain', { signal }).catch(() => {});
}
