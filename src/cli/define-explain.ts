/** The commands that look into a running gateway. */

import { Argument } from 'commander';
import { passingKinds } from '../core/passing.ts';
import { command, configOption, type Define, formatOption, wholeNumber } from './options.ts';

export const defineExplain: Define = (program, outcome) => {
  command(program, 'explain', 'why a rule did or did not fire')
    .argument('<rule>', 'its name')
    .argument('[key...]', 'TAG=VALUE, or values that name one key (default: the only one, else a table)')
    .addOption(configOption())
    .addOption(formatOption())
    .addHelpText('after', explainHelp)
    .action(async (rule, key, { config, format }) => {
      const { explainCommand } = await import('./explain.ts');
      outcome.exitCode = await explainCommand({ rule, key, config, format, stdout: process.stdout });
    });
};

export const defineDevices: Define = (program, outcome) => {
  command(program, 'devices', 'what each kind of device sends, and frames that no device wants')
    .addOption(configOption())
    .addOption(formatOption())
    .action(async ({ config, format }) => {
      const { devicesCommand } = await import('./devices.ts');
      outcome.exitCode = await devicesCommand({ config, format, stdout: process.stdout });
    });
};

export const defineTap: Define = (program, outcome) => {
  command(program, 'tap', 'what passes through the gateway, live, until Ctrl-C')
    .addArgument(new Argument('[what]', 'what to show').choices(passingKinds).default('readings'))
    .argument('[tag=value...]', 'only with these tags')
    .option('-d, --device <name>', 'only of this device; points and alerts of the rules that read it')
    .option('--rule <name>', 'only of this rule; frames and readings of the devices it reads')
    .option('-n, --count <n>', 'end after so many', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .addOption(configOption())
    .addOption(formatOption())
    .addHelpText('after', tapHelp)
    .action(async (kind, tags, options) => {
      const { tapCommand } = await import('./tap.ts');
      const { stdout, stderr } = process;
      outcome.exitCode = await tapCommand({ ...options, kind, tags, stdout, stderr });
    });
};

const tapHelp = `
frames are payloads as they arrive, readings what is decoded of them, points
what rules forward (line protocol), alerts what they raise,
told to anybody or not.

Examples:
  headgate tap frames
  headgate tap readings room=2 --device cold-store
  headgate tap points --rule bus-load --count 10
  ssh gateway headgate tap alerts | grep critical`;

const explainHelp = `
Examples:
  headgate explain bus-load
  headgate explain bus-load 01029
  headgate explain bus-load route=5520 vehicle=01029`;
