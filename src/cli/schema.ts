import { Argument, Command } from 'commander'
import { loadSchema } from '../catalog.ts'
import { athenaDdl } from '../derive/ddl.ts'
import { schemaReference } from '../derive/markdown.ts'
import { rowTypes } from '../derive/typescript.ts'
import { compareSchemas, type SchemaFinding } from '../record/evolution.ts'
import type { RecordSchema } from '../record/schema.ts'
import { columns } from './columns.ts'
import {
  catalogFor,
  type ExitCode,
  exitCodes,
  jsonOption,
  type Run,
  schemasOption,
  settingsFor,
  UsageError,
} from './command.ts'
import { type Io, style } from './io.ts'

type Flags = { schemas?: string; json?: boolean }

export function schemaCommand(run: Run): Command {
  const command = new Command('schema')
    .summary('look at the record types, and at what a change of one does')
    .description('Everything that derives from the schema files: the types, their DDL, their docs.')
  command
    .command('list')
    .description('Lists the record types.')
    .addOption(schemasOption())
    .addOption(jsonOption())
    .action((flags: Flags) => run((io) => list(io, flags)))
  command
    .command('show')
    .description("Prints the Avro schema of a type's rows, with the fields that the worker adds.")
    .addArgument(new Argument('<type>', 'a record type'))
    .addOption(schemasOption())
    .action((type: string, flags: Flags) => run((io) => show(io, type, flags)))
  command
    .command('ddl')
    .description("Prints the statement that makes a type's table in Athena.")
    .addArgument(new Argument('<type>', 'a record type'))
    .option('--location <url>', 'the root of the archive, above data/', 's3://BUCKET')
    .addOption(schemasOption())
    .action((type: string, flags: Flags & { location: string }) => run((io) => ddl(io, type, flags)))
  command
    .command('check')
    .description(
      'Says, field by field, whether an edited schema file still reads the files that were written with an earlier one, ' +
        'and which rules of the archive it changes: personal data, partition, reference, timestamp, derived and required ' +
        'fields. Exit code 3 when files cannot be read or a rule changes.',
    )
    .addArgument(new Argument('<file>', 'the edited schema file'))
    .option('--against <file>', 'the earlier schema file (default: the type of the same name that is in use)')
    .addOption(schemasOption())
    .addOption(jsonOption())
    .action((file: string, flags: Flags & { against?: string }) => run((io) => check(io, file, flags)))
  command
    .command('types')
    .description('Prints TypeScript types of the rows.')
    .addOption(schemasOption())
    .action((flags: Flags) => run((io) => print(io, rowTypes(catalogFor(settingsFor(io, flags))))))
  command
    .command('docs')
    .description('Prints the reference of all types as Markdown.')
    .addOption(schemasOption())
    .action((flags: Flags) => run((io) => print(io, schemaReference(catalogFor(settingsFor(io, flags))))))
  return command
}

async function print(io: Io, text: string): Promise<ExitCode> {
  await io.out(text)
  return exitCodes.ok
}

async function list(io: Io, flags: Flags): Promise<ExitCode> {
  const schemas = [...catalogFor(settingsFor(io, flags)).values()]
  if (flags.json)
    return print(io, `${JSON.stringify(schemas.map(({ type, plural, doc }) => ({ type, plural, doc })))}\n`)
  const rows = schemas.map(({ type, plural, own, doc }) => [type, plural, String(own.fields.length), doc])
  return print(io, columns(io, ['type', 'view', 'fields', 'what it is'], rows, { right: [2] }))
}

function find(io: Io, type: string, flags: Flags): RecordSchema {
  const catalog = catalogFor(settingsFor(io, flags))
  const schema = catalog.get(type)
  if (!schema)
    throw new UsageError(`there is no record type "${type}"; there are ${[...catalog.keys()].join(', ')}`)
  return schema
}

async function show(io: Io, type: string, flags: Flags): Promise<ExitCode> {
  return print(io, `${JSON.stringify(find(io, type, flags).avro, null, 2)}\n`)
}

async function ddl(io: Io, type: string, flags: Flags & { location: string }): Promise<ExitCode> {
  const { partitionFrom: from, partitionYearsAhead: yearsAhead } = settingsFor(io, flags)
  return print(io, athenaDdl(find(io, type, flags), { location: flags.location, from, yearsAhead }))
}

const verdictStyles = { same: 'dim', reads: 'green', lost: 'yellow', changes: 'red', breaks: 'red' } as const

async function check(io: Io, file: string, flags: Flags & { against?: string }): Promise<ExitCode> {
  const edited = loadSchema(file)
  const before = flags.against === undefined ? find(io, edited.type, flags) : loadSchema(flags.against)
  const findings = compareSchemas(before, edited)
  if (flags.json) await io.out(`${JSON.stringify(findings)}\n`)
  else await io.out(explain(io, findings))
  const isBad = findings.some(({ verdict }) => verdict === 'breaks' || verdict === 'changes')
  return isBad ? exitCodes.problems : exitCodes.ok
}

function explain(io: Io, findings: readonly SchemaFinding[]): string {
  const rows = findings.map(({ path, verdict, note }) => [path, verdict, note])
  const paint = (text: string, row: number, column: number) =>
    column === 1 ? style(io, verdictStyles[findings[row]?.verdict ?? 'same'], text) : text
  const paths = (wanted: SchemaFinding['verdict']) => [
    ...new Set(findings.flatMap(({ path, verdict }) => (verdict === wanted ? [path] : []))),
  ]
  const [breaks, changes] = [paths('breaks'), paths('changes')]
  const reading =
    breaks.length > 0
      ? `files written with the earlier schema cannot be read: ${breaks.join(', ')}`
      : 'files written with the earlier schema can be read'
  const rules = changes.length > 0 ? `\nrules of the archive change: ${changes.join(', ')}` : ''
  return `${columns(io, ['field', 'verdict', 'note'], rows, { paint })}${reading}${rules}\n`
}
