// What the lanes that start servers share.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url))
/** Where lanes install what they need. */
export const lanes = join(root, '.lanes')
const startWaitMs = 60_000

/** Whether a command ran and ended well; it speaks through unless `options` say otherwise. */
export const runs = (command, args, options = {}) =>
  spawnSync(command, args, { stdio: 'inherit', ...options }).status === 0

export const quiet = { stdio: 'ignore' }

/** Those of `tools`, each a command with arguments that make it end well where it is there, that are missing. */
export const findMissing = (tools) =>
  tools.filter(([tool, args]) => !runs(tool, args, quiet)).map(([tool]) => tool)

/** They end with this process, as does what they were given, whatever ends it. */
const children = []
const folders = []
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

/** An empty folder that is gone after this process. */
export function makeFolder(prefix) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), prefix)))
  folders.push(folder)
  return folder
}

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

/** Starts a server over HTTP and waits until it answers; gives its endpoint. It ends with this process. */
export async function startServer(name, command, toArgs, env = {}) {
  const port = await freePort()
  const child = spawn(command, toArgs(port), { stdio: 'ignore', env: { ...process.env, ...env } })
  children.push(child)
  let failure
  child.once('error', (error) => {
    failure = error
  })
  const endpoint = `http://127.0.0.1:${port}`
  const untilMs = Date.now() + startWaitMs
  while (Date.now() < untilMs && child.exitCode === null && !failure) {
    if (await fetch(endpoint).catch(() => undefined)) return endpoint
    await sleep(100)
  }
  throw new Error(`${name} did not start`, { cause: failure })
}

/** Runs the tests of a lane, and gives what the process is to end with. Under CI they leave `.lanes/{name}.json`. */
export async function runTests(name, env) {
  const reporters = process.env.CI
    ? ['--reporter=default', '--reporter=json', `--outputFile.json=.lanes/${name}.json`]
    : []
  const vitest = join('node_modules', 'vitest', 'vitest.mjs')
  const args = [vitest, 'run', '--project', name, ...reporters, ...process.argv.slice(2)]
  const child = spawn(process.execPath, args, {
    stdio: 'inherit',
    cwd: root,
    env: { ...process.env, ...env },
  })
  children.push(child)
  return await new Promise((done) => child.on('close', (code) => done(code ?? 1)))
}
