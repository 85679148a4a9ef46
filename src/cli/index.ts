/**
 * The command line: what can be asked, and which function answers.
 *
 * Each command's own modules are loaded when it is asked for, so that `status` does not pay for the broker.
 * Not here: what a command does.
 */

import { Command, CommanderError, Option } from 'commander';
import { defineAck, defineAlerts, defineSilence } from './define-alerts.ts';
import { defineExport, defineImport } from './define-backup.ts';
import { defineDoctor } from './define-doctor.ts';
import { defineDevices, defineExplain, defineTap } from './define-explain.ts';
import { defineInit } from './define-init.ts';
import { definePasswd } from './define-passwd.ts';
import { exitCodes, explainFailure } from './failure.ts';
import { logLevels } from './log-levels.ts';
import {
  command,
  configOption,
  type Define,
  formatOption,
  instant,
  type Outcome,
  positiveNumber,
  wholeNumber,
} from './options.ts';
import { formats } from './replay/formats/index.ts';
import { packageVersion } from './version.ts';

/** Runs one command line, given without `node` and the script; gives the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const outcome: Outcome = { exitCode: exitCodes.fine };
  // Whoever reads may leave early, as `head` does: that is no failure of the command.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    await createProgram(outcome).parseAsync(argv, { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
    return explainFailure(error, { debug: isDebug(argv.includes('--debug')), stderr: process.stderr });
  }
}

function isDebug(option: boolean | undefined): boolean {
  const { HEADGATE_DEBUG: value = '' } = process.env;
  return option === true || !['', '0', 'false', 'no'].includes(value.toLowerCase());
}

/** Every command with its options; parsing one sets the exit code. */
export function createProgram(outcome: Outcome = { exitCode: exitCodes.fine }): Command {
  const program = new Command('headgate')
    .description(
      'Edge gateway for sensors: reads MQTT and serial lines, judges on the spot, forwards to InfluxDB.',
    )
    .version(packageVersion(), '-V, --version')
    .exitOverride()
    // The list of commands leaves less than commander's 40 beside it on a terminal of 80.
    .configureHelp({ minWidthToWrap: 30 })
    .showHelpAfterError('see headgate --help, or headgate COMMAND --help')
    .addHelpText('after', programHelp);
  const defines = [
    ...[defineInit, defineRun, defineDemo, defineCheck, defineTest, defineReplay, defineStatus],
    ...[
      defineDevices,
      defineExplain,
      defineTap,
      defineAlerts,
      defineAck,
      defineSilence,
      definePasswd,
      defineExport,
      defineImport,
      defineDoctor,
      defineSchema,
    ],
  ];
  for (const define of defines) define(program, outcome);
  return program;
}

const programHelp = `
Examples:
  headgate demo                           see it at work, nothing else needed
  headgate init                           set a gateway up here
  headgate check && headgate run          validate the files here, then run them
  headgate test                           prove the rules by tests beside them
  headgate replay --device press old.csv  last month through today's rules
  headgate status                         what the gateway here is doing
  headgate ack bus-load vehicle=01029     I have seen it: no more reminders
  sudo headgate doctor                    what keeps it from working
  headgate export                         save it all, for another machine

Exit codes: 0 fine, 1 the thing checked is wrong, 2 usage, 3 cannot start.`;

const defineRun: Define = (program, outcome) => {
  command(program, 'run', 'run the gateway in the foreground, until SIGTERM or Ctrl-C')
    .addOption(configOption())
    .addOption(new Option('--log-level <level>', 'least level logged').choices(logLevels).default('info'))
    .addHelpText('after', runHelp)
    .action(async ({ config, logLevel, debug }) => {
      const { runCommand } = await import('./run.ts');
      outcome.exitCode = await runCommand({ config, logLevel, debug: isDebug(debug) });
    });
};

const runHelp = `
Logs go to stdout: one line each for people on a terminal, JSON otherwise.

Examples:
  headgate run
  headgate run -c /etc/headgate/headgate.yaml --log-level warn`;

