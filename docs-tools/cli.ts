import type { Argument, Command, Option } from 'commander'
import { allCommands } from '../src/cli/command.ts'
import { examplesOf } from '../src/cli/examples.ts'
import { buildProgram } from '../src/cli/program.ts'

/** The command line as Markdown: every command, argument and option, out of the commands themselves. */
export function commandReference(): string {
  const program = buildProgram(async () => {})
  const sections = allCommands(program)
    .filter((command) => command !== program)
    .map(section)
  return [
    '<!-- Generated from the commands by `npm run generate`: do not edit. -->',
    '# The command line',
    '',
    '`npx dmd` runs the command in a clone of this project, and `dmd` after `npm install -g .` there. Anywhere else',
    '`npx dmd` would fetch another package of that name from the registry: run `npm install PATH-OF-THE-CLONE` first.',
    '',
    'Data goes to standard output, everything else to standard error. Settings come from flags, then from `DMD_*`',
    'variables, then from `dmd.config.json`, then from their defaults: see [configuration](configuration.md).',
    '',
    '| exit code | meaning |',
    '| --- | --- |',
    '| 0 | done |',
    '| 1 | failed: the message names the place and the fix |',
    '| 2 | the call or a setting is wrong |',
    '| 3 | ran to its end and found problems |',
    '| 130 | interrupted; what was done is stored, and the same command goes on |',
    '',
    ...overview(program),
    ...sections,
  ].join('\n')
}

/** The commands by what they are for, as the help shows them. */
function overview(program: Command): readonly string[] {
  const groups = [...new Set(program.commands.map((command) => command.helpGroup()))]
  return [
    '| for | command | what it does |',
    '| --- | --- | --- |',
    ...groups.flatMap((group) =>
      program.commands
        .filter((command) => command.helpGroup() === group)
        .map((command) => {
          const name = fullName(command)
          const link = `[${name}](#${name.replace(/ /g, '-')})`
          return `| ${group.replace(/:$/, '')} | ${link} | ${command.summary()} |`
        }),
    ),
    '',
  ]
}

function section(command: Command): string {
  const name = fullName(command)
  const examples = examplesOf(command)
  const items = [...command.registeredArguments.map(argumentItem), ...command.options.map(optionItem)]
  const children = command.commands.map(
    (child) => `- [${fullName(child)}](#${fullName(child).replace(/ /g, '-')})`,
  )
  return [
    `## ${name}`,
    '',
    command.description(),
    '',
    '```',
    `${name} ${command.usage()}`,
    '```',
    '',
    ...(items.length > 0
      ? ['| argument or option | meaning | default |', '| --- | --- | --- |', ...items, '']
      : []),
    ...(children.length > 0 ? [...children, ''] : []),
    ...(examples.length > 0 ? ['```', ...examples, '```', ''] : []),
  ].join('\n')
}

function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name()
}

function argumentItem(argument: Argument): string {
  const name = argument.required ? `<${argument.name()}>` : `[${argument.name()}]`
  return item(name, withChoices(argument.description, argument.argChoices), argument.defaultValue)
}

function optionItem(option: Option): string {
  return item(option.flags, withChoices(option.description, option.argChoices), option.defaultValue)
}

function withChoices(description: string, choices: readonly string[] | undefined): string {
  return choices ? `${description} (${choices.join(', ')})` : description
}

function item(name: string, description: string, fallback: unknown): string {
  const shown = fallback === undefined ? '' : `\`${String(fallback)}\``
  return `| \`${name}\` | ${description.replace(/\|/g, '\\|')} | ${shown} |`
}
