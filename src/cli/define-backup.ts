/** The commands that save a gateway and put it on another machine. */

import { command, configOption, type Define } from './options.ts';

export const defineExport: Define = (program, outcome) => {
  command(
    program,
    'export',
    'save settings, rules and state to a file; or journal or dead letters as JSON lines',
  )
    .argument('[file]', '`-` is standard output (default: GATEWAY-TIME.tar.gz here)')
    .option('--settings-only', 'leave out the state: windows, alerts, what is not sent')
    .option('--with-secrets', 'also the files with passwords, tokens and keys')
    .option('--journal', 'what was received, instead: one JSON object a line')
    .option('--dead-letters', 'what could not be used, instead: one JSON object a line')
    .addOption(configOption())
    .option('--root <folder>', 'where the file system of another machine is mounted')
    .addHelpText('after', exportHelp)
    .action(async (file, { settingsOnly, withSecrets, journal, deadLetters, config, root }) => {
      const { exportCommand } = await import('./export.ts');
      outcome.exitCode = await exportCommand({
        ...{ file, config, root, stdout: process.stdout, stderr: process.stderr },
        settingsOnly: settingsOnly === true,
        withSecrets: withSecrets === true,
        journal: journal === true,
        deadLetters: deadLetters === true,
      });
    });
};

const exportHelp = `
A gateway that runs goes on; one that does not, or is on a card of a broken machine, is read as it was left.

Examples:
  headgate export
  headgate export --with-secrets /mnt/usb/depot-7.tar.gz
  headgate export --root /mnt/card depot-7.tar.gz
  headgate export --journal - | grep '"topic":"plant/a"'`;

export const defineImport: Define = (program, outcome) => {
  command(program, 'import', 'take over what `headgate export` saved, on this machine')
    .argument('[file]', 'the backup')
    .option('--settings-only', 'leave the state as it is')
    .option('--force', 'state that is here already is set aside')
    .option('--outside', 'files may go outside of the folder of headgate.yaml, where it names them')
    .option('--finish', 'finish an import that was interrupted')
    .addOption(configOption())
    .option('--root <folder>', 'where the file system of another machine is mounted')
    .addHelpText('after', importHelp)
    .action(async (file, { settingsOnly, force, outside, finish, config, root }) => {
      const { importCommand } = await import('./import.ts');
      outcome.exitCode = await importCommand({
        ...{ file, config, root, env: process.env, stdout: process.stdout },
        settingsOnly: settingsOnly === true,
        force: force === true,
        outside: outside === true,
        finish: finish === true,
      });
    });
};

const importHelp = `
All of it is taken over, or nothing. What was there before is set aside, never deleted.

Examples:
  headgate import depot-7.tar.gz
  headgate import --settings-only depot-7.tar.gz
  headgate import --root /mnt/card depot-7.tar.gz`;
