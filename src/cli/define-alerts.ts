/** The commands that act on alerts of a running gateway. */

import { command, configOption, type Define, duration, formatOption } from './options.ts';

export const defineAlerts: Define = (program, outcome) => {
  command(program, 'alerts', 'what fires, what is about to, and which silences there are')
    .addOption(configOption())
    .addOption(formatOption())
    .action(async ({ config, format }) => {
      const { alertsCommand } = await import('./alerts.ts');
      outcome.exitCode = await alertsCommand({ config, format, stdout: process.stdout });
    });
};

export const defineAck: Define = (program, outcome) => {
  command(program, 'ack', 'say that you have seen an alert: its reminders stop')
    .argument('<id|rule>', 'the id of `headgate alerts`, or a rule: all of it that fires')
    .argument('[tag=value...]', 'of the rule, only keys with these tags')
    .option('--note <text>', 'for the others: what is being done about it')
    .addOption(configOption())
    .addHelpText('after', ackHelp)
    .action(async (target, tags, { note, config }) => {
      const { ackCommand } = await import('./ack.ts');
      outcome.exitCode = await ackCommand({ target, tags, note, config, stdout: process.stdout });
    });
};

const ackHelp = `
It is told again when it gets more severe, and when it is over.

Examples:
  headgate ack 3f9c1a2b --note "belt ordered"
  headgate ack bus-load vehicle=01029`;

export const defineSilence: Define = (program, outcome) => {
  command(program, 'silence', 'tell nobody of some alerts for a time')
    .argument('[rule]', "a rule, or '*' for all of them")
    .argument('[tag=value...]', 'only keys with these tags')
    .option('--for <duration>', 'for how long: 30m, 2h, 7d', duration)
    .option('--reason <text>', 'for the others')
    .option('--list', 'show the silences there are')
    .option('--end <id>', 'end one')
    .addOption(configOption())
    .addOption(formatOption())
    .addHelpText('after', silenceHelp)
    .action(async (rule, tags, { for: forMs, reason, list, end, config, format }) => {
      const { silenceCommand } = await import('./silence.ts');
      const target = { rule, tags, forMs, reason, list: list === true, end };
      outcome.exitCode = await silenceCommand({ ...target, config, format, stdout: process.stdout });
    });
};

const silenceHelp = `
Rules go on judging. What still fires when a silence ends is told then.

Examples:
  headgate silence bus-load vehicle=01029 --for 2h --reason "in the workshop"
  headgate silence '*' --for 30m
  headgate silence --list
  headgate silence --end 9c41d07e`;
