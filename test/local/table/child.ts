import { writeSync } from 'node:fs'
import fs, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { openEmbeddedTable } from '../../../src/local/table/embedded.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { runScript, scriptOf } from './script.ts'

/**
 * What other processes do in the tests of the embedded table, saying the number of each acknowledged step:
 *
 * - `run {folder} {seed} {steps} {point}`: a script, killed when it is about to do its nth write to the disk, half done.
 * - `fill {folder} {seed}`: a script on a disk that is soon full; then says how it ended.
 */
const [mode, folder, seed, ...rest] = process.argv.slice(2) as [string, string, string, ...string[]]

let writes = 0
const killAt = mode === 'run' ? Number(rest[1]) : 0
if (killAt > 0) watchWrites()

const options = { segmentBytesMax: 20_000, snapshotAfterBytes: 15_000, tailBytesMax: 10_000, shards: 2 }
const opened = await openEmbeddedTable({
  folder,
  runtime: systemRuntime(),
  ...(mode === 'run' ? options : { shards: 2 }),
})
const say = (n: number) => writeSync(1, `ack ${n}\n`)
if (mode === 'run') {
  await runScript(opened, scriptOf(Number(seed), Number(rest[0])), say)
  await opened.close()
} else {
  try {
    await runScript(
      { ...opened, sweep: async () => ({ expired: 0, dropped: 0, isSnapshotMade: false }) },
      scriptOf(Number(seed), 3000),
      say,
    )
    writeSync(1, 'never full\n')
  } catch (error) {
    writeSync(
      1,
      `full ${JSON.stringify({ code: (error as { code: string }).code, message: (error as Error).message })}\n`,
    )
  }
  // Once more: a failure must not leave the table in a state where the next one lies.
  const again = await opened.table.put(scriptOf(1, 50).find(({ item }) => item)!.item!).then(
    () => 'ok',
    (error: { code: string }) => error.code,
  )
  writeSync(1, `again ${again}\n`)
}
process.exit(0)

/** Puts a kill before every call that changes the disk; of a write, half is done. */
function watchWrites(): void {
  const before = () => {
    writes += 1
    if (writes === killAt) process.kill(process.pid, 'SIGKILL')
  }
  for (const call of ['rename', 'rm'] as const) {
    const real = fs[call] as (...args: unknown[]) => Promise<unknown>
    const watched = async (...args: unknown[]) => {
      before()
      return real(...args)
    }
    Object.assign(fs, { [call]: watched })
  }
  const { open } = fs
  const watchHandle = (handle: FileHandle) => {
    const { writeFile, datasync, sync, truncate } = handle
    const write = handle.write.bind(handle)
    return Object.assign(handle, {
      async write(bytes: Uint8Array, from: number, length: number, offset: number) {
        await write(bytes, from, length >> 1, offset)
        before()
        return write(bytes, from, length, offset)
      },
      async writeFile(bytes: Uint8Array) {
        before()
        return writeFile.call(handle, bytes)
      },
      async datasync() {
        before()
        return datasync.call(handle)
      },
      async sync() {
        before()
        return sync.call(handle)
      },
      async truncate(length: number) {
        before()
        return truncate.call(handle, length)
      },
    })
  }
  const opened: typeof open = async (path, flags, mode) => {
    const handle = await open(path, flags, mode)
    return String(path).includes('.dmd') ? handle : watchHandle(handle)
  }
  Object.assign(fs, { open: opened })
  syncBuiltinESMExports()
}
