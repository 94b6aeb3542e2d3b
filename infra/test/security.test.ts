import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Template } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { parseConfig } from '../src/config.ts'
import { only, resources, synthesise, withoutDigest } from './app.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = 'docs/security.md'
const doc = readFileSync(join(root, page), 'utf8')
const { data, pipeline } = synthesise()

type Row = { readonly [column: string]: string }

/** The rows of the one table with this header. */
function table(...header: readonly string[]): readonly Row[] {
  const cells = (line: string) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim())
  const lines = doc.split('\n')
  const at = lines.flatMap((line, index) => (line === `| ${header.join(' | ')} |` ? [index] : []))
  if (at.length !== 1) throw new Error(`${at.length} tables with the header ${header.join(', ')}`)
  const body = lines.slice(at[0]! + 2)
  const rows = body.slice(
    0,
    body.findIndex((line) => !line.startsWith('|')),
  )
  if (rows.length === 0) throw new Error(`no row below ${header.join(', ')}`)
  return rows.map((line) => {
    const row = cells(line)
    if (row.length !== header.length) throw new Error(`${row.length} cells: ${line}`)
    return Object.fromEntries(header.map((name, index) => [name, row[index] ?? '']))
  })
}

/** What stands in backticks, in alphabetical order. */
const codes = (cell = ''): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!).sort()

const list = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T])

type Statement = {
  readonly Sid?: string
  readonly Effect: 'Allow' | 'Deny'
  readonly Action: string | readonly string[]
  readonly Resource?: unknown
  readonly Principal?: unknown
  readonly Condition?: object
}
type Document = { readonly Statement: readonly Statement[] }

function documentOf(properties: unknown, name: string): Document {
  return (properties as { [name: string]: Document })[name]!
}

/** What each role is allowed, by its name in the page. */
const roles = new Map(
  ['worker', 'analyst', 'operations', 'maintenance'].map((role) => {
    const logicalId = new RegExp(`^${role === 'worker' ? 'WorkerRole' : role}`, 'i')
    const statements = [data, pipeline]
      .flatMap((template) => resources(template, 'AWS::IAM::Policy'))
      .filter(([id]) => logicalId.test(id))
      .flatMap(([, { Properties }]) => documentOf(Properties, 'PolicyDocument').Statement)
    return [role, statements] as const
  }),
)

/** The folders that a statement is about: of the archive by name, `results` for the other bucket. */
function foldersOf({ Resource }: Statement): readonly string[] {
  return list(Resource).map((resource) => {
    const text = JSON.stringify(resource)
    if (/Results\w+/.test(text)) return '`results`'
    return /"\/([\w/]+\/)\*"/.exec(text)?.map((part) => `\`${part}\``)[1] ?? 'archive'
  })
}

/** Where a role may do an action of S3. */
function placesOf(statements: readonly Statement[], action: string): readonly string[] {
  const places = statements.filter(({ Action }) => list(Action).includes(action)).flatMap(foldersOf)
  return [...new Set(places)].sort()
}

/** Which folders refuse to write over what is there, and to whom they do not. */
const createOnly = resources(data, 'AWS::S3::BucketPolicy')
  .flatMap(([, { Properties }]) => documentOf(Properties, 'PolicyDocument').Statement)
  .filter(
    ({ Effect, Condition }) => Effect === 'Deny' && /if-none-match/.test(JSON.stringify(Condition ?? {})),
  )
const mayReplace = (role: string) =>
  createOnly.every(({ Condition }) => new RegExp(`"${role}\\w*","Arn"`, 'i').test(JSON.stringify(Condition)))

