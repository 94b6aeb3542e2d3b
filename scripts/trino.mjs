// Runs Trino's lane: Trino is the engine inside Athena, and reads our files from an S3 server by tables made of our own
// schema literals. Needs Java 17 with javac, Maven and Python 3 with venv; where one is missing the lane says so and is
// skipped, except under CI, where a skip is a failure. Everything is installed below .lanes/trino and listens on loopback.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const lane = resolve('.lanes', 'trino')
const version = '435'
const packages = ['moto[server,s3]==5.1.22']
const inLane = (...names) => join(lane, ...names)

const runs = (command, args, options = {}) =>
  spawnSync(command, args, { stdio: 'inherit', ...options }).status === 0
const missing = [
  ['java', '-version'],
  ['javac', '-version'],
  ['mvn', '--version'],
  ['python3', '--version'],
].filter(([command, argument]) => !runs(command, [argument], { stdio: 'ignore' }))

/** Resolves Trino's libraries, its Hive connector and an S3 server; a second run finds them there. */
function install() {
  if (existsSync(inLane('installed'))) return true
  mkdirSync(inLane('plugins'), { recursive: true })
  const dependency = `<groupId>io.trino</groupId><artifactId>trino-main</artifactId><version>${version}</version>`
  writeFileSync(
    inLane('pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
      <groupId>lane</groupId><artifactId>lane</artifactId><version>1</version>
      <dependencies><dependency>${dependency}</dependency></dependencies></project>`,
  )
  const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1'
  const maven = (...args) => runs('mvn', ['-q', '-B', '-f', inLane('pom.xml'), ...args])
  const done =
    maven(`${plugin}:copy-dependencies`, '-DincludeScope=runtime', `-DoutputDirectory=${inLane('lib')}`) &&
    maven(`${plugin}:copy`, `-Dartifact=io.trino:trino-hive:${version}:zip`, `-DoutputDirectory=${lane}`) &&
    runs('jar', ['xf', inLane(`trino-hive-${version}.zip`)], { cwd: inLane('plugins') }) &&
    runs('javac', ['-cp', inLane('lib', '*'), '-d', inLane('classes'), 'test/trino/TrinoServer.java']) &&
    runs('python3', ['-m', 'venv', inLane('venv')]) &&
    runs(inLane('venv', 'bin', 'pip'), ['install', '--quiet', ...packages])
  if (done) writeFileSync(inLane('installed'), version)
  return done
}

const freePort = () =>
  new Promise((resolvePort) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolvePort(port))
    })
  })

async function start(command, args, isReady, secondsMax) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: lane })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output = (output + chunk).slice(-20_000)
    })
  for (let waited = 0; waited < secondsMax * 10 && child.exitCode === null; waited++) {
    if (await isReady(output)) return child
    await new Promise((next) => setTimeout(next, 100))
  }
  child.kill('SIGKILL')
  throw new Error(`${command} did not start:\n${output.slice(-3000)}`)
}

async function startS3(port) {
  const ready = () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    )
  return start(inLane('venv', 'bin', 'moto_server'), ['-H', '127.0.0.1', '-p', String(port)], ready, 30)
}

async function startTrino(port, s3Port) {
  rmSync(inLane('data'), { recursive: true, force: true })
  mkdirSync(inLane('etc', 'catalog'), { recursive: true })
  const properties = (entries) =>
    `${Object.entries(entries)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n')}\n`
  writeFileSync(
    inLane('etc', 'config.properties'),
    properties({
      coordinator: true,
      'node-scheduler.include-coordinator': true,
      'http-server.http.port': port,
      'discovery.uri': `http://127.0.0.1:${port}`,
      'query.max-memory': '1GB',
      'query.max-memory-per-node': '512MB',
      'memory.heap-headroom-per-node': '256MB',
    }),
  )
  writeFileSync(
    inLane('etc', 'catalog', 'hive.properties'),
    properties({
      'connector.name': 'hive',
      'hive.metastore': 'file',
      'hive.metastore.catalog.dir': 's3://archive/metastore',
      'fs.hadoop.enabled': false,
      'fs.native-s3.enabled': true,
      's3.endpoint': `http://127.0.0.1:${s3Port}`,
      's3.region': 'us-east-1',
      's3.path-style-access': true,
      's3.aws-access-key': 'lane',
      's3.aws-secret-key': 'lane',
    }),
  )
  const settings = {
    config: inLane('etc', 'config.properties'),
    'node.environment': 'lane',
    'node.id': 'lane',
    'node.data-dir': inLane('data'),
    'node.bind-ip': '127.0.0.1',
    'node.internal-address': '127.0.0.1',
    'plugin.dir': inLane('plugins'),
    'catalog.config-dir': inLane('etc', 'catalog'),
    'user.timezone': 'UTC',
  }
  const flags = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`)
  const classes = [inLane('classes'), inLane('lib', '*')].join(':')
  const ready = (output) => output.includes('SERVER STARTED')
  return start('java', ['-Xmx2G', ...flags, '-cp', classes, 'TrinoServer'], ready, 180)
}

async function main() {
  if (missing.length > 0 || !install()) {
    const why =
      missing.length > 0
        ? `without ${missing.map(([command]) => command).join(', ')}`
        : 'as it could not be installed'
    console.error(
      `skipped the Trino lane ${why}: it needs Java 17 with javac, Maven, Python 3, and their registries`,
    )
    return process.env.CI ? 1 : 0
  }
  const [s3Port, trinoPort] = [await freePort(), await freePort()]
  const servers = []
  try {
    servers.push(await startS3(s3Port))
    servers.push(await startTrino(trinoPort, s3Port))
    const vitest = join('node_modules', 'vitest', 'vitest.mjs')
    const reporters = process.env.CI
      ? ['--reporter=default', '--reporter=json', '--outputFile.json=.lanes/trino.json']
      : []
    const env = {
      ...process.env,
      TRINO_URL: `http://127.0.0.1:${trinoPort}`,
      S3_URL: `http://127.0.0.1:${s3Port}`,
    }
    const child = spawn(
      process.execPath,
      [vitest, 'run', '--config', 'vitest.trino.config.ts', ...reporters],
      { stdio: 'inherit', env },
    )
    return await new Promise((done) => child.on('close', (code) => done(code ?? 1)))
  } finally {
    for (const server of servers) server.kill('SIGKILL')
  }
}

process.exitCode = await main()
