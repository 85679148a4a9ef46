/** The command that writes the users file. */

import { collect, command, configOption, type Define } from './options.ts';

export const definePasswd: Define = (program, outcome) => {
  command(program, 'passwd', 'add a user of the broker, change its password, or delete it')
    .argument('<name>', 'of the user')
    .option('--publish <filter>', 'a filter of topics it may publish to; may be given several times', collect)
    .option('--subscribe <filter>', 'a filter it may subscribe; may be given several times', collect)
    .option('--delete', 'delete the user')
    .option('--file <file>', "the users file (default: that of the gateway's broker)")
    .addOption(configOption())
    .addHelpText('after', passwdHelp)
    .action(async (name, { delete: isDeleting, publish, subscribe, file, config }) => {
      const { passwdCommand } = await import('./passwd.ts');
      const { stdin, stdout, stderr } = process;
      const edit = { name, isDeleting: isDeleting === true, publish, subscribe };
      outcome.exitCode = await passwdCommand({ ...edit, file, config, terminal: { stdin, stderr }, stdout });
    });
};

const passwdHelp = `
The password is asked for on the terminal, or is the only line of standard input.
A gateway that runs takes the change over within some seconds.

Examples:
  headgate passwd bus-fleet --publish 'bus/{client}/#' --subscribe 'alerts/#'
  headgate passwd dashboard --subscribe '#' < dashboard.secret
  headgate passwd bus-fleet --delete`;
