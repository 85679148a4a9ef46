/** `headgate explain`: asks the running gateway why a rule did or did not fire, and shows what it says. */

import type { ExplainedRule } from '../core/explained.ts';
import { askGateway } from './ask-gateway.ts';
import { explainLines } from './explain-view.ts';
import { exitCodes } from './failure.ts';
import { printAnswer } from './print-answer.ts';
import { wantsColours } from './table.ts';

export interface ExplainOptions {
  readonly rule: string;
  /** `TAG=VALUE`, or values. */
  readonly key: readonly string[];
  readonly config: string | undefined;
  readonly format: 'text' | 'json';
  readonly stdout: NodeJS.WriteStream;
}

/** Where the width is not known: a pipe. */
const pipeWidth = 120;

/** Gives the exit code. Throws `Refused` when no gateway is running, or for a rule or key that is not there. */
export async function explainCommand({ rule, key, config, format, stdout }: ExplainOptions): Promise<number> {
  const explained = (await askGateway(config, 'explain', { rule, key })) as ExplainedRule;
  const view = { colours: wantsColours(stdout), width: stdout.columns ?? pipeWidth };
  printAnswer(explained, () => explainLines(explained, view), { format, stdout });
  return exitCodes.fine;
}
