/** `headgate alerts`: what fires, what is about to, and which silences there are. */

import { alertsLines } from './alerts-view.ts';
import type { AlertsAnswer } from './answers/alerts.ts';
import { askGateway } from './ask-gateway.ts';
import { exitCodes } from './failure.ts';
import { printAnswer } from './print-answer.ts';
import { wantsColours } from './table.ts';

export interface AlertsOptions {
  readonly config: string | undefined;
  readonly format: 'text' | 'json';
  readonly stdout: NodeJS.WriteStream;
}

/** Gives the exit code, which does not depend on whether anything fires. Throws `Refused` when no gateway is running. */
export async function alertsCommand({ config, format, stdout }: AlertsOptions): Promise<number> {
  const answer = (await askGateway(config, 'alerts')) as AlertsAnswer;
  printAnswer(answer, () => alertsLines(answer, wantsColours(stdout)), { format, stdout });
  return exitCodes.fine;
}
