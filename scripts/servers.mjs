// Runs the servers' lane: the whole way, and each of its seams, against servers that speak the services' own protocols.
// Two of them, so that none is trusted alone: moto (PyPI; DynamoDB with its streams, Kinesis, S3 with versions) and
// versitygw (Go; S3 over a folder). Each lacks something: versitygw's conditional deletes are not atomic, and it takes the
// marker of a deletion for an object; moto's conditions are atomic only as we run it, one request at a time. It needs Python 3 with venv and Go; where one is missing the lane says so and is
// skipped, except under CI, where a skip is a failure. All is installed into .lanes/servers; the servers listen on
// loopback, keep what they are given in memory or in a folder that goes, and end with the lane.
//
// What the tests are told: SERVERS_S3, JSON with the endpoint of each S3 server by name; SERVERS_S3_ENDPOINT,
// SERVERS_DYNAMODB_ENDPOINT and SERVERS_KINESIS_ENDPOINT, one of each, all three of moto; and credentials.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const lane = resolve('.lanes', 'servers')
const bin = join(lane, 'python', process.platform === 'win32' ? 'Scripts' : 'bin')
const motoVersion = '5.2.5'
const gatewayVersion = 'v1.8.0'
const gateway = join(lane, `versitygw-${gatewayVersion}`)
const startWaitMs = 60_000

const runs = (command, args, options = {}) =>
  spawnSync(command, args, { stdio: 'inherit', ...options }).status === 0
const quiet = { stdio: 'ignore' }

function findMissing() {
  const tools = [
    ['python3', ['-c', 'import venv']],
    ['go', ['version']],
  ]
  return tools.filter(([tool, args]) => !runs(tool, args, quiet)).map(([tool]) => tool)
}

function install() {
  mkdirSync(lane, { recursive: true })
  const python = join(bin, 'python')
  const isMoto = `import importlib.metadata as m; assert m.version('moto') == '${motoVersion}'`
  const hasMoto = existsSync(python) && runs(python, ['-c', isMoto], quiet)
  const moto = `moto[server]==${motoVersion}`
  if (
    !hasMoto &&
    !(
      runs('python3', ['-m', 'venv', join(lane, 'python')]) &&
      runs(python, ['-m', 'pip', 'install', '--quiet', moto])
    )
  )
    return false
  if (existsSync(join(gateway, 'versitygw'))) return true
  console.error('building versitygw, once: a minute or two')
  const module = `github.com/versity/versitygw/cmd/versitygw@${gatewayVersion}`
  return runs('go', ['install', module], { env: { ...process.env, GOBIN: gateway, GOFLAGS: '-mod=mod' } })
}

const freePort = () =>
  new Promise((resolvePort, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolvePort(port))
    })
  })

const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'testtest', AWS_REGION: 'us-east-1' }

/** They end with this process, as does what they were given, whatever ends it. */
const children = []
const folder = mkdtempSync(join(tmpdir(), 'dmd-servers-'))
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

/** Starts a server and waits until it answers; gives its endpoint. */
async function start(name, command, toArgs, env = {}) {
  const port = await freePort()
  const child = spawn(command, toArgs(port), { stdio: 'ignore', env: { ...process.env, ...env } })
  children.push(child)
  const endpoint = `http://127.0.0.1:${port}`
  const untilMs = Date.now() + startWaitMs
  while (Date.now() < untilMs && child.exitCode === null) {
    if (await fetch(endpoint).catch(() => undefined)) return endpoint
    await sleep(100)
  }
  throw new Error(`${name} did not start`)
}

async function main() {
  const missing = findMissing()
  if (missing.length > 0 || !install()) {
    const why =
      missing.length > 0 ? `it needs ${missing.join(' and ')}` : 'its servers could not be installed'
    console.error(`skipped the servers' lane: ${why}`)
    return process.env.CI ? 1 : 0
  }
  const moto = await start('moto', join(bin, 'python'), (port) => [
    join('test', 'servers', 'serial-moto.py'),
    String(port),
  ])
  const objects = join(folder, 'objects')
  const versions = join(folder, 'versions')
  for (const path of [objects, versions]) mkdirSync(path)
  const versitygw = await start(
    'versitygw',
    join(gateway, 'versitygw'),
    (port) => ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', '--versioning-dir', versions, objects],
    { ROOT_ACCESS_KEY: credentials.AWS_ACCESS_KEY_ID, ROOT_SECRET_KEY: credentials.AWS_SECRET_ACCESS_KEY },
  )
  const reporters = process.env.CI
    ? ['--reporter=default', '--reporter=json', '--outputFile.json=.lanes/servers.json']
    : []
  const vitest = join('node_modules', 'vitest', 'vitest.mjs')
  const args = [vitest, 'run', '--config', 'vitest.servers.config.ts', ...reporters, ...process.argv.slice(2)]
  const env = {
    ...process.env,
    ...credentials,
    AWS_PROFILE: undefined,
    AWS_SESSION_TOKEN: undefined,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    SERVERS_S3: JSON.stringify({ moto, versitygw }),
    SERVERS_S3_ENDPOINT: moto,
    SERVERS_DYNAMODB_ENDPOINT: moto,
    SERVERS_KINESIS_ENDPOINT: moto,
  }
  const child = spawn(process.execPath, args, { stdio: 'inherit', env })
  return await new Promise((done) => child.on('close', (code) => done(code ?? 1)))
}

process.exit(await main())