describe('the rights that the page tells', () => {
  test('in S3 are those of the templates: who reads, creates, replaces, deletes, tags and lists what', () => {
    const refusing = new Set(createOnly.flatMap(foldersOf))
    expect(refusing.size).toBeGreaterThan(0)
    const actual = [...roles].map(([role, statements]) => {
      const creates = placesOf(statements, 's3:PutObject')
      const lists = statements
        .filter(({ Action }) => list(Action).includes('s3:ListBucket'))
        .flatMap((statement) => {
          const prefixes = /"s3:prefix":(\[.*?\])/.exec(JSON.stringify(statement.Condition ?? {}))?.[1]
          return prefixes
            ? (JSON.parse(prefixes) as string[]).filter((one) => one.endsWith('/')).map((one) => `\`${one}\``)
            : foldersOf(statement)
        })
      return {
        role: `\`${role}\``,
        reads: placesOf(statements, 's3:GetObject').join(' '),
        creates: creates.join(' '),
        replaces: creates.filter((place) => !refusing.has(place) || mayReplace(role)).join(' '),
        deletes: placesOf(statements, 's3:DeleteObject').join(' '),
        tags: placesOf(statements, 's3:PutObjectTagging').join(' '),
        lists: [...new Set(lists)].sort().join(' '),
      }
    })
    const told = table(
      ...['role', 'who assumes it', 'reads', 'creates', 'replaces', 'deletes', 'tags', 'lists'],
    ).map(({ 'who assumes it': _, ...row }) => row)
    expect(told).toEqual(actual)
  })

  test('need no other action of S3 than the page has words for', () => {
    const known = {
      told: ['GetObject', 'PutObject', 'DeleteObject', 'PutObjectTagging', 'ListBucket'],
      // Of versions as of objects; parts of what is put; where a bucket is.
      beside: [
        ...['GetObjectVersion', 'DeleteObjectVersion', 'ListBucketVersions', 'GetBucketLocation'],
        ...['AbortMultipartUpload', 'ListMultipartUploadParts', 'ListBucketMultipartUploads'],
      ],
    }
    const used = [...roles.values()].flat().flatMap(({ Action }) => list(Action))
    const ofS3 = new Set(used.flatMap((action) => /^s3:(.*)/.exec(action)?.[1] ?? []))
    expect([...ofS3].sort()).toEqual([...known.told, ...known.beside].sort())
  })

  test('of versions are those of maintenance alone', () => {
    for (const [role, statements] of roles) {
      const versions = placesOf(statements, 's3:DeleteObjectVersion')
      expect(versions, role).toEqual(role === 'maintenance' ? placesOf(statements, 's3:DeleteObject') : [])
    }
  })

  test('beside S3 are those of the templates, action by action', () => {
    const actual = [...roles].flatMap(([role, statements]) => {
      const services = new Map<string, Set<string>>()
      for (const action of statements.flatMap(({ Action }) => list(Action))) {
        const [service = '', name = ''] = action.split(':')
        if (service !== 's3') services.set(service, (services.get(service) ?? new Set()).add(name))
      }
      return [...services].map(([service, names]) => `${role} ${service}: ${[...names].sort().join(' ')}`)
    })
    const told = table('role', 'service', 'actions').map(
      ({ role, service, actions }) => `${codes(role)} ${codes(service)}: ${codes(actions).join(' ')}`,
    )
    expect([...told].sort()).toEqual([...actual].sort())
  })

  test('are taken by whom the trust of each role names', () => {
    const trusts = [data, pipeline].flatMap((template) => resources(template, 'AWS::IAM::Role'))
    const actual = new Map(
      trusts.map(([id, { Properties }]) => {
        const [trust] = documentOf(Properties, 'AssumeRolePolicyDocument').Statement
        return [/^(Worker|[A-Z][a-z]+)/.exec(id)![1]!.toLowerCase(), principalOf(trust!)]
      }),
    )
    const told = table(
      ...['role', 'who assumes it', 'reads', 'creates', 'replaces', 'deletes', 'tags', 'lists'],
    ).map((row) => [codes(row.role)[0]!, row['who assumes it']!.replaceAll('`', '')] as const)
    expect(new Map(told)).toEqual(actual)
  })

  test('of the key are those of its policy', () => {
    const { Statement } = documentOf(only(data, 'AWS::KMS::Key'), 'KeyPolicy')
    const actual = Statement.filter(({ Effect }) => Effect === 'Allow').map((statement) => {
      const actions = list(statement.Action).map((action) => action.replace(/^kms:/, ''))
      const who = principalOf(statement)
      const what = who === 'account' ? `${actions.length} actions` : [...actions].sort().join(' ')
      return `${who}: ${what}${statement.Condition ? ', on a condition' : ''}`
    })
    const told = table('the key lets', 'do', 'where').map((row) => {
      const who = row['the key lets']!.replaceAll('`', '').replace(' of the region', '')
      const isAccount = who === 'account'
      const what = isAccount ? /^\d+ actions/.exec(row.do!)?.[0] : codes(row.do).join(' ')
      return `${who}: ${what}${row.where === '' || isAccount ? '' : ', on a condition'}`
    })
    expect([...told].sort()).toEqual([...actual].sort())
  })
})

