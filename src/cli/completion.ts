import { Argument, Command } from 'commander'
import { type ExitCode, exitCodes } from './command.ts'
import type { Io } from './io.ts'
import type { Run } from './program.ts'

const shells = ['bash', 'zsh', 'fish'] as const

export function completionCommand(run: Run, program: Command): Command {
  return new Command('completion')
    .summary('print a script that completes commands in your shell')
    .description('Prints a completion script. For bash or zsh:  source <(dmd completion bash)')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .action((shell: (typeof shells)[number]) => run((io) => complete(io, shell, program)))
}

async function complete(io: Io, shell: (typeof shells)[number], program: Command): Promise<ExitCode> {
  await io.out(shell === 'fish' ? fishScript(program) : bashScript(program, shell))
  return exitCodes.ok
}

/** Every command with its full name and the words that may follow it. */
function wordsOf(command: Command, name: string): readonly { name: string; words: readonly string[] }[] {
  const words = [
    ...command.commands.map((child) => child.name()),
    ...command.options.map((option) => option.long ?? option.short ?? ''),
    '--help',
  ]
  return [{ name, words }, ...command.commands.flatMap((child) => wordsOf(child, `${name} ${child.name()}`))]
}

function bashScript(program: Command, shell: 'bash' | 'zsh'): string {
  const cases = wordsOf(program, 'dmd').map(
    ({ name, words }) => `    "${name}") words="${words.join(' ')}" ;;`,
  )
  const lines = [
    ...(shell === 'zsh' ? ['autoload -U +X bashcompinit && bashcompinit'] : []),
    '_dmd() {',
    '  local name="dmd" words="" word',
    `  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do`,
    '    [[ "$word" == -* ]] && continue',
    '    case "$name $word" in',
    `      ${wordsOf(program, 'dmd')
      .slice(1)
      .map(({ name }) => `"${name}"`)
      .join('|')}) name="$name $word" ;;`,
    '    esac',
    '  done',
    '  case "$name" in',
    ...cases,
    '  esac',
    '  local current="${COMP_WORDS[COMP_CWORD]}"',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '  [[ "$current" != -* ]] && COMPREPLY+=($(compgen -f -- "$current"))',
    '}',
    'complete -o filenames -F _dmd dmd',
  ]
  return `${lines.join('\n')}\n`
}

function fishScript(program: Command): string {
  const lines = wordsOf(program, 'dmd').flatMap(({ name, words }) => {
    const [, ...path] = name.split(' ')
    const condition =
      path.length === 0 ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${path.at(-1)}`
    return words.map((word) =>
      word.startsWith('--')
        ? `complete -c dmd -n '${condition}' -l ${word.slice(2)}`
        : `complete -c dmd -f -n '${condition}' -a ${word}`,
    )
  })
  return `${lines.join('\n')}\n`
}
