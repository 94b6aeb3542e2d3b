import { existsSync, readFileSync } from 'node:fs'
import * as z from 'zod'
import { batchRecords, batchWindowMs, parallelization, recordAgeMaxMs } from './defaults.ts'
import { nearestName } from './nearest.ts'
import { parseLocalDate } from './record/date.ts'
import { PipelineError } from './record/error.ts'
import { defaultRange } from './record/rules.ts'

const patterns = z.array(
  z.string().refine((text) => {
    try {
      return Boolean(new RegExp(text, 'u'))
    } catch {
      return false
    }
  }, 'must be a regular expression'),
)

/** Every setting: its form, its default and what it is for. `docs/configuration.md` is checked against it. */
const shape = {
  archive: z
    .string()
    .min(1)
    .default('./archive')
    .describe(
      'The archive: a directory, a `file:` URL, or `s3://bucket/prefix`. For S3, region, endpoint and credentials come from where the AWS SDK looks for them.',
    ),
  schemas: z
    .string()
    .min(1)
    .optional()
    .describe('A folder of further schemas; a file there wins over the built-in one of its name.'),
  keyAttributes: patterns
    .default([])
    .describe(
      'Regular expressions for the names of index keys; such attributes are no data and are not archived.',
    ),
  partitionFrom: z
    .string()
    .refine((text) => parseLocalDate(text) !== undefined, 'must be a date such as 2020-01-01')
    .default(defaultRange.from)
    .describe('The first partition date that worker and catalog accept.'),
  partitionYearsAhead: z.coerce
    .number()
    .int()
    .min(0)
    .max(100)
    .default(defaultRange.yearsAhead)
    .describe('How many years after the change a partition date may lie.'),
  codec: z.enum(['deflate', 'null']).default('deflate').describe('The compression of the Avro files.'),
  putsParallel: z.coerce
    .number()
    .int()
    .min(1)
    .max(256)
    .default(16)
    .describe('How many objects of a batch are written at once.'),
  putTimeoutMs: z.coerce
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(30_000)
    .describe('After how long a write counts as failed, in milliseconds.'),
  state: z
    .string()
    .min(1)
    .default('./state')
    .describe(
      'The folder of `dmd up` and `dmd worker`: the embedded table with its stream, how far the worker is, and the status. It holds personal data, for its owner alone.',
    ),
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('The address that the capture API listens on: this machine alone unless given.'),
  port: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(8080)
    .describe('The port that the capture API listens on; 0 for any that is free.'),
  table: z
    .string()
    .min(1)
    .optional()
    .describe('The table in DynamoDB that the capture API writes; the embedded one where it is not set.'),
  stream: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The Kinesis stream that the worker reads, by name or ARN; the embedded one where it is not set. Region, endpoint and credentials come from where the AWS SDK looks for them.',
    ),
  bridge: z
    .union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
    .default(false)
    .describe(
      'Whether `dmd up` itself pumps the table’s own stream (DynamoDB Streams) into the Kinesis stream: for a server that cannot do so, as DynamoDB does.',
    ),
  batchRecords: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(batchRecords)
    .describe('How many records of a shard the worker is given at once, at most.'),
  batchWindowMs: z.coerce
    .number()
    .int()
    .min(0)
    .max(300_000)
    .default(batchWindowMs.local)
    .describe('How long the first record of a batch waits for more, in milliseconds.'),
  parallelization: z.coerce
    .number()
    .int()
    .min(1)
    .max(10)
    .default(parallelization)
    .describe('How many batches of a shard are under way at once; records of one item stay in order.'),
  recordAgeMaxMs: z.coerce
    .number()
    .int()
    .min(60_000)
    .max(604_800_000)
    .default(recordAgeMaxMs.local)
    .describe(
      'How old a record may become, in milliseconds, before a batch that keeps failing is put below `failed/` and the next one is begun.',
    ),
  alertUrl: z
    .string()
    .refine(
      (text) => /^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : ''),
      'must be an http: or https: URL',
    )
    .optional()
    .describe(
      'Where `dmd up` and `dmd worker` post a notice when an alert begins or ends, as JSON; see docs/live.md.',
    ),
  alertErrors: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(20)
    .describe('How many records must fail within `alertWindowMs` for an error spike, at least.'),
  alertErrorPercent: z.coerce
    .number()
    .min(0)
    .max(100)
    .default(1)
    .describe('And what share of the records of that time, in percent.'),
  alertWindowMs: z.coerce
    .number()
    .int()
    .min(1_000)
    .max(86_400_000)
    .default(300_000)
    .describe('Over which time errors are counted for an error spike, in milliseconds.'),
  alertStaleMs: z.coerce
    .number()
    .int()
    .min(1_000)
    .max(86_400_000)
    .default(60_000)
    .describe('How long nothing may be delivered while something waits, in milliseconds.'),
  alertLagMs: z.coerce
    .number()
    .int()
    .min(1_000)
    .max(604_800_000)
    .default(60_000)
    .describe('How old a change may become before it is archived, in milliseconds.'),
  alertRepeatMs: z.coerce
    .number()
    .int()
    .min(1_000)
    .max(86_400_000)
    .default(900_000)
    .describe('How long an alert that was posted is not posted again, in milliseconds.'),
  runbooks: z
    .string()
    .min(1)
    .default('docs/operations.md')
    .describe('Where the runbooks are, for links in alerts: `#` and the name of the alert are added.'),
  cache: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The folder in which queries keep rows in a form that is fast to read; `dmd-pipeline` in the user’s cache folder where it is not set. It holds personal data, for its owner alone.',
    ),
  queryEngine: z
    .enum(['duckdb', 'athena'])
    .default('duckdb')
    .describe('What runs queries: DuckDB on this machine, or Amazon Athena over the tables of a deployment.'),
  workgroup: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{1,128}$/, 'must be the name of a workgroup')
    .default('dmd')
    .describe('The workgroup of Athena that queries run in.'),
  database: z
    .string()
    .regex(/^[a-zA-Z0-9_]{1,128}$/, 'must be the name of a database')
    .default('dmd')
    .describe('The database of Athena that the tables are in.'),
  queryMemory: z
    .string()
    .regex(/^\d+(\.\d+)?(MB|GB|MiB|GiB)$/, 'must be a size such as 2GB')
    .default('2GB')
    .describe('The most memory that a query may take; what does not fit is put on disk, in the cache.'),
  queryTimeoutMs: z.coerce
    .number()
    .int()
    .min(1)
    .max(86_400_000)
    .default(1_800_000)
    .describe('How long a query may take, in milliseconds.'),
  queryRowsMax: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000_000)
    .default(100_000_000)
    .describe('How many rows the result of a query may have.'),
}

