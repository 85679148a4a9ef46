/** The commands that look into a running gateway. */

import { command, configOption, type Define, formatOption } from './options.ts';

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

const explainHelp = `
Examples:
  headgate explain bus-load
  headgate explain bus-load 01029
  headgate explain bus-load route=5520 vehicle=01029`;
