// Runs Trino's lane: Trino is the engine inside Athena, and reads our files by tables made of our own DDL. Needs Java 17
// with javac and jar, and Maven; where one is missing the lane says so and is skipped, except under CI, where a skip is a
// failure. Everything is fetched into .lanes/trino, what a run writes is removed after it, and Trino listens on loopback.
// With `--record` it writes the recording of Trino's answers anew; with `--serve` it keeps Trino running, and tells where.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const lane = resolve('.lanes', 'trino')
const inLane = (...names) => join(lane, ...names)
const version = '435'
const startWaitMs = 180_000

const runs = (command, args, options = {}) =>
  spawnSync(command, args, { stdio: 'inherit', ...options }).status === 0

/** What the lane needs and this machine lacks. */
function findMissing() {
  const quiet = { stdio: 'ignore' }
  const tools = [
    ['javac', '-version'],
    ['jar', '--version'],
    ['mvn', '--version'],
  ]
  const missing = tools.filter(([tool, argument]) => !runs(tool, [argument], quiet)).map(([tool]) => tool)
  const java = /version "(\d+)/.exec(String(spawnSync('java', ['-version']).stderr))?.[1]
  return java === '17' ? missing : [java === undefined ? 'java' : `Java 17 (this is ${java})`, ...missing]
}

