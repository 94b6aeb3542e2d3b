import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { PipelineError } from '../record/error.ts'
import type { Settings } from '../settings.ts'
import { directoryOf, openStore } from '../store/open.ts'
import { probeDirectory } from '../store/probe.ts'
import {
  archiveOption,
  catalogFor,
  configFile,
  type ExitCode,
  exitCodes,
  jsonOption,
  type Run,
  schemasOption,
  settingsFor,
} from './command.ts'
import { skippedLines } from './cost.ts'
import { assumedFindings, assumptions } from './doctor/assumptions.ts'
import { type DoctorFinding, findingLines } from './doctor/finding.ts'
import { count, counted, type Io, style } from './io.ts'

type Flags = {
  archive?: string
  schemas?: string
  json?: boolean
  aws?: boolean
  name: string
  table?: string
  database?: string
  workgroup?: string
  assumptions?: boolean
}

export function doctorCommand(run: Run): Command {
  return new Command('doctor')
    .summary('check that everything needed is here')
    .description(
      'Checks the machine, the settings, the schemas, the SQL engine and the archive, and says how to mend what fails.',
    )
    .addOption(archiveOption())
    .addOption(schemasOption())
    .addOption(jsonOption())
    .option('--aws', 'look at a deployment in AWS instead of the archive; changes nothing')
    .option('--name <name>', 'with --aws: what the deployment is named', 'dmd')
    .option('--table <name>', 'with --aws: the DynamoDB table, where it is not the deployment’s own')
    .option(
      '--database <name>',
      'with --aws: the database of the tables, where the deployment’s name does not say',
    )
    .option('--workgroup <name>', 'with --aws: the workgroup, where it is not the deployment’s name')
    .option('--assumptions', 'list what only an AWS account can show, and how to see it')
    .action((flags: Flags) => run((io) => doctor(io, flags)))
}

const nodeMin = [20, 19] as const

async function doctor(io: Io, flags: Flags): Promise<ExitCode> {
  if (flags.assumptions) return listAssumptions(io, flags)
  const findings: DoctorFinding[] = [checkNode()]
  let settings: Settings | undefined
  findings.push(
    await attempt('settings', () => {
      settings = settingsFor(io, flags.aws ? { ...flags, ...namesOf(flags) } : flags)
      return existsSync(configFile) ? `read, with ${configFile}` : `read, without a ${configFile}`
    }),
  )
  findings.push(await attempt('SQL engine', checkEngine, 'run npm ci again on this machine'))
  if (settings) {
    const found = settings
    findings.push(await attempt('schemas', () => [...catalogFor(found).keys()].join(', ')))
    if (flags.aws) findings.push(...(await checkAws(flags, found)), ...assumedFindings())
    else {
      findings.push(await attempt('archive', () => checkArchive(found.archive)))
      findings.push(await checkFiles(found))
    }
  }
  const sound = findings.every(({ ok }) => ok !== false)
  if (flags.json) await io.out(`${JSON.stringify(findings)}\n`)
  else await io.out(findingLines(io, findings))
  return sound ? exitCodes.ok : exitCodes.problems
}

/** The deployment's own names, which it is given unless others are. */
function namesOf({ name, database = name.replaceAll('-', '_'), workgroup = name }: Flags) {
  return { database, workgroup }
}

async function checkAws({ name, table }: Flags, settings: Settings): Promise<readonly DoctorFinding[]> {
  const { checkDeployment } = await import('./doctor/aws.ts')
  return checkDeployment({ name, table }, settings, catalogFor(settings))
}

async function listAssumptions(io: Io, { json }: Flags): Promise<ExitCode> {
  if (json) await io.out(`${JSON.stringify(assumptions)}\n`)
  else
    for (const { name, assumed, test, expect } of assumptions)
      await io.out(`${style(io, 'bold', name)}: ${assumed}\n    run     ${test}\n    expect  ${expect}\n`)
  return exitCodes.ok
}

function checkNode(): DoctorFinding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const ok = major > nodeMin[0] || (major === nodeMin[0] && minor >= nodeMin[1])
  const found = `${process.versions.node} on ${process.platform} ${process.arch}`
  return {
    check: 'Node.js',
    ok,
    found,
    ...(ok ? {} : { fix: `install Node.js ${nodeMin.join('.')} or later` }),
  }
}

async function attempt(
  check: string,
  look: () => string | Promise<string>,
  otherwise?: string,
): Promise<DoctorFinding> {
  try {
    return { check, ok: true, found: await look() }
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error)
    const fix = error instanceof PipelineError ? error.fix : otherwise
    return { check, ok: false, found, ...(fix === undefined ? {} : { fix }) }
  }
}

async function checkEngine(): Promise<string> {
  // Imported here, so that a missing binary is a finding and not the end of the command.
  const { DuckDBInstance, version } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:')
  try {
    const connection = await instance.connect()
    const reader = await connection.runAndReadAll('SELECT 6 * 7 AS answer')
    if (String(reader.getRows()[0]?.[0]) !== '42') throw new Error('DuckDB cannot calculate here')
    connection.closeSync()
  } finally {
    instance.closeSync()
  }
  return `DuckDB ${version()}`
}

/** So many of the newest files of each table are read. */
const filesReadMax = 200

/** Looks for objects in the place of the tables' files that no query has rows of. */
async function checkFiles(settings: Settings): Promise<DoctorFinding> {
  const check = 'files'
  try {
    const { findSkipped } = await import('../query/skipped.ts')
    const store = await openStore(settings.archive, { create: false })
    const { skipped, read, files } = await findSkipped(store, catalogFor(settings), filesReadMax)
    const looked = `${count(read)} of ${counted(files, 'file')} looked at`
    if (skipped.length === 0) return { check, ok: true, found: looked }
    const fix = 'move them out of data/, or restore them from their source'
    return { check, ok: false, found: [looked, ...skippedLines(skipped)].join('\n'), fix }
  } catch (error) {
    return { check, ok: null, found: error instanceof Error ? error.message : String(error) }
  }
}

/** Tries what an archive has to do; nothing that was not there before is there afterwards. */
async function checkArchive(url: string): Promise<string> {
  const directory = directoryOf(url)
  if (directory === undefined) return checkBucket(url)
  return (await probeDirectory(directory))
    ? `${directory} can be written`
    : `there is none at ${directory} yet: the first delivery makes it`
}

/** A replacement of what is not there needs the right to write, and writes nothing where conditions hold. */
async function checkBucket(url: string): Promise<string> {
  const store = await openStore(url)
  const key = 'errors/doctor-check.txt'
  const { outcome } = await store.put(key, Buffer.from('1'), { condition: { ifMatch: '"no-such-etag"' } })
  if (outcome === 'changed') return `${store.url} can be written`
  await store.delete(key)
  throw new Error(
    'this server ignores the conditions of a put, by which nothing is written twice: use another',
  )
}
