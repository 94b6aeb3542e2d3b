// Runs the rehearsal of a deployment: `dmd deploy`, by the CDK, to MiniStack (PyPI), an emulator that takes CloudFormation and
// runs Node functions; then items go into its DynamoDB, and rows come out of its S3. The templates are looked through by
// cfn-lint (PyPI) too. It needs Python 3 with venv; where that is missing the lane says so and is skipped, except under CI,
// where a skip is a failure. All is installed into .lanes/rehearsal and infra/node_modules; the emulator listens on loopback
// and ends with the lane.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { quiet, root, runs, runTests } from './lane.mjs'

process.chdir(root)
const packages = { ministack: '1.5.33', 'cfn-lint': '1.58.0', 'python-hcl2': '8.1.4' }
const lane = resolve('.lanes', 'rehearsal')
const python = join(lane, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
const startWaitMs = 60_000

const wanted = Object.entries(packages).map(([name, version]) => `${name}==${version}`)

function install() {
  const isThere = `import importlib.metadata as m, json; assert all(m.version(n) == v for n, v in json.loads('${JSON.stringify(packages)}').items())`
  if (existsSync(python) && runs(python, ['-c', isThere], quiet)) return true
  mkdirSync('.lanes', { recursive: true })
  return runs('python3', ['-m', 'venv', lane]) && runs(python, ['-m', 'pip', 'install', '--quiet', ...wanted])
}

const freePort = () =>
  new Promise((resolvePort, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolvePort(port))
    })
  })

async function start(port) {
  const env = {
    ...process.env,
    GATEWAY_PORT: String(port),
    BIND_HOST: '127.0.0.1',
    MINISTACK_HOST: '127.0.0.1',
    LOG_LEVEL: 'WARNING',
  }
  const server = spawn(python, ['test/rehearsal/emulator.py'], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  })
  const end = () => {
    try {
      process.kill(-server.pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
  process.once('exit', end)
  for (const startedMs = Date.now(); Date.now() - startedMs < startWaitMs; await sleep(200)) {
    if (server.exitCode !== null) throw new Error(`the emulator ended with ${server.exitCode}`)
    if (
      await fetch(`http://127.0.0.1:${port}/`).then(
        () => true,
        () => false,
      )
    )
      return end
  }
  throw new Error('the emulator does not answer')
}

if (!install()) {
  console.error(
    `skipped the rehearsal: it needs Python 3 with venv, and a package index that serves ${wanted.join(' ')}`,
  )
  process.exitCode = process.env.CI ? 1 : 0
} else if (
  !runs('npm', ['ci'], { cwd: 'infra' }) ||
  !runs('npm', ['run', 'build']) ||
  !runs('npm', ['run', 'release'])
) {
  process.exitCode = 1
} else {
  const port = await freePort()
  const end = await start(port)
  process.exitCode = await runTests('rehearsal', {
    REHEARSAL_ENDPOINT: `http://127.0.0.1:${port}`,
    REHEARSAL_PYTHON: python,
    REHEARSAL_APP: resolve('infra', 'cdk.out'),
    REHEARSAL_RELEASE: resolve('release'),
  })
  end()
}
