import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import {
  batchRecords,
  batchWindowMs,
  parallelization,
  recordAgeMaxMs,
  recordAgeShareMax,
} from '../../src/defaults.ts'
import { defaultRange } from '../../src/record/rules.ts'

const arn = (service: string) =>
  z.string().regex(new RegExp(`^arn:aws[\\w-]*:${service}:`), `must be an ARN of ${service}`)

/** Not an alias: what a policy allows is told by the key itself. */
const keyArn = z
  .string()
  .regex(/^arn:aws[\w-]*:kms:[^:]+:\d{12}:key\//, 'must be the ARN of a key, not of an alias')

const days = (fallback: number) => z.number().int().min(1).max(3_653).default(fallback)

const shape = z.strictObject({
  name: z
    .string()
    .regex(
      /^[a-z](?:[a-z0-9-]{0,29}[a-z0-9])?$/,
      'must be lower-case letters, digits and - between them, at most 31',
    )
    .default('dmd')
    .describe('What the stacks and all that is in them is named after.'),
  account: z
    .string()
    .regex(/^\d{12}$/, 'must be 12 digits')
    .optional()
    .describe('The account; that of the credentials where it is not given.'),
  region: z.string().min(1).optional().describe('The region; that of the credentials where it is not given.'),
  existingTable: z
    .string()
    .regex(/^[\w.-]{3,255}$/, 'must be the name of a table')
    .optional()
    .describe(
      'The name of a table to read instead of a new one. Connect its stream yourself: the output says how.',
    ),
  existingStream: arn('kinesis').optional().describe('A Kinesis stream to read instead of a new one.'),
  existingStreamKey: keyArn.optional().describe('The KMS key of that stream, where it is another one.'),
  existingBucket: z
    .string()
    .min(3)
    .optional()
    .describe(
      'A bucket for the archive instead of a new one. Its settings are left alone: `docs/deploy.md` says which it needs.',
    ),
  existingKey: keyArn.optional().describe('A KMS key instead of a new one.'),
  vpc: z
    .strictObject({
      id: z.string().regex(/^vpc-/, 'must begin with vpc-'),
      subnets: z.array(z.string().regex(/^subnet-/)).min(1),
      zones: z.array(z.string()).min(1),
      securityGroup: z.string().regex(/^sg-/, 'must begin with sg-'),
    })
    .optional()
    .describe('A VPC for the worker, which needs an endpoint of S3 there: a gateway will do.'),
  assumedBy: z
    .strictObject({
      analyst: z.array(arn('iam')).min(1).optional(),
      operations: z.array(arn('iam')).min(1).optional(),
      maintenance: z.array(arn('iam')).min(1).optional(),
    })
    .prefault({})
    .describe('Who may take on each role of people; whomever the account lets where it is not given.'),
  permissionsBoundary: arn('iam').optional().describe('The boundary of every role.'),
  prefix: z
    .string()
    .regex(/^[\w.-]+(\/[\w.-]+)*$/, 'must be a path such as team/demand')
    .optional()
    .describe('Where in the bucket the archive is.'),
  schemas: z.string().min(1).optional().describe('A folder of further record types.'),
  partitionFrom: z.iso
    .date()
    .default(defaultRange.from)
    .describe('The first partition date, for worker and catalog alike.'),
  partitionYearsAhead: z
    .number()
    .int()
    .min(0)
    .max(100)
    .default(defaultRange.yearsAhead)
    .describe('How far ahead partition dates may lie.'),
  stream: z
    .strictObject({
      shards: z.number().int().min(1).max(10_000).optional().describe('On demand where it is not given.'),
      retentionHours: z.number().int().min(24).max(8_760).default(168),
    })
    .prefault({}),
  delivery: z
    .strictObject({
      batchRecords: z.number().int().min(1).max(10_000).default(batchRecords),
      windowSeconds: z
        .number()
        .int()
        .min(0)
        .max(300)
        .default(batchWindowMs.deployed / 1_000),
      // One batch of a shard at a time delivers some six times what the shard takes (docs/scale.md). More at once are smaller, and make more files.
      parallelization: z.number().int().min(1).max(10).default(parallelization),
      recordAgeMaxSeconds: z
        .number()
        .int()
        .min(60)
        .max(604_800)
        .default(recordAgeMaxMs.deployed / 1_000),
      memoryMb: z.number().int().min(256).max(10_240).default(1_024),
      timeoutSeconds: z.number().int().min(10).max(900).default(60),
      reservedConcurrency: z.number().int().min(1).optional(),
      logDays: z
        .union([z.literal(7), z.literal(14), z.literal(30), z.literal(90), z.literal(365)])
        .default(30),
    })
    .prefault({}),
  archive: z
    .strictObject({
      noncurrentDays: days(7),
      handledErrorDays: days(30),
      unattributableErrorDays: days(30),
    })
    .prefault({}),
  athena: z
    .strictObject({
      scanBytesMax: z.number().int().min(10_000_000).default(100_000_000_000),
      resultDays: days(14),
    })
    .prefault({}),
  alarms: z
    .strictObject({
      email: z.email().optional(),
      errorsIn5Minutes: z.number().int().min(1).default(20),
      lagSeconds: z.number().int().min(10).default(60),
      staleMinutes: z.number().int().min(5).max(1_440).default(15),
      runbooks: z
        .url()
        .optional()
        .describe(
          'Where `docs/operations.md` is published; alarms link to the dashboard where it is not given.',
        ),
    })
    .prefault({}),
})

export type Config = z.infer<typeof shape>

/** All options, those of a group as `group.option`; a VPC is one. */
export const optionNames: readonly string[] = Object.entries(shape.shape).flatMap(([name, option]) =>
  option instanceof z.ZodPrefault
    ? Object.keys((option.unwrap() as z.ZodObject).shape).map((inner) => `${name}.${inner}`)
    : [name],
)

/** A mistake in the configuration, for the person who wrote it. */
export class ConfigError extends Error {}

/** Checks a configuration and fills in the defaults. Throws ConfigError, naming the option and what it takes. */
export function parseConfig(value: unknown, source: string): Config {
  const result = shape.safeParse(value)
  if (!result.success) {
    const [issue] = result.error.issues
    const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
    const place = [...(issue?.path ?? []), ...(unknown ? [unknown] : [])].join('.')
    throw new ConfigError(
      `${source}: ${place === '' ? 'the whole file' : place}: ${unknown ? 'there is no such option' : issue?.message}`,
    )
  }
  const config = result.data
  const wrong = contradiction(config)
  if (wrong !== undefined) throw new ConfigError(`${source}: ${wrong}`)
  const limit = config.stream.retentionHours * 3_600 * recordAgeShareMax
  if (config.delivery.recordAgeMaxSeconds > limit)
    throw new ConfigError(
      `${source}: delivery.recordAgeMaxSeconds: must be at most ${limit}, ${recordAgeShareMax * 100} % of stream.retentionHours: else the stream drops records before their batch is given up`,
    )
  return config
}

/** What two options say that cannot both be. */
function contradiction(config: Config): string | undefined {
  const { existingStream, existingStreamKey, region, stream, vpc } = config
  const streamRegion = existingStream?.split(':')[3]
  if (existingStream !== undefined && stream.shards !== undefined)
    return 'stream.shards: is of a new stream, and existingStream names one'
  if (existingStreamKey !== undefined && existingStream === undefined)
    return 'existingStreamKey: is the key of existingStream, which is not given'
  if (region !== undefined && streamRegion !== undefined && region !== streamRegion)
    return `existingStream: is in ${streamRegion}, and region is ${region}`
  if (vpc && vpc.subnets.length !== vpc.zones.length)
    return 'vpc.zones: must be one for each of vpc.subnets, in their order'
  return undefined
}

/**
 * Where the options are: at `DEPLOY_CONFIG`, in the folder that the command was given in, or here, if they are anywhere.
 * Throws ConfigError where one is named that is not there.
 */
export function findConfig({ DEPLOY_CONFIG, INIT_CWD }: NodeJS.ProcessEnv): string {
  if (DEPLOY_CONFIG !== undefined) {
    if (!existsSync(DEPLOY_CONFIG)) throw new ConfigError(`there is no ${DEPLOY_CONFIG}`)
    return DEPLOY_CONFIG
  }
  const given = INIT_CWD === undefined ? undefined : join(INIT_CWD, fileName)
  return given !== undefined && existsSync(given) ? given : fileName
}

const fileName = 'dmd.deploy.json'

/** Reads `dmd.deploy.json`, or takes the defaults where there is none. */
export function readConfig(path: string): Config {
  if (!existsSync(path)) return parseConfig({}, 'defaults')
  try {
    const config = parseConfig(JSON.parse(readFileSync(path, 'utf8')), path)
    // A path in the file is one from the file.
    return config.schemas === undefined
      ? config
      : { ...config, schemas: resolve(dirname(path), config.schemas) }
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError(`${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