/** Trino's libraries and its Hive connector, once; the packaged server is not on Maven Central. */
function fetchTrino() {
  const marker = inLane('fetched')
  if (readText(marker) === version) return true
  rmSync(lane, { recursive: true, force: true })
  mkdirSync(inLane('plugins'), { recursive: true })
  const dependency = `<groupId>io.trino</groupId><artifactId>trino-main</artifactId><version>${version}</version>`
  writeFileSync(
    inLane('pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
      <groupId>lane</groupId><artifactId>lane</artifactId><version>1</version>
      <dependencies><dependency>${dependency}</dependency></dependencies></project>`,
  )
  const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1'
  const repository = inLane('maven')
  const maven = (...args) =>
    runs('mvn', ['-q', '-B', `-Dmaven.repo.local=${repository}`, '-f', inLane('pom.xml'), ...args])
  console.error(`fetching Trino ${version} from Maven, once: about 500 MB`)
  const zip = `trino-hive-${version}.zip`
  const isDone =
    maven(`${plugin}:copy-dependencies`, '-DincludeScope=runtime', `-DoutputDirectory=${inLane('lib')}`) &&
    maven(`${plugin}:copy`, `-Dartifact=io.trino:trino-hive:${version}:zip`, `-DoutputDirectory=${lane}`) &&
    runs('jar', ['xf', inLane(zip)], { cwd: inLane('plugins') })
  if (!isDone) return false
  rmSync(repository, { recursive: true, force: true })
  rmSync(inLane(zip))
  writeFileSync(marker, version)
  return true
}

/** Compiles our two classes: the server's start, and beside the Hive connector its files in a folder. */
function compile() {
  const connector = inLane('plugins', `trino-hive-${version}`)
  const own = join(connector, 'lane')
  const services = join(own, 'META-INF', 'services')
  mkdirSync(services, { recursive: true })
  writeFileSync(join(services, 'io.trino.spi.Plugin'), 'LocalFiles\n')
  const libraries = join(lane, 'lib', '*')
  const javac = (name, path, output) =>
    runs('javac', ['-cp', path, '-d', output, join('test', 'trino', `${name}.java`)])
  return (
    javac('TrinoServer', libraries, inLane('classes')) &&
    javac('LocalFiles', [join(connector, '*'), libraries].join(':'), own)
  )
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

const freePort = () =>
  new Promise((resolvePort, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolvePort(port))
    })
  })

const properties = (entries) =>
  Object.entries(entries)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')

/** They end with this process, whatever ends that. */
const children = []

/** Starts Trino over `folder/root`. */
async function startTrino(folder, port) {
  const catalogs = join(folder, 'catalog')
  const root = join(folder, 'root')
  for (const path of [catalogs, root]) mkdirSync(path)
  const config = join(folder, 'config.properties')
  writeFileSync(
    config,
    properties({
      coordinator: true,
      'node-scheduler.include-coordinator': true,
      'http-server.http.port': port,
      'discovery.uri': `http://127.0.0.1:${port}`,
      'query.max-memory': '512MB',
      'query.max-memory-per-node': '512MB',
      'memory.heap-headroom-per-node': '256MB',
      // What it remembers of thousands of small queries would fill the heap.
      'query.min-expire-age': '10s',
      'query.max-history': 10,
    }),
  )
  writeFileSync(
    join(catalogs, 'hive.properties'),
    properties({
      'connector.name': 'hive_local',
      'local.root': root,
      'hive.metastore': 'file',
      'hive.metastore.catalog.dir': 'local:///metastore',
      'hive.partition-projection-enabled': true,
      'hive.ignore-absent-partitions': true,
    }),
  )
  const settings = {
    config,
    'node.environment': 'lane',
    'node.id': 'lane',
    'node.data-dir': join(folder, 'data'),
    'node.bind-ip': '127.0.0.1',
    'node.internal-address': '127.0.0.1',
    'plugin.dir': inLane('plugins'),
    'catalog.config-dir': catalogs,
    'user.timezone': 'UTC',
  }
  const flags = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`)
  const classes = [inLane('classes'), inLane('lib', '*')].join(':')
  const child = spawn(
    'java',
    [
      '-Xmx1G',
      '-Xmn384M',
      '-XX:ReservedCodeCacheSize=512M',
      '-XX:+UseSerialGC',
      ...flags,
      '-cp',
      classes,
      'TrinoServer',
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: folder,
    },
  )
  children.push(child)
  await started(child)
  return root
}

function started(child) {
  return new Promise((done, reject) => {
    let output = ''
    const fail = (why) => reject(new Error(`Trino ${why}:\n${output.slice(-3000)}`))
    const timer = setTimeout(() => fail(`did not start in ${startWaitMs} ms`), startWaitMs)
    child.once('error', (error) => fail(`cannot be run: ${error.message}`))
    child.once('exit', (code) => fail(`ended with ${code}`))
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output = (output + chunk).slice(-20_000)
        if (!output.includes('SERVER STARTED')) return
        clearTimeout(timer)
        done()
      })
  })
}

async function main() {
  const missing = findMissing()
  if (missing.length > 0 || !fetchTrino() || !compile()) {
    const why = missing.length > 0 ? `without ${missing.join(', ')}` : 'as Trino could not be installed'
    console.error(
      `skipped the Trino lane ${why}: it needs Java 17 with javac and jar, Maven, and Maven Central`,
    )
    return process.env.CI ? 1 : 0
  }
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dmd-trino-')))
  process.once('exit', () => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const port = await freePort()
  const root = await startTrino(folder, port)
  if (process.argv.includes('--serve')) {
    console.error('Trino answers until this command ends')
    console.log(`http://127.0.0.1:${port}`)
    return new Promise((done) => children[0].once('exit', (code) => done(code ?? 1)))
  }
  const child = spawn(process.execPath, toRun(process.argv.slice(2)), {
    stdio: 'inherit',
    env: { ...process.env, TRINO_URL: `http://127.0.0.1:${port}`, TRINO_ROOT: root },
  })
  children.push(child)
  return new Promise((done) => child.on('close', (code) => done(code ?? 1)))
}

/** The tests, or with `--record` what writes the recording of Trino's answers anew. */
function toRun(args) {
  if (args.includes('--record')) {
    const groups = args.filter((argument) => argument !== '--record')
    return ['--import', 'tsx', join('test', 'trino', 'corpus', 'record.ts'), ...groups]
  }
  const vitest = join('node_modules', 'vitest', 'vitest.mjs')
  const reporters = process.env.CI
    ? ['--reporter=default', '--reporter=json', '--outputFile.json=.lanes/trino.json']
    : []
  return [vitest, 'run', '--project', 'trino', ...reporters, ...args]
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))
process.exit(await main())
