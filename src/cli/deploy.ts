import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { loadCatalog } from '../catalog.ts'
import { PipelineError } from '../record/error.ts'
import { fields } from './columns.ts'
import { type ExitCode, exitCodes, type Run, UsageError } from './command.ts'
import { type Io, style } from './io.ts'

type Flags = {
  config: string
  diff?: boolean
  synth?: boolean
  connect?: boolean
  views?: boolean
  yes?: boolean
}

export function deployCommand(run: Run): Command {
  return new Command('deploy')
    .summary('deploy it to AWS, or show what would change')
    .description(
      'Deploys the CDK app of this project, connects a table that was there before to the stream, and makes the views ' +
        'in Athena. It needs a clone of the project, and credentials for an account that is bootstrapped for the CDK. ' +
        'What it asks of the account is in docs/deploy.md.',
    )
    .option('--config <file>', 'what is to be deployed', 'dmd.deploy.json')
    .option('--diff', 'show what would change, and change nothing')
    .option(
      '--synth',
      'write the templates to infra/cdk.out, offline, once the packages of infra/ are there, and no more',
    )
    .option('--connect', 'connect the table that existingTable names to the stream, and no more')
    .option('--views', 'make the views in Athena, and no more')
    .option('--yes', 'do not ask before rights are changed')
    .action((flags: Flags) => run((io) => deploy(io, flags)))
}

async function deploy(io: Io, flags: Flags): Promise<ExitCode> {
  const only = (['diff', 'synth', 'connect', 'views'] as const).filter((flag) => flags[flag] === true)
  if (only.length > 1) throw new UsageError(`choose one of ${only.map((flag) => `--${flag}`).join(' and ')}`)
  const [one] = only
  const infra = findInfra()
  // One that is named has to be there; without one, all is as it is by default.
  if (flags.config !== 'dmd.deploy.json' && !existsSync(flags.config))
    throw new UsageError(`there is no ${flags.config}`)
  const config = resolve(existsSync(flags.config) ? flags.config : join(infra, 'dmd.deploy.json'))
  if (one === undefined || one === 'diff' || one === 'synth') await runApp(io, infra, config, flags)
  if (one === 'diff' || one === 'synth') return exitCodes.ok
  const named = readNames(config)
  if (one === 'connect' && named.existingTable === undefined)
    throw new UsageError(`${config} names no existingTable: a new table is connected by the deployment`)
  if (one !== 'views') await connect(io, named)
  if (one !== 'connect') await makeViews(io, named)
  if (one === undefined) await io.err(`deployed\n${outputLines(io, infra)}look at it: ${doctorFor(named)}\n`)
  return exitCodes.ok
}

async function runApp(io: Io, infra: string, config: string, flags: Flags): Promise<void> {
  const npm = (...args: readonly string[]) => runNpm(io, infra, config, args)
  if (!existsSync(join(infra, 'node_modules'))) await npm('ci')
  if (flags.synth) await npm('run', 'synth')
  else if (flags.diff) await npm('run', 'diff')
  else {
    rmSync(join(infra, outputsFile), { force: true })
    await npm('run', 'deploy', '--', ...(flags.yes ? ['--require-approval', 'never'] : []))
  }
}

/** The app is no part of the package: it would bring the CDK with it to everyone who queries an archive. */
function findInfra(): string {
  // Both dist/ and src/cli/ are asked: the command runs from either.
  for (const above of ['../infra', '../../infra']) {
    const folder = fileURLToPath(new URL(above, import.meta.url))
    if (existsSync(join(folder, 'cdk.json'))) return folder
  }
  throw new UsageError('the CDK app is not here: run it from a clone of the project, or deploy its templates')
}

