import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CreateBucketCommand, GetObjectTaggingCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { change, demandItem, kinesisEvent } from '../changes.ts'
import { dmdProcess } from '../cli/process.ts'

// The commands and the bundled function over a bucket, by its URL and the SDK's own environment alone.

const endpoints = JSON.parse(process.env.SERVERS_S3 ?? '{}') as { readonly [name: string]: string }

describe.each(Object.entries(endpoints))('an archive on S3, spoken by %s,', (_, endpoint) => {
  let folder: string
  let url: string
  const env = { AWS_ENDPOINT_URL_S3: endpoint, AWS_REGION: 'us-east-1' }
  const lambda = pathToFileURL(join('dist', 'lambda.mjs')).href
  const keys = async (prefix: string) => {
    process.env.AWS_ENDPOINT_URL_S3 = endpoint
    const found: string[] = []
    for await (const { key, etag } of (await openStore(url)).list(prefix)) found.push(`${key} ${etag}`)
    return found
  }
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dmd-s3-'))
    const bucket = `b-${randomUUID()}`
    url = `s3://${bucket}/an/archive`
    const client = new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1' })
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    client.destroy()
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('is triaged and replayed as a folder is, and what is mended is written once', async () => {
    const changes = join(folder, 'errors.jsonl')
    const { saleId: _, ...item } = demandItem
    const bad = Array.from({ length: 40 }, (_, n) =>
      change({ id: `bad-${n}`, item: { ...item, PK: `FAN#${n}`, fanId: `fan-${n}` } as never }),
    )
    writeFileSync(changes, Buffer.concat(bad.flatMap((line) => [line, Buffer.from('\n')])))
    const edit = join(folder, 'edit.json')
    writeFileSync(edit, '[{"op":"add","path":"/dynamodb/NewImage/saleId","value":{"S":"sale-1"}}]')
    const run = (archive: string, ...args: readonly string[]) => {
      const place = ['--archive', archive]
      const ran = dmdProcess([...args, ...place], { env: { ...env, DMD_CACHE: join(folder, 'cache') } })
      return ran.stdout
    }
    const local = join(folder, 'errors')
    const remote = `${url}/errors-of-one`
    const told = [local, remote].map((archive) => {
      run(archive, 'deliver', changes)
      const [group] = JSON.parse(run(archive, 'errors', 'list', '--json'))
      run(archive, 'errors', 'set', group.fingerprint, 'acknowledged', '--by', 'ops')
      const replay = ['replay', group.fingerprint, '--edit', edit, '--yes', '--json']
      const counts = [0, 1].map(() => JSON.parse(run(archive, ...replay)).counts)
      const [after] = JSON.parse(run(archive, 'errors', 'list', '--json'))
      return { counts, open: [group.open, after.open], state: after.state }
    })
    expect(told[0]).toEqual({
      counts: [{ written: 40 }, { there: 40 }],
      open: [40, 0],
      state: 'acknowledged',
    })
    expect(told[1]).toEqual(told[0])
    const names = async (archive: string) => {
      process.env.AWS_ENDPOINT_URL_S3 = endpoint
      const found: string[] = []
      for await (const page of (await openStore(archive)).keys('data/')) found.push(...page)
      return found
    }
    expect(await names(remote)).toEqual(await names(local))
    expect(await names(remote)).toHaveLength(40)
  })

  test('tags the errors that may go: those that were replayed or are ignored, or that name no item', async () => {
    const changes = join(folder, 'tagged.jsonl')
    const { saleId: _, ...item } = demandItem
    writeFileSync(
      changes,
      Buffer.concat([Buffer.from('{\n'), change({ item: item as never }), Buffer.from('\n')]),
    )
    const edit = join(folder, 'sale.json')
    writeFileSync(edit, '[{"op":"add","path":"/dynamodb/NewImage/saleId","value":{"S":"sale-1"}}]')
    const archive = `${url}/tagged`
    const run = (...args: readonly string[]) =>
      dmdProcess([...args, '--archive', archive], { env: { ...env, DMD_CACHE: join(folder, 'cache') } })
        .stdout
    run('deliver', changes)
    type Group = { readonly code: string; readonly sample: string; readonly fingerprint: string }
    const groups: readonly Group[] = JSON.parse(run('errors', 'list', '--json'))
    const [noJson, noSale] = ['NOT_JSON', 'FIELD_MISSING'].map((code) =>
      groups.find((one) => one.code === code),
    )
    const client = new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1' })
    const [, Bucket = '', root] = /^s3:\/\/([^/]+)\/(.*)$/.exec(archive) ?? []
    const tags = () =>
      Promise.all(
        [noJson, noSale].map(async (group) => {
          const { TagSet } = await client.send(
            new GetObjectTaggingCommand({ Bucket, Key: `${root}/${group?.sample}` }),
          )
          return TagSet?.map(({ Key, Value }) => `${Key}=${Value}`).join()
        }),
      )
    expect(await tags()).toEqual(['dmd-handled=unattributable', ''])
    run('replay', noSale?.fingerprint ?? '', '--edit', edit, '--yes')
    expect(await tags()).toEqual(['dmd-handled=unattributable', 'dmd-handled=true'])
    for (const fingerprint of [noJson?.fingerprint ?? '', noSale?.fingerprint ?? ''])
      run('errors', 'set', fingerprint, 'ignored', '--by', 'ops')
    expect(await tags()).toEqual(['dmd-handled=true', 'dmd-handled=true'])
    for (const fingerprint of [noJson?.fingerprint ?? '', noSale?.fingerprint ?? ''])
      run('errors', 'set', fingerprint, 'new', '--by', 'ops')
    expect(await tags()).toEqual(['dmd-handled=unattributable', 'dmd-handled=true'])
    client.destroy()
  })

  test('gives by SQL the rows that a folder gives, and is written once however often it is delivered', async () => {
    const changes = join(folder, 'changes.jsonl')
    dmdProcess(['simulate', '--fans', '500', '--bad-percent', '5', '--seed', 's3', '-o', changes])
    const cache = join(folder, 'cache')
    const ask = (archive: string) => {
      const sql =
        'SELECT type, change.id, partition_date FROM demand UNION ALL SELECT type, change.id, partition_date FROM event ORDER BY 1, 2, 3'
      const ran = dmdProcess(['query', sql, '--archive', archive, '--cache', cache, '--format', 'csv'], {
        env,
      })
      expect(ran.stderr).not.toMatch(/error/i)
      return ran.stdout
    }
    const deliver = (archive: string) => {
      const ran = dmdProcess(['deliver', changes, '--archive', archive, '--json'], { env })
      expect(ran.status, ran.stderr).toBe(0)
      const { objects, errorFiles, ...counts } = JSON.parse(ran.stdout)
      return { objects, errorFiles, records: counts.records, errored: counts.errored }
    }
    const local = join(folder, 'archive')
    expect(deliver(url)).toEqual(deliver(local))
    const before = await keys('')
    expect(before.length).toBeGreaterThan(5)
    deliver(url)
    expect(await keys('')).toEqual(before)
    expect(ask(url)).toBe(ask(local))
    expect(ask(url).split('\n').length).toBeGreaterThan(500)
    const errors = dmdProcess(['errors', 'list', '--archive', url, '--json'], { env })
    expect(errors.status, errors.stderr).toBe(0)
    expect(errors.stdout.length).toBeGreaterThan(10)
  })

  test('is where the bundled function of Lambda writes', async () => {
    const file = join(folder, 'event.json')
    writeFileSync(file, JSON.stringify(kinesisEvent([change(), Buffer.from('bad')])))
    const script = `
      import { readFileSync } from 'node:fs'
      const { handler } = await import(${JSON.stringify(lambda)})
      await handler(JSON.parse(readFileSync(${JSON.stringify(file)}, 'utf8')), { getRemainingTimeInMillis: () => 60_000 })`
    const archive = `${url}/of/lambda`
    const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      env: { ...process.env, ...env, DMD_ARCHIVE: archive },
    })
    expect(ran.status, ran.stderr).toBe(0)
    const found = await keys('of/lambda/')
    expect(found.filter((key) => key.includes('/data/'))).toHaveLength(1)
    expect(found.filter((key) => key.includes('/errors/'))).toHaveLength(1)
  })

  test('without its bucket is a clear error', () => {
    const ran = dmdProcess(['query', 'SELECT 1', '--archive', 's3://nowhere-at-all/x'], { env })
    expect(ran.status).not.toBe(0)
    expect(ran.stderr).toContain('there is no bucket nowhere-at-all. Create it, or correct its name.')
  })
})
