/** `headgate silence`: for a time nobody is told of some alerts. Lists and ends silences, too. */

import { formatDuration } from '../config/duration.ts';
import { untilText } from './alert-marks.ts';
import { silencesLines } from './alerts-view.ts';
import type { AlertsAnswer } from './answers/alerts.ts';
import type { EndSilenceAnswer, SilenceAnswer } from './answers/silence.ts';
import { askGateway } from './ask-gateway.ts';
import { exitCodes, UsageError } from './failure.ts';
import { parseTags, userName } from './key-tags.ts';
import { count } from './print-diagnostics.ts';
import { keyText } from './status-view.ts';
import { wantsColours } from './table.ts';
import { printable } from './text-width.ts';

export interface SilenceOptions {
  /** A rule, or `*`. */
  readonly rule: string | undefined;
  /** `TAG=VALUE`. */
  readonly tags: readonly string[];
  readonly forMs: number | undefined;
  readonly reason: string | undefined;
  readonly list: boolean;
  /** The id of one to end. */
  readonly end: string | undefined;
  readonly format: 'text' | 'json';
  readonly config: string | undefined;
  readonly stdout: NodeJS.WriteStream;
}

/** Gives the exit code. Throws `UsageError`; `Refused` when there is no such rule or silence, or no gateway is running. */
export async function silenceCommand(options: SilenceOptions): Promise<number> {
  refuseMixed(options);
  if (options.list) return list(options);
  return options.end === undefined ? silence(options) : end(options, options.end);
}

function refuseMixed({ rule, forMs, reason, list: isList, end: id }: SilenceOptions): void {
  if (isList && id !== undefined) throw usage('--list and --end exclude each other');
  const alone = isList ? '--list' : id !== undefined ? '--end' : undefined;
  const making = rule !== undefined || forMs !== undefined || reason !== undefined;
  if (alone !== undefined && making) throw usage(`${alone} stands alone`);
  if (alone !== undefined) return;
  if (rule === undefined) throw usage('which rule?');
  if (forMs === undefined) throw usage('for how long?');
}

function usage(what: string): UsageError {
  const remedy =
    "headgate silence RULE [TAG=VALUE…] --for 2h, headgate silence '*' --for 30m, headgate silence --list, headgate silence --end ID";
  return new UsageError(what, { remedy });
}

async function silence({
  rule,
  tags,
  forMs,
  reason,
  config,
  format,
  stdout,
}: SilenceOptions): Promise<number> {
  const args = { rule, key: parseTags(tags), forMs, reason, by: userName() };
  const answer = (await askGateway(config, 'silence', args)) as SilenceAnswer;
  const { id, untilMs, key } = answer.silence;
  const whose = Object.keys(key).length === 0 ? rule : `${rule} ${keyText(key)}`;
  const until = untilText(untilMs);
  const lines = [
    `silenced ${whose === '*' ? 'all alerts' : whose} for ${formatDuration(forMs!)}, until ${until} (${id}): ${nowText(answer)}`,
    ...(answer.hint === undefined ? [] : [`  note: ${answer.hint}`]),
  ];
  stdout.write(format === 'json' ? json(answer) : `${lines.map(printable).join('\n')}\n`);
  return exitCodes.fine;
}

function nowText({ alerts }: SilenceAnswer): string {
  return alerts.length === 0
    ? 'none of it fires now'
    : `${count(alerts.length, 'alert')} of it fire${alerts.length === 1 ? 's' : ''} now`;
}

async function list({ config, format, stdout }: SilenceOptions): Promise<number> {
  const answer = (await askGateway(config, 'alerts')) as AlertsAnswer;
  const text = silencesLines(answer, wantsColours(stdout)).join('\n');
  stdout.write(format === 'json' ? json(answer.silences) : `${text}\n`);
  return exitCodes.fine;
}

async function end({ config, format, stdout }: SilenceOptions, id: string): Promise<number> {
  const answer = (await askGateway(config, 'end-silence', { id })) as EndSilenceAnswer;
  const { rule, key, id: whole } = answer.silence;
  const whose = Object.keys(key).length === 0 ? rule : `${rule} ${keyText(key)}`;
  stdout.write(format === 'json' ? json(answer) : `${printable(`ended silence ${whole} of ${whose}`)}\n`);
  return exitCodes.fine;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
