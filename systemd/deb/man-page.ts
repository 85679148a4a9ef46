/** headgate(1), from the same definitions that `--help` is made of. roff: groff_man(7). */

import type { Command, Option } from 'commander';
import { createProgram } from '../../src/cli/index.ts';

export function manPage(version: string, date: Date): string {
  const program = createProgram();
  return [
    `.TH HEADGATE 1 "${date.toISOString().slice(0, 10)}" "headgate ${version}" "User Commands"`,
    '.SH NAME',
    'headgate \\- edge gateway for sensors',
    '.SH SYNOPSIS',
    '.B headgate',
    '.I command',
    '.RI [ options ]',
    '.SH DESCRIPTION',
    text(program.description()),
    '.PP',
    text('Installed as a package it runs as the service headgate.service, with its files in /etc/headgate.'),
    '.SH COMMANDS',
    ...commandsOf(program).flatMap((command) => commandLines(command)),
    '.SH FILES',
    ...entry('/etc/headgate/headgate.yaml', 'The gateway: sources, where points and alerts go, limits.'),
    ...entry('/etc/headgate/devices/', 'What each kind of device sends.'),
    ...entry(
      '/etc/headgate/rules/',
      'What to compute, when to alert, what to forward; tests beside the rules.',
    ),
    ...entry('/var/lib/headgate/', 'Journal, outbox, checkpoint, settings, dead letters.'),
    ...entry('/usr/share/doc/headgate/', 'The reference of all files and commands.'),
    '.SH ENVIRONMENT',
    ...entry(
      'HEADGATE_CONFIG',
      'The gateway file, where neither --config nor a headgate.yaml here says which.',
    ),
    ...entry('HEADGATE_DEBUG', 'Set to 1: show the stack trace of a failure.'),
    '.SH EXIT STATUS',
    ...entry('0', 'Fine.'),
    ...entry('1', 'What was checked is wrong, or what was asked could not be done.'),
    ...entry('2', 'The command line is wrong.'),
    ...entry('3', 'The gateway cannot start.'),
    '.SH SEE ALSO',
    '.BR systemctl (1),',
    '.BR journalctl (1)',
    '',
  ].join('\n');
}

export function commandsOf(program: Command): Command[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .filter((command) => command.name() !== 'help');
}

export function optionsOf(command: Command): Option[] {
  return command.createHelp().visibleOptions(command);
}

function commandLines(command: Command): string[] {
  const words = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  const options = optionsOf(command).flatMap((option) => [
    '.TP',
    `.B ${escaped(option.flags)}`,
    text(option.description),
  ]);
  return [
    `.SS ${escaped(['headgate', command.name(), ...words].join(' '))}`,
    text(command.description()),
    ...options,
  ];
}

function entry(term: string, meaning: string): string[] {
  return ['.TP', `.B ${escaped(term)}`, text(meaning)];
}

/** A line that begins with a dot or an apostrophe would be a request. */
function text(words: string): string {
  return escaped(words).replace(/^(?=[.'])/gm, '\\&');
}

function escaped(words: string): string {
  return words.replaceAll('\\', '\\e').replaceAll('-', '\\-');
}
