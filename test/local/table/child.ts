import { writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { openEmbeddedTable } from '../../../src/local/table/embedded.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { runScript, scriptOf } from './script.ts'
import { countCall, killAtCall } from './sqlite.ts'

/**
 * What other processes do in the tests of the embedded table, saying the number of each acknowledged step:
 *
 * - `run {folder} {seed} {steps} {point}`: a script, killed when it is about to call the database or a sync for the nth time.
 * - `fill {folder} {seed}`: a script on a disk that is soon full; then says how it ended.
 */
const [mode, folder, seed, ...rest] = process.argv.slice(2) as [string, string, string, ...string[]]

if (mode === 'run') {
  await countSyncs()
  killAtCall(Number(rest[1]))
}

const options = { walBytesMax: 40_000, shards: 2 }
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
      { ...opened, sweep: async () => ({ expired: 0, dropped: 0 }) },
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

/** Lets the syncs count as calls. */
async function countSyncs(): Promise<void> {
  const file = await open(tmpdir())
  const handle = Object.getPrototypeOf(file)
  await file.close()
  for (const name of ['datasync', 'sync']) {
    const real = handle[name]
    handle[name] = function counted(this: unknown) {
      countCall()
      return real.call(this)
    }
  }
}
