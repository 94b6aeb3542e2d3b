import { writeSync } from 'node:fs'
import { openEmbeddedTable } from '../../../src/local/table/embedded.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { startCapture } from '../../../src/sample/capture.ts'

// `{folder} {sweepMs}`: the API in a process of its own, to be killed, or to run out of disk. Says its address.
const [folder, sweepMs] = process.argv.slice(2) as [string, string]
const opened = await openEmbeddedTable({ folder, runtime: systemRuntime(), walBytesMax: 100_000 })
const running = await startCapture({ table: opened.table, runtime: systemRuntime() })
setInterval(() => void opened.sweep(), Number(sweepMs))
writeSync(1, `${running.url}\n`)