const schema = z.strictObject(shape)
export type Settings = Readonly<z.infer<typeof schema>>
export type SettingName = keyof Settings & string
const settingNames = Object.keys(shape) as readonly SettingName[]

/** What holds where nothing is set. */
export const settingDefaults: Settings = Object.freeze(schema.parse({}))

/** What a setting is for, with its environment variable and its default: the source of its documentation. */
export function describeSettings(): readonly {
  name: SettingName
  variable: string
  fallback: unknown
  text: string
}[] {
  const defaults: { readonly [name: string]: unknown } = settingDefaults
  return settingNames.map((name) => ({
    name,
    variable: variableOf(name),
    fallback: defaults[name],
    text: shape[name].description ?? '',
  }))
}

export type SettingSources = {
  /** What the command line says; it wins. */
  readonly flags?: { readonly [name in SettingName]?: unknown }
  /** Variables `DMD_*`. */
  readonly env?: NodeJS.ProcessEnv
  /** The configuration file; read where it exists. */
  readonly file?: string
}

/**
 * Reads the settings once: flags over `DMD_*` over the configuration file over defaults. The result is frozen.
 *
 * Throws SETTING_INVALID, naming the source, the setting and what it takes, for an unknown name or a bad value.
 */
export function readSettings({ flags = {}, env = {}, file }: SettingSources): Settings {
  const given = file !== undefined && existsSync(file) ? readFile(file) : {}
  const merged = {
    ...check(given, file ?? '', (name) => name),
    ...check(fromEnv(env), 'environment', variableOf),
    ...check(defined(flags), 'flags', (name) => `--${name}`),
  }
  return Object.freeze(schema.parse(merged))
}

/** Checks the settings of one source, in which they are called as `called` says. */
function check(values: object, source: string, called: (name: string) => string): Partial<Settings> {
  const result = schema.partial().safeParse(values)
  if (result.success) {
    // Only what was given: the defaults come last.
    return Object.fromEntries(Object.entries(result.data).filter(([name]) => Object.hasOwn(values, name)))
  }
  const [issue] = result.error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  if (unknown !== undefined)
    throw unknownName(source, `there is no setting "${unknown}"`, unknown, settingNames)
  const name = String(issue?.path[0])
  const isNoNumber = issue?.code === 'invalid_type' && issue.expected === 'number'
  const what = isNoNumber ? 'must be a number' : issue?.message
  throw new PipelineError('SETTING_INVALID', `${source}: ${called(name)}${shownValue(name, values)}: ${what}`)
}

/** The value of a setting for a message. An address to post to may have a token in it. */
function shownValue(name: string, values: object): string {
  const value: unknown = Object.entries(values).find(([key]) => key === name)?.[1]
  return name === 'alertUrl' ? '' : ` is ${JSON.stringify(value).slice(0, 80)}`
}

/** The error about a name that is not known, with the one that was probably meant, else with all that there are. */
function unknownName(source: string, what: string, name: string, known: readonly string[]): PipelineError {
  const meant = nearestName(name, known)
  const help = meant === undefined ? `; there are ${known.join(', ')}` : `; did you mean ${meant}?`
  return new PipelineError('SETTING_INVALID', `${source}: ${what}${help}`)
}

function readFile(file: string): object {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch (cause) {
    throw new PipelineError('SETTING_INVALID', `${file}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
  throw new PipelineError('SETTING_INVALID', `${file}: must be a JSON object of settings`)
}

const prefix = 'DMD_'

function variableOf(name: string): string {
  return prefix + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
}

function fromEnv(env: NodeJS.ProcessEnv): object {
  const names = new Map(settingNames.map((name) => [variableOf(name), name]))
  const values: { [name: string]: unknown } = {}
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(prefix) || text === undefined || text === '') continue
    const name = names.get(variable)
    if (!name)
      throw unknownName('environment', `there is no variable ${variable}`, variable, [...names.keys()])
    values[name] = name === 'keyAttributes' ? text.split(',').map((part) => part.trim()) : text
  }
  return values
}

function defined(flags: object): object {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
}
