import { Argument, Command } from 'commander'
import { loadCatalog } from '../catalog.ts'
import { groupStates } from '../errors/status.ts'
import { loadSavedQueries } from '../query/saved.ts'
import { codes } from '../record/error.ts'
import { type ExitCode, exitCodes, type Run } from './command.ts'
import type { Io } from './io.ts'

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

/** What may follow a command: words of its own, and the values that its options and arguments take. */
type Words = {
  readonly name: string
  readonly words: readonly string[]
  /** By the flag of an option: its values, or that they are files. */
  readonly values: ReadonlyMap<string, readonly string[] | 'files'>
  /** What its arguments are one of; empty where that is not known. */
  readonly arguments: readonly string[]
  /** Its arguments may be files. */
  readonly takesFiles: boolean
}

/** Values of options and arguments that commander does not check, by their names. */
function knownValues(): ReadonlyMap<string, readonly string[]> {
  return new Map<string, readonly string[]>([
    ['--saved', loadSavedQueries().map(({ name }) => name)],
    ['--type', [...loadCatalog().keys()]],
    ['type', [...loadCatalog().keys()]],
    ['--status', groupStates],
    ['--code', recordCodes],
    ['--cause', recordCodes],
  ])
}

const recordCodes = Object.entries(codes).flatMap(([code, { scope }]) => (scope === 'record' ? [code] : []))

/** Every command with its full name and what may follow it. */
function wordsOf(
  command: Command,
  name: string,
  known: ReadonlyMap<string, readonly string[]> = knownValues(),
): readonly Words[] {
  const { commands, options, registeredArguments } = command
  const flags = options.flatMap(({ long, short }) => [long, short].filter((flag) => flag !== undefined))
  const isHelp = command.name() === 'help'
  const values = options.flatMap((option) => {
    const isFile = /[<[](?:file|folder|url)[>\]]/.test(option.flags)
    const taken = option.argChoices ?? known.get(option.long ?? '') ?? (isFile ? 'files' : undefined)
    if (taken === undefined || (!option.required && !option.optional)) return []
    return [option.long, option.short].flatMap((flag) => (flag === undefined ? [] : [[flag, taken] as const]))
  })
  const own: Words = {
    name,
    words: [...commands.map((child) => child.name()), ...flags, '--help'],
    values: new Map(values),
    arguments: isHelp
      ? (command.parent?.commands.map((child) => child.name()) ?? [])
      : registeredArguments.flatMap((argument) => argument.argChoices ?? known.get(argument.name()) ?? []),
    takesFiles: registeredArguments.length > 0 && !isHelp,
  }
  return [own, ...commands.flatMap((child) => wordsOf(child, `${name} ${child.name()}`, known))]
}

function bashScript(program: Command, shell: 'bash' | 'zsh'): string {
  const all = wordsOf(program, 'dmd')
  const cases = all.map(
    ({ name, words, arguments: taken, takesFiles }) =>
      `    "${name}") words="${[...words, ...taken].join(' ')}"; files=${takesFiles && taken.length === 0 ? 1 : ''} ;;`,
  )
  const values = all.flatMap(({ name, values: taken }) =>
    [...taken].map(([flag, list]) =>
      list === 'files'
        ? `    "${name} ${flag}") words=""; files=1 ;;`
        : `    "${name} ${flag}") words="${list.join(' ')}"; files= ;;`,
    ),
  )
  const names = all
    .slice(1)
    .map(({ name }) => `"${name}"`)
    .join('|')
  const lines = [
    ...(shell === 'zsh' ? ['autoload -U +X bashcompinit && bashcompinit'] : []),
    '_dmd() {',
    '  local name="dmd" words="" files="" word',
    '  local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"',
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    '    [[ "$word" == -* ]] && continue',
    '    case "$name $word" in',
    `      ${names}) name="$name $word" ;;`,
    '    esac',
    '  done',
    '  case "$name" in',
    ...cases,
    '  esac',
    '  case "$name $before" in',
    ...values,
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '  [[ -n "$files" && "$current" != -* ]] && COMPREPLY+=($(compgen -f -- "$current"))',
    '}',
    'complete -o filenames -F _dmd dmd',
  ]
  return `${lines.join('\n')}\n`
}

function fishScript(program: Command): string {
  const lines = wordsOf(program, 'dmd').flatMap(({ name, words, values, arguments: taken, takesFiles }) => {
    const [, ...path] = name.split(' ')
    const condition =
      path.length === 0 ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${path.at(-1)}`
    const noFiles = takesFiles && taken.length === 0 ? [] : [`complete -c dmd -f -n '${condition}'`]
    return [
      ...noFiles,
      ...words
        .filter((word) => !/^-\w$/.test(word))
        .map((word) => {
          if (!word.startsWith('--')) return `complete -c dmd -f -n '${condition}' -a ${word}`
          const list = values.get(word)
          const takes = list === 'files' ? ' -r -F' : list ? ` -x -a '${list.join(' ')}'` : ''
          return `complete -c dmd -n '${condition}' -l ${word.slice(2)}${takes}`
        }),
      ...taken.map((word) => `complete -c dmd -f -n '${condition}' -a ${word}`),
    ]
  })
  return `${lines.join('\n')}\n`
}
