import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { athenaViews } from '../../src/query/athena/views.ts'
import { type AthenaServer, Ended, startAthena } from '../query/athena/server.ts'
import { dmdProcess, dmdStarted } from './process.ts'

// What deploys is the CDK, by way of npm; here npm is a script that writes down what it is asked. The app itself is run in
// the lanes of the CDK and of the rehearsal.

const folder = mkdtempSync(join(tmpdir(), 'dmd-deploy-'))
const asked = join(folder, 'asked.txt')
let server: AthenaServer
let isBroken = false
beforeAll(async () => {
  const npm = join(folder, 'npm')
  writeFileSync(npm, `#!/bin/sh\necho "$* $DEPLOY_CONFIG" >> ${asked}\n[ ! -e ${folder}/fails ]\n`)
  chmodSync(npm, 0o755)
  server = await startAthena(async () => {
    if (isBroken) throw new Ended('SYNTAX_ERROR: line 1:1: no')
    return { columns: [], rows: [], statementType: 'DDL' }
  })
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

async function deploy(...args: readonly string[]) {
  writeFileSync(asked, '')
  const before = server.executions.length
  const ran = await dmdStarted(
    ['deploy', ...args],
    {
      PATH: `${folder}${delimiter}${process.env.PATH}`,
      AWS_ENDPOINT_URL_ATHENA: server.endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'eu-west-1',
    },
    folder,
  ).done
  const calls = readFileSync(asked, 'utf8')
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('ci '))
  return { ...ran, calls, made: server.executions.slice(before).map(({ sql }) => sql) }
}

const views = [...loadCatalog().values()].flatMap(athenaViews).map(({ statement }) => statement)

test('deploys, then makes every view, and says how to look at it', async () => {
  const ran = await deploy('--yes')
  expect(ran.code).toBe(0)
  expect(ran.calls).toEqual([
    expect.stringMatching(/^run deploy -- --require-approval never .*infra\/dmd\.deploy\.json$/),
  ])
  expect(ran.made).toEqual(views)
  expect(views).toHaveLength(16)
  expect(ran.err).toContain('view 16 of 16')
  expect(ran.err).toContain('dmd doctor --aws --name dmd')
})

test('takes the configuration in this folder, and names after it', async () => {
  writeFileSync(join(folder, 'dmd.deploy.json'), '{"name":"dmd"}')
  expect((await deploy()).calls).toEqual([expect.stringContaining(join(folder, 'dmd.deploy.json'))])
  writeFileSync(join(folder, 'other.json'), '{"name":"other-one"}')
  const ran = await deploy('--views', '--config', 'other.json')
  expect(ran).toMatchObject({ code: 1, made: [] })
  expect(ran.err).toContain('WorkGroup other-one is not found')
  rmSync(join(folder, 'dmd.deploy.json'))
})

test('shows what would change, or writes the templates, and makes nothing', async () => {
  expect(await deploy('--diff')).toMatchObject({
    code: 0,
    made: [],
    calls: [expect.stringMatching(/^run diff /)],
  })
  expect(await deploy('--synth')).toMatchObject({
    code: 0,
    made: [],
    calls: [expect.stringMatching(/^run synth /)],
  })
  expect(await deploy('--views')).toMatchObject({ code: 0, made: views, calls: [''] })
})

test('ends where a step fails', async () => {
  writeFileSync(join(folder, 'fails'), '')
  const failed = await deploy('--yes')
  rmSync(join(folder, 'fails'))
  expect(failed).toMatchObject({ code: 1, made: [] })
  expect(failed.err).toContain('DEPLOY_FAILED')
  isBroken = true
  const broken = await deploy('--views')
  isBroken = false
  expect(broken).toMatchObject({ code: 1, made: [views[0]] })
  expect(broken.err).toContain('SYNTAX_ERROR')
})

test('a wrong call is told', () => {
  expect(dmdProcess(['deploy', '--diff', '--synth'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('choose one of --diff and --synth'),
  })
  expect(dmdProcess(['deploy', '--connect'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('names no existingTable'),
  })
  expect(dmdProcess(['deploy', '--config', 'nowhere.json'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('there is no nowhere.json'),
  })
})