const defineDemo: Define = (program, outcome) => {
  command(program, 'demo', 'a gateway with simulated buses and a machine, and a live view')
    .option('--influx <url>', 'send the points to this InfluxDB instead of files')
    .option(
      '--port <port>',
      'of the broker (default: 1883, or another when that is taken)',
      wholeNumber(0, 65_535),
    )
    .option(
      '--speed <factor>',
      'how much faster than real time the past passes (default: 120)',
      positiveNumber,
    )
    .option('--data <folder>', 'where the demo keeps its data')
    .option('--seconds <seconds>', 'stop after so long (default: when Ctrl-C is pressed)', positiveNumber)
    .action(async ({ influx, port, speed, data, seconds }) => {
      const { demoCommand } = await import('./demo/demo.ts');
      outcome.exitCode = await demoCommand({ influx, port, speed, data, seconds });
    });
};

const defineCheck: Define = (program, outcome) => {
  command(program, 'check', 'validate configuration, devices, rules and their tests; every mistake at once')
    .argument('[path...]', 'files and folders (default: the gateway file and its folders)')
    .addOption(configOption())
    .addOption(formatOption())
    .action(async (paths, { config, format }) => {
      const { checkCommand } = await import('./check.ts');
      const { env, stdout } = process;
      outcome.exitCode = await checkCommand({ paths, config, format, env, stdout });
    });
};

const defineTest: Define = (program, outcome) => {
  command(program, 'test', 'rule tests, on virtual time: NAME.test.yaml beside the rules')
    .argument('[path...]', "test files, rule files beside them, and folders (default: the gateway's rules)")
    .addOption(configOption())
    .option('--filter <text>', 'only tests with this text in their name')
    .option('--junit <file>', 'also write a report for build servers (JUnit XML)')
    .action(async (paths, { config, filter, junit }) => {
      const { testCommand } = await import('./test/test.ts');
      const { env, stdout } = process;
      outcome.exitCode = await testCommand({ paths, config, filter, junit, env, stdout });
    });
};

const defineReplay: Define = (program, outcome) => {
  const names = Object.keys(formats);
  command(program, 'replay', 'recorded data through the rules: points on stdout, alerts on stderr')
    .argument('[file...]', 'recorded files, also gzipped; `-` is standard input')
    .option(
      '-d, --device <name>',
      'whose readings the files hold; of messages with topics, the only device to take',
    )
    .option('--rules <path>', 'a rule file or a folder of them, in place of the gateway\u2019s own')
    .addOption(configOption())
    .option('--from <time>', 'leave out what arrived before, e.g. 2026-01-05T06:00:00Z', instant)
    .option('--to <time>', 'leave out what arrived then or later', instant)
    .option('--journal', 'replay what the gateway itself has recorded, instead of files')
    .addOption(
      new Option('--format <format>', 'of the files (default: told by extension or content)').choices(names),
    )
    .option(
      '--write-test <file>',
      'also write what was replayed as a test of the rule file, with what came of it',
    )
    .addHelpText('after', replayHelp())
    .action(async (files, options) => {
      const { replayCommand } = await import('./replay/replay.ts');
      outcome.exitCode = await replayCommand({ ...options, files, journal: options.journal === true });
    });
};

function replayHelp(): string {
  const lines = Object.entries(formats).map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`);
  return `
Formats:
${lines.join('\n')}

Examples:
  headgate replay --device press temperatures.csv > points.lp
  mosquitto_sub -t '#' -F '%U %t %p' > day.log;  headgate replay day.log
  headgate replay --rules new-rules/ --from 2026-01-05T00:00:00Z --journal
  headgate replay --device press old.csv --rules rules/heat.yaml --write-test rules/heat.test.yaml`;
}

const defineStatus: Define = (program, outcome) => {
  command(program, 'status', 'what the running gateway is doing')
    .addOption(configOption())
    .addOption(formatOption().choices(['text', 'json', 'prometheus']))
    .action(async ({ config, format }) => {
      const { statusCommand } = await import('./status.ts');
      outcome.exitCode = await statusCommand({ config, format });
    });
};

const defineSchema: Define = (program, outcome) => {
  command(program, 'schema', 'JSON Schemas, with which editors complete and check the files')
    .argument('[kind]', 'gateway, device, rules, test or users (default: all of them)')
    .option('--out <folder>', 'write them to files in this folder')
    .action(async (kind, { out }) => {
      const { schemaCommand } = await import('./schema.ts');
      outcome.exitCode = await schemaCommand({ kind, out, stdout: process.stdout });
    });
};
