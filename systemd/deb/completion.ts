/** Completion for bash, from the same definitions that `--help` is made of: commands, options, and words to choose from. */

import type { Command } from 'commander';
import { createProgram } from '../../src/cli/index.ts';
import { commandsOf, optionsOf } from './man-page.ts';

export function completion(): string {
  const commands = commandsOf(createProgram());
  return `# bash completion for headgate
_headgate() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='${commands.map((command) => command.name()).join(' ')} --help --version'
  else
    case \${COMP_WORDS[1]}:$previous in
${commands.flatMap(choiceLines).join('\n')}
    esac
    if [ -z "$words" ] && [[ $current == -* ]]; then
      case \${COMP_WORDS[1]} in
${commands.map(optionLine).join('\n')}
      esac
    fi
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _headgate headgate
`;
}

/** The words an option takes one of. */
function choiceLines(command: Command): string[] {
  return optionsOf(command).flatMap(({ long, argChoices }) =>
    argChoices === undefined ? [] : [`      ${command.name()}:${long}) words='${argChoices.join(' ')}' ;;`],
  );
}

function optionLine(command: Command): string {
  const names = optionsOf(command).map(({ long, short }) => long ?? short);
  return `        ${command.name()}) words='${names.join(' ')}' ;;`;
}
