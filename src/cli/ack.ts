/** `headgate ack`: says that somebody has seen an alert; reminders of it stop. */

import { shortId } from './alerts-view.ts';
import type { AckAnswer } from './answers/ack.ts';
import { askGateway } from './ask-gateway.ts';
import { exitCodes } from './failure.ts';
import { parseTags, userName } from './key-tags.ts';
import { keyText } from './status-view.ts';
import { printable } from './text-width.ts';

export interface AckOptions {
  /** An id, or a rule. */
  readonly target: string;
  /** `TAG=VALUE`. */
  readonly tags: readonly string[];
  readonly note: string | undefined;
  readonly config: string | undefined;
  readonly stdout: NodeJS.WriteStream;
}

/** Gives the exit code. Throws `Refused` when nothing like that fires, or no gateway is running. */
export async function ackCommand({ target, tags, note, config, stdout }: AckOptions): Promise<number> {
  const args = { target, key: parseTags(tags), note, by: userName() };
  const { alerts } = (await askGateway(config, 'ack', args)) as AckAnswer;
  for (const { episode, rule, key, severity } of alerts) {
    stdout.write(`${printable(`acknowledged ${shortId(episode)}: ${severity} ${rule} ${keyText(key)}`)}\n`);
  }
  return exitCodes.fine;
}
