// The function as it is zipped, in a process of its own: takes the events in the folder that it is given, so many rounds, and
// tells what each round cost. What it logs is counted and goes nowhere.
//   worker.mjs FOLDER ROUNDS    FOLDER holds an event a file
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [, , folder, rounds] = process.argv
const files = readdirSync(folder)
  .sort()
  .map((name) => join(folder, name))

let logBytes = 0
let logLines = 0
for (const output of [process.stdout, process.stderr]) {
  const write = output.write.bind(output)
  output.write = (chunk, ...rest) => {
    logBytes += Buffer.byteLength(chunk)
    logLines += String(chunk).split('\n').length - 1
    return write(chunk, ...rest)
  }
}

const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
const { handler } = await import(pathToFileURL(resolve('dist/lambda.mjs')).href)
const loadCpuMs = cpuMs()

const requestId = '8476a536-e9f4-11e8-9739-2dfe598c3fcd'
const context = {
  functionName: 'dmd-deliveryWorker',
  functionVersion: '$LATEST',
  memoryLimitInMB: '1024',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:dmd-deliveryWorker',
  awsRequestId: requestId,
  getRemainingTimeInMillis: () => 60_000,
}
// Not `maxRSS`: a process that was forked begins with what its parent held.
let rssMost = 0

/** Parses the text, as the runtime does, and delivers; the CPU time that this took. Reading the file is not in it. */
async function deliver(file) {
  const text = readFileSync(file, 'utf8')
  const before = cpuMs()
  await handler(JSON.parse(text), context)
  const spentMs = cpuMs() - before
  rssMost = Math.max(rssMost, process.memoryUsage.rss())
  return spentMs
}

const firstCpuMs = await deliver(files[0])
logBytes = 0
logLines = 0

const perBatchMs = []
for (let round = 0; round < Number(rounds); round++) {
  let spentMs = 0
  for (const file of files) spentMs += await deliver(file)
  perBatchMs.push(spentMs / files.length)
}
const batches = files.length * Number(rounds)
const rssMb = rssMost / 2 ** 20
process.send({
  loadCpuMs,
  firstCpuMs,
  perBatchMs,
  logBytes: logBytes / batches,
  logLines: logLines / batches,
  rssMb,
})
process.disconnect()