/** A principal as the page names it. */
function principalOf({ Principal }: Statement): string {
  const text = JSON.stringify(Principal)
  if (/:root"/.test(text)) return 'account'
  if (/"logs\."/.test(text)) return 'logs'
  return /"Service":"([\w.]+)"/.exec(text)?.[1] ?? text
}

const places = table('place', 'AWS resource', 'what it holds', 'readers', 'how long', 'encrypted by')

/** Types that hold nothing but rules, names or links between others. */
const holdNothing = [
  ...[
    'AWS::IAM::Policy',
    'AWS::IAM::Role',
    'AWS::KMS::Alias',
    'AWS::S3::BucketPolicy',
    'AWS::SNS::TopicPolicy',
  ],
  'AWS::CDK::Metadata',
]

describe('the places that the page tells', () => {
  const everything = [data, pipeline].flatMap((template) =>
    Object.entries(template.toJSON().Resources as { [id: string]: { Type: string; Properties?: object } }),
  )

  test('are all resources that hold anything, each bucket by its name', () => {
    const actual = everything
      .filter(([, { Type }]) => !holdNothing.includes(Type))
      .map(([id, { Type }]) => (Type === 'AWS::S3::Bucket' ? `${Type} ${withoutDigest(id)}` : Type))
    const told = places.map((row) => codes(row['AWS resource']).join(' '))
    expect(new Set(told)).toEqual(new Set(actual.map((one) => one.split(' ').sort().join(' '))))
    for (const type of holdNothing.slice(0, -1))
      expect(
        everything.some(([, { Type }]) => Type === type),
        type,
      ).toBe(true)
  })

  test('of the archive are the folders that anybody has a right to, with all who read each', () => {
    const folders = places.filter(({ place }) => /^`.*\/`$/.test(place!))
    const readersOf = (place: string) =>
      [...roles].filter(([, statements]) => placesOf(statements, 's3:GetObject').includes(place))
    const used = new Set(
      [...roles.values()]
        .flatMap((statements) =>
          ['s3:GetObject', 's3:PutObject'].flatMap((action) => placesOf(statements, action)),
        )
        .filter((place) => place !== '`results`'),
    )
    expect(new Set(folders.map(({ place }) => place))).toEqual(used)
    const results = { place: '`results`', readers: rowOf('results').readers }
    for (const { place, readers } of [...folders, results])
      expect(codes(readers), place).toEqual(
        readersOf(place!)
          .map(([role]) => role)
          .sort(),
      )
  })

  test('are encrypted by the key that the page says', () => {
    for (const row of places) {
      const [type = '', bucket] = [...codes(row['AWS resource'])].sort((a, b) => b.length - a.length)
      const found = everything.filter(
        ([id, { Type }]) => Type === type && (bucket === undefined || withoutDigest(id) === bucket),
      )
      expect(found.length, row.place).toBeGreaterThan(0)
      const isOurs = found.every(([, { Properties }]) =>
        /"Key[0-9A-F]{8}"|AttKey[0-9A-F]{8}/.test(JSON.stringify(Properties)),
      )
      expect(/our key/.test(row['encrypted by']!), row.place).toBe(isOurs)
    }
  })

  test('stay as long as the lifecycle rules let them', () => {
    type Rule = { Id: string; Prefix?: string; ExpirationInDays?: number; TagFilters?: object }
    const rulesOf = (bucket: string) => {
      const [, found] = resources(data, 'AWS::S3::Bucket').find(([id]) => withoutDigest(id) === bucket)!
      const { LifecycleConfiguration } = found.Properties as unknown as {
        LifecycleConfiguration: { Rules: Rule[] }
      }
      return LifecycleConfiguration.Rules.filter(({ ExpirationInDays }) => ExpirationInDays !== undefined)
    }
    for (const row of places.filter(({ place }) => /^`.*\/`$/.test(place!))) {
      const own = rulesOf('Archive').filter(({ Prefix = '' }) => row.place!.slice(1).startsWith(Prefix))
      const expected = own.length === 0 ? 'no limit' : 'no limit, but for those below this table'
      expect(row['how long'], row.place).toBe(expected)
      // A rule without a tag would end all that is in the folder.
      for (const { TagFilters } of own) expect(TagFilters, row.place).toBeDefined()
    }
    for (const [place, bucket] of [
      ['access log', 'AccessLogs'],
      ['results', 'Results'],
    ] as const)
      expect(rowOf(place)['how long']).toMatch(new RegExp(`^${rulesOf(bucket)[0]!.ExpirationInDays} days`))
    // 35 days are what DynamoDB keeps where the template gives no other number.
    expect(only(data, 'AWS::DynamoDB::Table').PointInTimeRecoverySpecification).toEqual({
      PointInTimeRecoveryEnabled: true,
    })
    expect(rowOf('table')['how long']).toContain('35 days')
  })

  test('that are said to stay with a deleted stack are those that do', () => {
    const kept = [data, pipeline].flatMap((template: Template) =>
      Object.values(
        template.toJSON().Resources as { [id: string]: { Type: string; DeletionPolicy?: string } },
      )
        .filter(({ DeletionPolicy }) => DeletionPolicy === 'RetainExceptOnCreate')
        .map(({ Type }) => Type),
    )
    expect(doc).toContain(
      'The table, the stream, the three buckets, the log and the key stay when their\nstack is deleted.',
    )
    expect([...kept].sort()).toEqual([
      ...['AWS::DynamoDB::Table', 'AWS::KMS::Key', 'AWS::Kinesis::Stream', 'AWS::Logs::LogGroup'],
      ...['AWS::S3::Bucket', 'AWS::S3::Bucket', 'AWS::S3::Bucket'],
    ])
  })
})

function rowOf(place: string): Row {
  const row = places.find((one) => one.place === place)
  if (!row) throw new Error(`the page has no place ${place}`)
  return row
}

/** Options that bound how long something is kept, or how much is done. Each has to be on the page. */
const bounds = [
  ...['stream.retentionHours', 'delivery.recordAgeMaxSeconds', 'delivery.logDays'],
  ...['archive.noncurrentDays', 'archive.handledErrorDays', 'archive.unattributableErrorDays'],
  ...['athena.resultDays', 'athena.scanBytesMax', 'alarms.errorsIn5Minutes'],
]
const units: readonly (readonly [option: RegExp, unit: string, size: number])[] = [
  [/Hours$/, 'hours', 1],
  [/Days$/, 'days', 1],
  [/Seconds$/, 'seconds', 1],
  [/BytesMax$/, 'GB', 1e9],
  [/errorsIn/, 'errors', 1],
]

describe('the figures that the page tells', () => {
  const defaults = parseConfig({}, 'x') as unknown as { [part: string]: { [name: string]: number } }
  const defaultOf = (option: string) => {
    const [part = '', name = ''] = option.split('.')
    return defaults[part]?.[name]
  }
  const told = [...doc.matchAll(/(\S+)\s+(\S+)\s+\(`([a-z]+\.\w+)`\)/g)].map(
    ([, figure = '', unit = '', option = '']) => ({ figure, unit, option }),
  )

  test('are the defaults of the options named beside them', () => {
    for (const { figure, unit, option } of told) {
      const [, expected, size = 1] = units.find(([pattern]) => pattern.test(option)) ?? []
      expect(`${figure} ${unit}`, option).toBe(
        `${((defaultOf(option) ?? Number.NaN) / size).toLocaleString('en-US')} ${expected}`,
      )
    }
  })

  test('are of every option that bounds something', () => {
    expect([...new Set(told.map(({ option }) => option))].sort()).toEqual([...bounds].sort())
  })

  test('are all options of days, hours and seconds that there are, but for those of alarms and calls', () => {
    const timed = Object.entries(defaults).flatMap(([part, options]) =>
      typeof options === 'object' && options !== null
        ? Object.keys(options).flatMap((name) =>
            /(Days|Hours|Seconds)$/.test(name) ? [`${part}.${name}`] : [],
          )
        : [],
    )
    const ofCalls = ['delivery.windowSeconds', 'delivery.timeoutSeconds', 'alarms.lagSeconds']
    expect([...timed].sort()).toEqual(
      [...bounds.filter((option) => /(Days|Hours|Seconds)$/.test(option)), ...ofCalls].sort(),
    )
  })
})

test('the fields that a delete redacts are those that the schemas call personal, and what stays is none of them', () => {
  const rows = table('type', 'redacted', 'stays, and leads to a person')
  const schemas = [...loadCatalog().values()]
  expect(rows.map(({ type, redacted }) => [codes(type), codes(redacted)])).toEqual(
    schemas.map(({ type, own }) => [
      [type],
      own.fields
        .filter(({ pii }) => pii)
        .map(({ name }) => name)
        .sort(),
    ]),
  )
  for (const row of rows) {
    const { own } = schemas.find(({ type }) => type === codes(row.type)[0])!
    for (const name of codes(row['stays, and leads to a person']))
      expect(
        own.fields.some((field) => field.name === name && !field.pii),
        `${own.fields.length} fields, ${name}`,
      ).toBe(true)
  }
})

test('every threat has what counters it, where that is, and what remains', () => {
  const threats = table('threat', 'what counters it', 'where', 'what remains')
  expect(threats.length).toBeGreaterThan(15)
  for (const row of threats) {
    expect(row['what counters it'], row.threat).not.toBe('')
    expect(row.where, row.threat).toMatch(/\]\(\.\.\/[\w./-]+\)/)
    expect(row['what remains'], row.threat).not.toBe('')
  }
})

