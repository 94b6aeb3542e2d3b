import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { change } from '../changes.ts'
import { eventually } from '../eventually.ts'
import { openTestArchive, type TestArchive } from '../query/archive.ts'
import { runInDuckDb } from '../query/athena/duckdb.ts'
import { type AthenaServer, startAthena } from '../query/athena/server.ts'
import { dmdProcess, dmdStarted } from './process.ts'

// The built command, a process of its own, over Athena's protocol.

let archive: TestArchive
let server: AthenaServer
const folder = mkdtempSync(join(tmpdir(), 'dmd-cli-athena-'))
beforeAll(async () => {
  archive = await openTestArchive()
  await archive.add(['a', 'b'].map((id, n) => ({ payload: change({ id }), sequence: String(n) })))
  server = await startAthena((sql) =>
    /never/.test(sql) ? new Promise(() => {}) : runInDuckDb(archive.engine, sql),
  )
})
afterAll(async () => {
  server.close()
  await archive.close()
  rmSync(folder, { recursive: true })
})

const env = () => ({
  AWS_ENDPOINT_URL_ATHENA: server.endpoint,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'eu-west-1',
})
const sql = 'SELECT fanid, MAX(UNIX_TIMESTAMP(date.requested)) AS at FROM demand GROUP BY fanid'

/** Not to its end at once: the server lives in this process. */
async function ask(args: readonly string[], more: NodeJS.ProcessEnv = {}) {
  return await dmdStarted(['query', ...args], { ...env(), ...more }, folder).done
}

test('asks Athena, shows the rows, and says what it cost', async () => {
  const { code, out, err } = await ask([sql, '--engine', 'athena', '--stats', '--format', 'csv'])
  expect({ code, out }).toEqual({ code: 0, out: 'fanid,at\r\nfan-1,1739471400\r\n' })
  expect(err).toMatch(
    /^1 row in .*; Athena scanned 123\.5 kB, about \$0\.00005 at \$5 a TB; queued 0\.1 s, ran 0\.4 s\n$/,
  )
  expect(server.executions.at(-1)?.sql).toContain('CAST(floor(to_unixtime(date.requested)) AS bigint)')
})

test('takes engine, workgroup and database from the settings too', async () => {
  const set = { DMD_QUERY_ENGINE: 'athena', DMD_WORKGROUP: 'other' }
  const { code, err } = await ask([sql], set)
  expect(code).toBe(1)
  expect(err).toContain('WorkGroup other is not found.\nCheck --workgroup and the region (AWS_REGION).')
  expect(await ask([sql, '--workgroup', 'dmd', '--format', 'json'], set)).toMatchObject({
    code: 0,
    out: expect.stringContaining('"fanid":"fan-1"'),
  })
})

test('writes Parquet', async () => {
  const ran = await ask([sql, '--engine', 'athena', '--format', 'parquet', '-o', 'out.parquet'])
  expect(ran).toMatchObject({ code: 0, err: '1 row written to out.parquet\n' })
  expect(readFileSync(join(folder, 'out.parquet')).subarray(0, 4).toString()).toBe('PAR1')
})

test('Ctrl-C stops the query in Athena', async () => {
  const before = server.executions.length
  const running = dmdStarted(['query', "SELECT 'never'", '--engine', 'athena'], env(), folder)
  await eventually(() => server.executions.length > before)
  running.kill('SIGINT')
  expect(await running.done).toMatchObject({ code: 130 })
  expect(server.executions.at(-1)?.state).toBe('CANCELLED')
})

test('a region that is nowhere named, and an engine that is unknown', async () => {
  const { AWS_REGION: _, ...rest } = env()
  const { code, err } = await dmdStarted(
    ['query', 'SELECT 1', '--engine', 'athena'],
    {
      ...rest,
      AWS_REGION: undefined,
      AWS_DEFAULT_REGION: undefined,
      AWS_CONFIG_FILE: '/nowhere',
    },
    folder,
  ).done
  expect(code).toBe(1)
  expect(err).toMatch(/Region is missing\nName the region, by AWS_REGION or in a profile\./)
  expect(dmdProcess(['query', 'SELECT 1', '--engine', 'presto']).stderr).toContain(
    'Allowed choices are duckdb, athena',
  )
})
