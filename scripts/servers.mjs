// Runs the servers' lane: the whole way, and each of its seams, against servers that speak the services' own protocols.
// Two of them, so that none is trusted alone: moto (PyPI; DynamoDB with its streams, Kinesis, S3 with versions) and
// versitygw (Go; S3 over a folder). Each lacks something: versitygw's conditional deletes are not atomic, and it takes the
// marker of a deletion for an object; moto's conditions are atomic only as we run it, one request at a time. It needs Python 3 with venv and Go; where one is missing the lane says so and is
// skipped, except under CI, where a skip is a failure. All is installed into .lanes/servers; the servers listen on
// loopback, keep what they are given in memory or in a folder that goes, and end with the lane.
//
// What the tests are told: SERVERS_S3, JSON with the endpoint of each S3 server by name; SERVERS_S3_ENDPOINT,
// SERVERS_DYNAMODB_ENDPOINT and SERVERS_KINESIS_ENDPOINT, one of each, all three of moto; and credentials.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { findMissing, lanes, makeFolder, quiet, root, runs, runTests, startServer } from './lane.mjs'
import { credentials, installVersitygw, startVersitygw } from './versitygw.mjs'

process.chdir(root)
const lane = join(lanes, 'servers')
const bin = join(lane, 'python', process.platform === 'win32' ? 'Scripts' : 'bin')
const motoVersion = '5.2.5'
const tools = [
  ['python3', ['-c', 'import venv']],
  ['go', ['version']],
]

function installMoto() {
  mkdirSync(lane, { recursive: true })
  const python = join(bin, 'python')
  const isMoto = `import importlib.metadata as m; assert m.version('moto') == '${motoVersion}'`
  if (existsSync(python) && runs(python, ['-c', isMoto], quiet)) return true
  const moto = `moto[server]==${motoVersion}`
  return (
    runs('python3', ['-m', 'venv', join(lane, 'python')]) &&
    runs(python, ['-m', 'pip', 'install', '--quiet', moto])
  )
}

async function main() {
  const missing = findMissing(tools)
  if (missing.length > 0 || !installMoto() || !installVersitygw()) {
    const why =
      missing.length > 0 ? `it needs ${missing.join(' and ')}` : 'its servers could not be installed'
    console.error(`skipped the servers' lane: ${why}`)
    return process.env.CI ? 1 : 0
  }
  const moto = await startServer('moto', join(bin, 'python'), (port) => [
    join('test', 'servers', 'serial-moto.py'),
    String(port),
  ])
  const versitygw = await startVersitygw(makeFolder('dmd-servers-'))
  return await runTests('servers', {
    ...credentials,
    AWS_PROFILE: undefined,
    AWS_SESSION_TOKEN: undefined,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    SERVERS_S3: JSON.stringify({ moto, versitygw }),
    SERVERS_S3_ENDPOINT: moto,
    SERVERS_DYNAMODB_ENDPOINT: moto,
    SERVERS_KINESIS_ENDPOINT: moto,
  })
}

process.exit(await main())
