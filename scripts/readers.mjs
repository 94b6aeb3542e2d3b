// Runs the readers' lane: our containers, decoded by another project's Avro library. It needs Python 3 with venv;
// where that is missing the lane says so and is skipped, except under CI, where a skip is a failure.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const lane = join('.lanes', 'readers')
const python = join(lane, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
const packages = ['fastavro==1.13.1']

const run = (command, args, options = {}) =>
  spawnSync(command, args, { stdio: 'inherit', ...options }).status === 0

function install() {
  if (
    existsSync(python) &&
    run(python, ['-c', 'import fastavro; assert fastavro.__version__ == "1.13.1"'], { stdio: 'ignore' })
  )
    return true
  mkdirSync('.lanes', { recursive: true })
  return run('python3', ['-m', 'venv', lane]) && run(python, ['-m', 'pip', 'install', '--quiet', ...packages])
}

if (install()) {
  const vitest = join('node_modules', 'vitest', 'vitest.mjs')
  const reporters = process.env.CI
    ? ['--reporter=default', '--reporter=json', '--outputFile.json=.lanes/readers.json']
    : []
  const passed = run(process.execPath, [vitest, 'run', '--project', 'readers', ...reporters], {
    env: { ...process.env, READERS_PYTHON: python },
  })
  process.exitCode = passed ? 0 : 1
} else {
  console.error(
    'skipped the readers lane: it needs Python 3 with venv, and a package index that serves',
    packages.join(' '),
  )
  process.exitCode = process.env.CI ? 1 : 0
}