test('every link leads to a file of the project, or to AWS; every file and script that is named is there', () => {
  const targets = [...doc.matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)].map(([, target]) => target!)
  const inside = targets.filter((target) => !target.startsWith('https:'))
  expect(inside.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([])
  expect(
    targets.filter(
      (target) => target.startsWith('https:') && !target.startsWith('https://docs.aws.amazon.com/'),
    ),
  ).toEqual([])
  const named = [...doc.matchAll(/(?:infra\/)?(?:test|src|scripts)\/[\w/.-]+\.(?:ts|mjs|avsc)/g)].map(
    ([file]) => file,
  )
  expect(named.length).toBeGreaterThan(inside.length / 2)
  expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([])
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }
  for (const [, script = ''] of doc.matchAll(/npm run ([\w:]+)/g))
    expect(Object.keys(scripts)).toContain(script)
})

test('the packages with scripts that run on install are those that the page names, and none is in the function', () => {
  type Lock = {
    packages: {
      [path: string]: { hasInstallScript?: boolean; dev?: boolean; integrity?: string; inBundle?: boolean }
    }
  }
  const locks = ['package-lock.json', 'infra/package-lock.json'].map(
    (name) => JSON.parse(readFileSync(join(root, name), 'utf8')) as Lock,
  )
  const scripted = locks.map(({ packages }) =>
    Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript),
  )
  const sentence = /Packages with scripts that run on install are ([\s\S]*?)\./.exec(doc)?.[1]
  const names = scripted.flat().map(([path]) => path.replace(/^.*node_modules\//, ''))
  expect(codes(sentence)).toEqual([...new Set(names)].sort())
  const installed = scripted[0]!.filter(([, { dev }]) => !dev).map(([path]) => path)
  expect(installed).toEqual(['node_modules/@photostructure/sqlite'])
  const bundle = readFileSync(join(root, 'dist/lambda.mjs'), 'utf8')
  for (const name of names) expect(bundle).not.toContain(name)
  // What is in another package's archive is under that one's digest.
  for (const { packages } of locks)
    for (const [path, { integrity, inBundle }] of Object.entries(packages))
      if (path !== '' && !inBundle) expect(integrity, path).toMatch(/^sha512-/)
})
