import { startBridge } from '../../src/local/bridge.ts'
import { systemRuntime } from '../../src/runtime.ts'

// A bridge in a process of its own, to be killed; it says when it has passed something on: `{table} {its endpoint} {stream} {its endpoint} {folder}`.
const [table, tableEndpoint, stream, streamEndpoint, folder] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
]
const region = 'us-east-1'
const bridge = await startBridge({
  from: { table, endpoint: tableEndpoint, region },
  to: { stream, endpoint: streamEndpoint, region },
  folder,
  runtime: systemRuntime(),
  readGapMs: 10,
})
setInterval(() => {
  if (bridge.status().records > 0) process.stdout.write('passed on\n')
}, 5)
