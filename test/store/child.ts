import fs, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { systemRuntime } from '../../src/runtime.ts'
import { replaceFile } from '../../src/store/atomic-file.ts'
import { openDirectoryStore } from '../../src/store/directory.ts'
import { withLock } from '../../src/store/scratch.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { increment } from '../contract/increment.ts'
import { prepare, type Step, sealed, steps } from './steps.ts'

/**
 * What other processes do in the tests of the directory store:
 *
 * - `create {root} {key} {label}`: says `ready`, waits for a line, creates, says the outcome.
 * - `count {root} {key} {steps}`: the same, incrementing.
 * - `write {root} {seed}`: puts and deletes for ever, and says each change that is done.
 * - `hold {root} {lock}`: takes a lock, says `held`, and never gives it back.
 * - `crash {root} {step} {point}`: does one step, and is killed when it is about to do its nth write to the disk.
 * - `fail {root} {step}`: does it in the archive `{root}/{n}`, where its nth write fails for want of space, from 1 on
 *   until none fails. Says each time how it ended.
 * - `trace {root} {step}`: does one step, and says all its writes to the disk.
 * - `replace {root} {kill|fail|trace} {point}`: replaces the file `{root}/file` durably, and is killed before its nth write,
 *   or that write fails. Says how it ended and all its writes.
 */
const [mode, root, ...rest] = process.argv.slice(2) as [string, string, ...string[]]

export type Write = { readonly call: string; readonly path: string }
export type Failed = {
  readonly error?: { readonly code: string; readonly message: string; readonly cause: string }
  /** The call that failed; undefined when the step made fewer. */
  readonly failed?: string
}

const writes: Write[] = []
let killAt = 0
let failAt = 0

await run()
process.exit(0)

async function run(): Promise<void> {
  if (mode === 'hold') return hold(rest[0]!)
  if (mode === 'fail') return fail(rest[0] as Step)
  if (mode === 'replace') return replace(rest[0]!, Number(rest[1]))
  if (mode === 'crash' || mode === 'trace') return step(rest[0] as Step, Number(rest[1]))
  const store = await openDirectoryStore(root)
  if (mode === 'write') return write(store, Number(rest[0]))
  say('ready')
  await new Promise((resolve) => process.stdin.once('data', resolve))
  if (mode === 'create') {
    const put = await store.put(rest[0]!, sealed(rest[1]!), { condition: { ifAbsent: true } })
    return say(put.outcome)
  }
  for (let count = 0; count < Number(rest[1]); count++) await increment(store, rest[0]!)
  say('counted')
}

function hold(name: string): Promise<void> {
  const scratch = { tmp: join(root, '.dmd/tmp'), locks: join(root, '.dmd/locks') }
  return withLock(
    scratch,
    { name, key: name, waitMs: 0, sleep: systemRuntime().sleep, signal: undefined },
    () => {
      say('held')
      return new Promise(() => setInterval(() => undefined, 1000))
    },
  )
}

async function write(store: ObjectStore, seed: number): Promise<void> {
  let state = seed
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  for (let version = seed * 1_000_000; ; version++) {
    const size = random(4) === 0 ? random(300_000) : random(2_000)
    const [kept, again, gone] = [`data/p=${random(3)}/${version}`, `again/${random(4)}`, `gone/${version}`]
    await store.put(kept, sealed(String(version), size), { condition: { ifAbsent: true } })
    say(`kept ${kept} ${version}`)
    await store.put(again, sealed(String(version), size))
    say(`again ${again} ${version}`)
    await store.put(gone, sealed(String(version)))
    await store.delete(gone)
    say(`gone ${gone} ${version}`)
  }
}

async function step(name: Step, point: number): Promise<void> {
  watchWrites()
  if (mode === 'crash') killAt = point
  const store = await openDirectoryStore(root)
  await steps[name](store)
  say(JSON.stringify(writes))
}

async function replace(fault: string, point: number): Promise<void> {
  watchWrites()
  if (fault === 'kill') killAt = point
  if (fault === 'fail') failAt = point
  const error = await replaceFile(join(root, 'file'), sealed('new'), { isDurable: true }).then(
    () => undefined,
    (caught) => caught.code,
  )
  say(JSON.stringify({ error, writes }))
}

async function fail(name: Step): Promise<void> {
  watchWrites()
  for (let point = 1; ; point++) {
    failAt = 0
    const store = await openDirectoryStore(join(root, String(point)))
    await prepare(store)
    failAt = writes.length + point
    const error = await steps[name](store).then(
      () => undefined,
      (caught) => ({ code: caught.code, message: caught.message, cause: caught.cause?.code }),
    )
    const failed = writes[failAt - 1]
    const ended: Failed = { ...(error && { error }), ...(failed && { failed: failed.call }) }
    say(JSON.stringify(ended))
    if (failed === undefined) return
  }
}

/** Puts a counter, a kill and a fault before every call that changes the disk. */
function watchWrites(): void {
  const before = (call: string, path: unknown) => {
    writes.push({ call, path: String(path) })
    if (writes.length === killAt) process.kill(process.pid, 'SIGKILL')
    if (writes.length === failAt)
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', syscall: call })
  }
  for (const call of ['mkdir', 'rmdir', 'unlink', 'rm', 'link', 'rename'] as const) {
    const real = fs[call] as (...args: unknown[]) => Promise<unknown>
    const watched = async (...args: unknown[]) => {
      // The last text is the name that is made or goes: `link` and `rename` take two.
      before(
        call,
        args.findLast((arg) => typeof arg === 'string'),
      )
      return real(...args)
    }
    Object.assign(fs, { [call]: watched })
  }
  const { open } = fs
  const watchHandle = (handle: FileHandle, path: unknown) => {
    const { writeFile, sync } = handle
    return Object.assign(handle, {
      async writeFile(bytes: Uint8Array) {
        // The kill or fault comes when half of the bytes are written.
        const half = bytes.length >> 1
        await handle.write(bytes, 0, half, null)
        before('writeFile', path)
        await writeFile.call(handle, bytes.subarray(half))
      },
      async sync() {
        before('sync', path)
        await sync.call(handle)
      },
    })
  }
  const opened: typeof open = async (path, flags) => {
    if (flags === 'wx' || flags === 'w') before('open', path)
    return watchHandle(await open(path, flags), path)
  }
  Object.assign(fs, { open: opened })
  syncBuiltinESMExports()
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
