/** The command that looks at the machine and its surroundings. */

import { command, configOption, type Define, formatOption } from './options.ts';

export const defineDoctor: Define = (program, outcome) => {
  command(
    program,
    'doctor',
    'what keeps the gateway from working: rights, ports, lines, clock, disk, servers',
  )
    .addOption(configOption())
    .addOption(formatOption())
    .addHelpText('after', doctorHelp)
    .action(async ({ config, format }) => {
      const { doctorCommand } = await import('./doctor/doctor.ts');
      const { env, stdout } = process;
      outcome.exitCode = await doctorCommand({ config, format, env, stdout });
    });
};

const doctorHelp = `
Nothing is changed, whether a gateway runs or not. Root sees more: whose a port is, what the service's user may do.

Examples:
  sudo headgate doctor
  headgate doctor -c ./headgate.yaml --format json`;
