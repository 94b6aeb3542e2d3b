import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { PipelineError } from '../record/error.ts'
import type { Settings } from '../settings.ts'
import { openStore } from '../store/open.ts'
import {
  archiveOption,
  catalogFor,
  configFile,
  type ExitCode,
  exitCodes,
  jsonOption,
  schemasOption,
  settingsFor,
} from './command.ts'
import { type Io, style } from './io.ts'
import type { Run } from './program.ts'

type Flags = { archive?: string; schemas?: string; json?: boolean }
type Finding = { readonly check: string; readonly ok: boolean; readonly found: string; readonly fix?: string }

export function doctorCommand(run: Run): Command {
  return new Command('doctor')
    .summary('check that everything needed is here')
    .description(
      'Checks the machine, the settings, the schemas, the SQL engine and the archive, and says how to mend what fails.',
    )
    .addOption(archiveOption())
    .addOption(schemasOption())
    .addOption(jsonOption())
    .action((flags: Flags) => run((io) => doctor(io, flags)))
}

const nodeMin = [20, 19] as const

async function doctor(io: Io, flags: Flags): Promise<ExitCode> {
  const findings: Finding[] = [checkNode()]
  let settings: Settings | undefined
  findings.push(
    await attempt('settings', () => {
      settings = settingsFor(io, flags)
      return existsSync(configFile) ? `read, with ${configFile}` : `read, without a ${configFile}`
    }),
  )
  findings.push(await attempt('SQL engine', checkEngine))
  if (settings) {
    const found = settings
    findings.push(await attempt('schemas', () => [...catalogFor(found).keys()].join(', ')))
    findings.push(await attempt('archive', () => checkArchive(found.archive)))
  }
  const sound = findings.every(({ ok }) => ok)
  if (flags.json) await io.out(`${JSON.stringify(findings)}\n`)
  else await io.out(findings.map((finding) => toLine(io, finding)).join(''))
  return sound ? exitCodes.ok : exitCodes.problems
}

function toLine(io: Io, { check, ok, found, fix }: Finding): string {
  const mark = ok ? style(io, 'green', 'ok  ') : style(io, 'red', 'FAIL')
  return `${mark}  ${check.padEnd(10)}  ${found}\n${fix === undefined ? '' : `      ${''.padEnd(10)}  fix: ${fix}\n`}`
}

function checkNode(): Finding {
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

async function attempt(check: string, look: () => string | Promise<string>): Promise<Finding> {
  try {
    return { check, ok: true, found: await look() }
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error)
    const fix =
      error instanceof PipelineError
        ? 'the message names it; see docs/errors.md'
        : 'run npm ci again on this machine'
    return { check, ok: false, found, fix }
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

/** Writes, replaces, reads and deletes a file of its own, so that a full disk or a missing right shows here. */
async function checkArchive(url: string): Promise<string> {
  const store = await openStore(url, { create: false })
  const key = 'errors/doctor-check.txt'
  const first = await store.put(key, Buffer.from('1'))
  if (first.outcome !== 'stored') throw new Error('an object could not be written')
  const again = await store.put(key, Buffer.from('2'), { condition: { ifAbsent: true } })
  if (again.outcome !== 'exists')
    throw new Error('create-if-absent does not hold on this file system: use another')
  await store.delete(key)
  return `${store.url} can be written`
}
