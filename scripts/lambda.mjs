// Runs Lambda's lane: the function, out of its zip, on each version of Node that Lambda has, called as Lambda calls it. The
// versions come from npm; so does Amazon's own runtime client, which reads the event, calls the handler and tells what
// came of it. S3 is versitygw. It needs npm, Python 3 (to unzip by another's code) and Go; where one is missing the lane says
// so and is skipped, except under CI, where a skip is a failure. Wants `npm run build` before it.
//
// What the tests are told: LAMBDA_NODES, JSON with the path of each Node by its major version; LAMBDA_RUNTIME, the runtime
// client; LAMBDA_ZIP; LAMBDA_S3_ENDPOINT; and credentials.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findMissing, lanes, makeFolder, root, runs, runTests } from './lane.mjs'
import { credentials, installVersitygw, startVersitygw } from './versitygw.mjs'

process.chdir(root)
const lane = join(lanes, 'lambda')
const zip = join(lane, 'delivery-worker.zip')
const versions = { 22: '22.23.3', 24: '24.21.0' }
// What the package `node` installs by a script, which npm no longer runs unasked.
const binaries = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
const packages = {
  ...Object.fromEntries(
    Object.entries(versions).map(([major, version]) => [`node${major}`, `npm:${binaries}@${version}`]),
  ),
  'aws-lambda-ric': '4.0.2',
}
const tools = [
  ['npm', ['--version']],
  ['python3', ['--version']],
  ['go', ['version']],
]

const inModules = (...names) => join(lane, 'node_modules', ...names)

function install() {
  mkdirSync(lane, { recursive: true })
  const manifest = JSON.stringify({ private: true, dependencies: packages }, null, 2)
  const file = join(lane, 'package.json')
  const isThere =
    existsSync(file) && readFileSync(file, 'utf8') === manifest && existsSync(inModules('aws-lambda-ric'))
  if (!isThere) {
    console.error('installing Node 22 and 24, once: about 100 MB')
    writeFileSync(file, manifest)
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']
    if (!runs('npm', ['install', ...options], { cwd: lane })) return false
  }
  // Its own way to post an answer is a module in C++, compiled when it is installed. Ours is found in its place.
  const client = inModules('aws-lambda-ric', 'rapid-client.node')
  mkdirSync(client, { recursive: true })
  cpSync(join('test', 'lambda', 'rapid-client.cjs'), join(client, 'index.cjs'))
  writeFileSync(join(client, 'package.json'), '{"main": "index.cjs"}')
  return true
}

async function main() {
  const missing = findMissing(tools)
  if (missing.length > 0 || !install() || !installVersitygw()) {
    const why = missing.length > 0 ? `it needs ${missing.join(' and ')}` : 'its parts could not be installed'
    console.error(`skipped Lambda's lane: ${why}`)
    return process.env.CI ? 1 : 0
  }
  if (!runs(process.execPath, [join('scripts', 'zip.mjs'), zip])) return 1
  const nodes = Object.keys(versions).map((major) => [major, inModules(`node${major}`, 'bin', 'node')])
  return await runTests('lambda', {
    ...credentials,
    AWS_PROFILE: undefined,
    AWS_SESSION_TOKEN: undefined,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    LAMBDA_NODES: JSON.stringify(Object.fromEntries(nodes)),
    LAMBDA_RUNTIME: inModules('aws-lambda-ric', 'index.mjs'),
    LAMBDA_ZIP: zip,
    LAMBDA_S3_ENDPOINT: await startVersitygw(makeFolder('dmd-lambda-')),
  })
}

process.exit(await main())
