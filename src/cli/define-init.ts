/** The command that sets a gateway up. */

import { Option } from 'commander';
import { collect, command, configOption, type Define } from './options.ts';

export const defineInit: Define = (program, outcome) => {
  command(program, 'init', 'set a gateway up: asks, or takes flags; tests the connection to InfluxDB')
    .option('--name <name>', 'of the gateway: the tag `gateway` on every point')
    .option('--influx <url>', 'points go to this InfluxDB')
    .addOption(new Option('--no-influx', 'points go to files').default(undefined))
    .option('--database <name>', 'of InfluxDB 1.x (default: headgate)')
    .option('--influx-user <name>', 'of InfluxDB 1.x')
    .option('--influx-password-file <file>', 'that holds its password')
    .option('--bucket <name>', 'of InfluxDB 2; of 3 the database')
    .option('--org <name>', 'organization of the bucket, of InfluxDB 2')
    .option('--token-file <file>', 'that holds the token, of InfluxDB 2 and 3')
    .option('--listen <address>', 'of the broker, e.g. 0.0.0.0:1883; then it needs a user')
    .option(
      '--user <name>',
      'a user of the broker; the password is asked for, or the only line of standard input',
    )
    .option('--user-password-file <file>', 'that holds the password of that user')
    .option(
      '--publish <filter>',
      'topics it may publish to (default: #); may be given several times',
      collect,
    )
    .option('--subscribe <filter>', 'topics it may subscribe; may be given several times', collect)
    .option('-y, --yes', 'ask nothing; what is not given has its default')
    .option('--dry-run', 'test the connection, show what would be written, write nothing')
    .addOption(configOption())
    .addHelpText('after', initHelp)
    .action(async ({ config, yes, dryRun, debug: _, ...flags }) => {
      const { initCommand } = await import('./init/init.ts');
      const { stdin, stdout, stderr } = process;
      outcome.exitCode = await initCommand({
        ...{ flags, config, yes: yes === true, dryRun: dryRun === true },
        ...{ terminal: { stdin, stderr }, stdout },
      });
    });
};

const initHelp = `
In files that are there only what is asked for is changed; comments stay.

Examples:
  headgate init
  headgate init --name depot-7 --influx http://influx.example:8086 --database fleet
  headgate init --name depot-7 --influx https://influx.example:8086 --bucket fleet --org transport --token-file fleet.token
  headgate init --yes --listen 0.0.0.0:1883 --user buses --publish 'bus/{client}/#' < buses.secret`;