async function runNpm(io: Io, folder: string, config: string, args: readonly string[]): Promise<void> {
  await io.err(`${style(io, 'dim', `npm ${args.join(' ')}`)}\n`)
  const child = spawn('npm', [...args], {
    cwd: folder,
    // The CDK asks, and shows its progress, on the terminal itself.
    stdio: 'inherit',
    env: { ...process.env, ...io.env, ...(existsSync(config) ? { DEPLOY_CONFIG: config } : {}) },
    shell: process.platform === 'win32',
  })
  const code = await new Promise<number | null>((done, fail) => child.once('error', fail).once('close', done))
  if (code !== 0)
    throw new PipelineError('DEPLOY_FAILED', `the CDK ended with ${code}; what it said stands above.`)
}

/** What looks at a deployment of such options. */
function doctorFor({ name, region, existingTable, schemas }: Named): string {
  const options = [
    ['--name', name],
    ['--table', existingTable],
    ['--schemas', schemas],
  ].flatMap(([option, value]) => (value === undefined ? [] : [`${option} ${value}`]))
  return `${region === undefined ? '' : `AWS_REGION=${region} `}dmd doctor --aws ${options.join(' ')}`
}

/** Where the CDK writes down what it deployed. */
const outputsFile = 'cdk.outputs.json'
const shownOutputs = [
  ['table', 'TableName'],
  ['stream', 'StreamName'],
  ['archive', 'ArchiveUrl'],
  ['function', 'FunctionName'],
  ['workgroup', 'WorkgroupName'],
] as const

function outputLines(io: Io, infra: string): string {
  const file = join(infra, outputsFile)
  if (!existsSync(file)) return ''
  const stacks = JSON.parse(readFileSync(file, 'utf8')) as { [stack: string]: { [name: string]: string } }
  const outputs: { readonly [name: string]: string } = Object.assign({}, ...Object.values(stacks))
  const rows = shownOutputs.map(([what, name]) => [what, outputs[name] ?? '—'] as const)
  return fields({ ...io, width: io.errWidth }, rows, { indent: '  ', paint: (name) => name })
}

type Named = {
  readonly name: string
  readonly region?: string
  readonly schemas?: string
  readonly existingTable?: string
  readonly existingStream?: string
}

/** What of the options is needed here; the app itself has checked them all by now. */
function readNames(config: string): Named {
  const given = existsSync(config) ? (JSON.parse(readFileSync(config, 'utf8')) as Partial<Named>) : {}
  const { schemas, ...rest } = given
  if (schemas === undefined) return { name: 'dmd', ...rest }
  // A path in the file is one from the file.
  return { name: 'dmd', ...rest, schemas: resolve(dirname(config), schemas) }
}

const says = {
  was: 'sends its changes to the stream, as before',
  is: 'sends its changes to the stream now',
  sharpened: 'sends its changes to the stream, in microseconds now',
} as const

/** A table that the deployment made is connected by its template. */
async function connect(io: Io, { name, region, existingTable, existingStream }: Named): Promise<void> {
  if (existingTable === undefined) return
  const { connectTable } = await import('./deploy/connect.ts')
  const stream = { name: `${name}-changes`, arn: existingStream }
  const outcome = await connectTable(existingTable, stream, {
    region,
    signal: io.interrupt,
    runtime: io.runtime,
  })
  await io.err(`${existingTable} ${says[outcome]}\n`)
}

async function makeViews(io: Io, { name, region, schemas }: Named): Promise<void> {
  const [{ connectToAthena }, { runToEnd }, { athenaViews }] = await Promise.all([
    import('../query/athena/client.ts'),
    import('../query/athena/run.ts'),
    import('../query/athena/views.ts'),
  ])
  const calls = await connectToAthena({
    workgroup: name,
    database: name.replaceAll('-', '_'),
    ...(region && { region }),
  })
  const views = [...loadCatalog(schemas).values()].flatMap(athenaViews)
  for (const [index, { name: view, statement }] of views.entries()) {
    await io.err(`${style(io, 'dim', `view ${index + 1} of ${views.length}`)}  ${view}\n`)
    await runToEnd(calls, statement, {
      signal: io.interrupt,
      pollMs: [200, 2_000],
      runtime: io.runtime,
    })
  }
  calls.close()
}
